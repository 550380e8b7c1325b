package main

import (
	"fmt"
	"io"

	"github.com/spf13/pflag"
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
		{name: "serve", summary: "run one node", intro: serveIntro, arguments: "[FILE]", define: serve},
		{
			name: "playground", summary: "run a cluster on this machine, to play with", intro: playgroundIntro,
			define: playground,
		},
		{name: "inspect", summary: "show what is in the directory of a node", intro: inspectIntro, define: inspect},
		{name: "version", summary: "say what was built", intro: versionIntro, define: version},
		{
			name: "completion", summary: "print what makes a shell complete command lines", intro: completionIntro,
			arguments: "SHELL", choices: shells, define: completion,
		},
		{
			name: "help", summary: "explain a subcommand or a topic", intro: helpIntro, arguments: "[NAME]",
			choices: explained, define: help,
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
