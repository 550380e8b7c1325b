package server

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/internal/redisconf"
	"github.com/raftredis/raftredis/internal/setting"
)

// ReadFile reads a configuration file in the syntax of redis.conf: one setting a line. A setting that the command line
// has given keeps its value; otherwise the last line wins. The error names all wrong lines at once. Unknown lines are
// wrong: a silently ignored setting is worse. Settings of Redis that have no meaning here are noted for the log.
func (c *Config) ReadFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return exit.WrongUsage("serve", "serve: %q is no flag, and no configuration file that can be read (%v): values "+
			"follow their flag, as in --port 6379", path, err)
	}
	if c.file, err = filepath.Abs(path); err != nil {
		return err
	}
	directives, problems := redisconf.Parse(string(text))
	read := map[*setting.Row][]string{}
	for _, line := range directives {
		if problem := c.readLine(line, read); problem != "" {
			problems = append(problems, fmt.Sprintf("line %d: %s", line.Line, problem))
		}
	}
	for row := range read {
		c.given[row] = true
	}
	if len(problems) > 0 {
		return fileError(path, problems)
	}
	return nil
}

// readLine puts a line in force, or says what is wrong with it. read has the arguments so far of each setting.
func (c *Config) readLine(line redisconf.Directive, read map[*setting.Row][]string) (problem string) {
	row := c.find(line.Name)
	if row != nil && c.given[row] {
		return ""
	}
	if reason := refusal(line.Name, line.Args); reason != "" {
		return fmt.Sprintf("%s %s: %s", line.Name, strings.Join(line.Args, " "), reason)
	}
	switch {
	case knownToRedis(line.Name):
		if !slices.Contains(c.unused, line.Name) {
			c.unused = append(c.unused, line.Name)
		}
		return ""
	case row == nil:
		return fmt.Sprintf("unknown setting %q%s", line.Name, c.suggestion(line.Name))
	}
	args := line.Args
	if list, repeats := row.Value.(*setting.List); repeats && !list.Replace {
		args = append(read[row], line.Args...)
	}
	read[row] = args
	return assign(row, line.Name, args)
}

// fileError is a wrong file, which never works as it is.
func fileError(path string, problems []string) error {
	text := strings.Join(problems, "\n  ")
	if len(problems) > 1 {
		text = fmt.Sprintf("%d lines are wrong\n  %s", len(problems), text)
	}
	return &exit.UsageError{Text: fmt.Sprintf("%s: %s", path, text)}
}

// find is the setting that a line is about, or nil.
func (c *Config) find(name string) *setting.Row {
	for _, row := range c.rows {
		if row.Answers(name) {
			return row
		}
	}
	return nil
}

// suggestion names the setting that was probably meant, if one is near.
func (c *Config) suggestion(name string) string {
	var names []string
	for _, row := range c.rows {
		if !row.Hidden {
			names = append(names, strings.TrimPrefix(row.Name, "raft."))
		}
	}
	if best := cli.Nearest(strings.TrimPrefix(name, "raft."), names); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}

// assign gives a setting the arguments of a line, which calls it name, or says what is wrong with them.
func assign(row *setting.Row, name string, args []string) (problem string) {
	_, many := row.Value.(interface{ Words() []string })
	if len(args) != 1 && row.Flag != "" && !many || len(args) == 0 {
		return fmt.Sprintf("%s has %d values; it takes one", name, len(args))
	}
	apply, refused := row.Value.Parse(strings.Join(args, " "))
	if refused != nil {
		return refused.Of(name)
	}
	apply()
	return ""
}
