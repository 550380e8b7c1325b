package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/internal/redisconf"
	"github.com/raftredis/raftredis/internal/setting"
)

// ReadFile reads a configuration file in the syntax of redis.conf: one setting a line. A setting that the command line
// has given keeps its value; otherwise the last line wins. Unknown lines are errors: a silently ignored setting is
// worse.
func (c *Config) ReadFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return exit.WrongUsage("serve", "serve: %q is no flag, and no configuration file that can be read (%v): values "+
			"follow their flag, as in --port 6379", path, err)
	}
	if c.file, err = filepath.Abs(path); err != nil {
		return err
	}
	directives, err := redisconf.Parse(string(text))
	if err != nil {
		return fileError(path, err.Error())
	}
	read := map[*setting.Row][]string{}
	for _, line := range directives {
		row := c.find(line.Name)
		switch {
		case row == nil:
			return fileError(path, fmt.Sprintf("line %d: unknown setting %q%s", line.Line, line.Name, c.suggestion(line.Name)))
		case c.given[row]:
			continue
		}
		if _, repeats := row.Value.(*setting.List); repeats {
			read[row] = append(read[row], line.Args...)
		} else {
			read[row] = line.Args
		}
		if problem := assign(row, line.Name, read[row]); problem != "" {
			return fileError(path, fmt.Sprintf("line %d: %s", line.Line, problem))
		}
	}
	for row := range read {
		c.given[row] = true
	}
	return nil
}

// fileError is a wrong file, which never works as it is.
func fileError(path, problem string) error {
	return &exit.UsageError{Text: fmt.Sprintf("%s: %s", path, problem)}
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
