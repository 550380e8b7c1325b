package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/internal/server"
)

// subcommand is one thing that the binary can do. Help, completion and tests read the same table as main.
type subcommand struct {
	name, summary string
	// intro is what its help says before it lists the flags.
	intro string
	// arguments is what may follow the flags, as in FILE; empty if nothing may.
	arguments string
	// choices are the arguments that there are to choose from, if there are any.
	choices func() []string
	// define defines the flags, and returns what does the work when they are read.
	define func(flags *pflag.FlagSet) work
}

// work does what a subcommand is for; args is what followed the flags.
type work func(args []string, to streams) error

func subcommands() []subcommand {
	return []subcommand{
		{name: "serve", summary: "run one node", intro: serveIntro, arguments: "[FILE]", define: serveCommand},
		{
			name: "playground", summary: "run a cluster on this machine, to play with", intro: playgroundIntro,
			define: playgroundCommand,
		},
		{name: "inspect", summary: "show what is in the directory of a node", intro: inspectIntro, define: inspectCommand},
		{name: "version", summary: "say what was built", intro: versionIntro, define: versionCommand},
		{
			name: "completion", summary: "print what makes a shell complete command lines", intro: completionIntro,
			arguments: "SHELL", choices: shells, define: completionCommand,
		},
		{
			name: "help", summary: "explain a subcommand or a topic", intro: helpIntro, arguments: "[NAME]",
			choices: explained, define: helpCommand,
		},
	}
}

// findSubcommand is the one of that name, or nil.
func findSubcommand(name string) *subcommand {
	for _, s := range subcommands() {
		if s.name == name {
			return &s
		}
	}
	return nil
}

func names(all []subcommand) []string {
	var list []string
	for _, s := range all {
		list = append(list, s.name)
	}
	return list
}

// prepare makes the flags of a subcommand, in the order in which they were defined.
func (s *subcommand) prepare() (*pflag.FlagSet, work) {
	flags := pflag.NewFlagSet(s.name, pflag.ContinueOnError)
	flags.SortFlags = false
	flags.Usage = func() {} // explain says more than it could
	return flags, s.define(flags)
}

// explain writes the help of a subcommand.
func (s *subcommand) explain(out io.Writer, flags *pflag.FlagSet) error {
	usage := "raftredis " + s.name
	if flags.HasAvailableFlags() {
		usage += " [flags]"
	}
	if s.arguments != "" {
		usage += " " + s.arguments
	}
	_, err := fmt.Fprintf(out, "Usage: %s\n\n%s%s", usage, s.intro, flagsHelp(flags))
	return err
}

// parse reads the flags, and returns what is left over; for most subcommands that is an error.
func parse(s *subcommand, flags *pflag.FlagSet, args []string) ([]string, error) {
	err := flags.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return nil, err
	case err != nil:
		return nil, flagError(flags, err)
	case s.arguments == "" && flags.NArg() > 0:
		return nil, exit.WrongUsage(s.name, "%s: %q is no flag: values follow their flag, as in --port 6379", s.name, flags.Arg(0))
	}
	return flags.Args(), nil
}

// flagError says what is wrong with a flag, in words that tell what to do.
func flagError(flags *pflag.FlagSet, err error) error {
	var missing *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch name := flags.Name(); {
	case errors.As(err, &missing):
		return unknownFlag(flags, missing)
	case errors.As(err, &bare):
		f := bare.GetFlag()
		kind, _ := pflag.UnquoteUsage(f)
		return exit.WrongUsage(name, "%s: --%s needs a value: --%s %s", name, f.Name, f.Name, strings.ToUpper(kind))
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		return exit.WrongUsage(name, "%s: --%s: %v", name, f.Name, server.ValueError(f, invalid.GetValue(), invalid.Unwrap()))
	default:
		return exit.WrongUsage(name, "%s: %v", name, err)
	}
}

// unknownFlag names the flag that was probably meant.
func unknownFlag(flags *pflag.FlagSet, missing *pflag.NotExistError) error {
	name := missing.GetSpecifiedName()
	if letters := missing.GetSpecifiedShortnames(); letters != "" {
		return exit.WrongUsage(flags.Name(), "%s: unknown flag: -%s; flags have two dashes, as in --port", flags.Name(), letters)
	}
	text := fmt.Sprintf("%s: unknown flag: --%s", flags.Name(), name)
	if best := server.Nearest(name, server.ShownFlags(flags)); best != "" {
		return exit.WrongUsage(flags.Name(), "%s; did you mean --%s?", text, best)
	}
	return exit.WrongUsage(flags.Name(), "%s", text)
}

// unknown is the error for a name that does not exist, with the nearest one that does.
func unknown(kind, name string, names []string) error {
	before, hint := "", overview()
	if kind == "topic" {
		before = "help "
	}
	if best := server.Nearest(name, names); best != "" {
		hint = "did you mean: raftredis " + before + best
	}
	return &exit.UsageError{Text: fmt.Sprintf("unknown %s %q", kind, name), Hint: hint}
}
