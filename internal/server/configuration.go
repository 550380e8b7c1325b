package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/internal/redisconf"
	"github.com/raftredis/raftredis/resp"
)

// configuration is a file in the syntax of redis.conf. What is a flag's name in it counts as that flag, unless the
// command line has it; everything else is a parameter of CONFIG SET. Nothing is passed over: a line that has no effect
// would be believed in.
type configuration struct {
	// path is absolute; empty if there is no file.
	path string
	// parameters are the lines that are no flags, flags the names of all that there are.
	parameters []redisconf.Directive
	flags      []string
}

// settingPrefix stands before names of CONFIG GET that are ours; flags go without.
const settingPrefix = "raft."

// ReadFile reads the file that stood among the flags, if one did.
func ReadFile(flags *pflag.FlagSet, args []string) (configuration, error) {
	var c configuration
	switch len(args) {
	case 0:
		return c, nil
	case 1:
		return c, c.read(flags, args[0])
	}
	return c, exit.WrongUsage(flags.Name(), "%s: %q and %q: there is one configuration file at most, and values follow their "+
		"flag, as in --port 6379", flags.Name(), args[0], args[1])
}

func (c *configuration) read(flags *pflag.FlagSet, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return exit.WrongUsage(flags.Name(), "%s: %q is no flag, and no configuration file that can be read (%v): values follow "+
			"their flag, as in --port 6379", flags.Name(), path, err)
	}
	if c.path, err = filepath.Abs(path); err != nil {
		return err
	}
	directives, err := redisconf.Parse(string(text))
	if err != nil {
		return &exit.UsageError{Text: fmt.Sprintf("%s: %v", path, err)}
	}
	c.flags = cli.ShownFlags(flags)
	given := map[string]bool{}
	flags.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	for _, d := range directives {
		f := flags.Lookup(strings.TrimPrefix(d.Name, settingPrefix))
		if f == nil {
			c.parameters = append(c.parameters, d)
			continue
		}
		if given[f.Name] {
			continue
		}
		if err := setFlag(flags, f, d.Args); err != nil {
			return &exit.UsageError{Text: fmt.Sprintf("%s: line %d: %s: %v", path, d.Line, d.Name, fileError(f, d.Args, err))}
		}
	}
	return nil
}

// fileError is why a flag does not take what a file gives it, in the words of the command line.
func fileError(f *pflag.Flag, values []string, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return cli.ValueError(f, strings.Join(values, " "), invalid.Unwrap())
	}
	return err
}

// setFlag sets a flag as a file has it: yes or no for a switch, and any number of values where a flag may be repeated.
func setFlag(flags *pflag.FlagSet, f *pflag.Flag, values []string) error {
	_, repeats := f.Value.(pflag.SliceValue)
	if len(values) != 1 && !repeats || len(values) == 0 {
		return fmt.Errorf("%d values, where there is one", len(values))
	}
	for _, value := range values {
		if f.Value.Type() == "bool" {
			truth, known := map[string]string{"yes": "true", "no": "false"}[strings.ToLower(value)]
			if !known {
				return fmt.Errorf("%q is neither yes nor no", value)
			}
			value = truth
		}
		if err := flags.Set(f.Name, value); err != nil {
			return err
		}
	}
	return nil
}

// judge finds what is wrong with the parameters that are no flags, before anything is opened.
func (c *configuration) judge(front resp.Options) error {
	for _, d := range c.parameters {
		if err := front.Judge(d.Name, strings.Join(d.Args, " ")); err != nil {
			return &exit.UsageError{Text: fmt.Sprintf("%s: line %d: %v", c.path, d.Line, c.near(d.Name, err))}
		}
	}
	return nil
}

// near adds to the error of a name that is none the flag that was probably meant.
func (c *configuration) near(name string, err error) error {
	best := cli.Nearest(strings.TrimPrefix(name, settingPrefix), c.flags)
	if best == "" || !strings.Contains(err.Error(), "there is no parameter") {
		return err
	}
	return fmt.Errorf("%w; did you mean %s?", err, best)
}

// apply sets the parameters that are no flags.
func (c *configuration) apply(front *resp.Server) error {
	for _, d := range c.parameters {
		if err := front.Configure(d.Name, strings.Join(d.Args, " ")); err != nil {
			return &exit.UsageError{Text: fmt.Sprintf("%s: line %d: %v", c.path, d.Line, err)}
		}
	}
	return nil
}
