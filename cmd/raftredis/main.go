package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/exit"
)

// streams are where a subcommand writes: out is for what was asked for, err for everything else.
type streams struct{ out, err io.Writer }

func main() {
	os.Exit(run(os.Args[1:], streams{os.Stdout, os.Stderr}))
}

// run does what the arguments ask for and returns the exit code.
func run(args []string, to streams) int {
	err := dispatch(args, to)
	if err == nil {
		return exit.OK
	}
	fmt.Fprintln(to.err, "raftredis:", err)
	var usage *exit.UsageError
	if errors.As(err, &usage) && usage.Hint != "" {
		fmt.Fprintln(to.err, usage.Hint)
	}
	return exit.Code(err)
}

func dispatch(args []string, to streams) error {
	if len(args) == 0 {
		return &exit.UsageError{Text: "a subcommand is missing", Hint: overview()}
	}
	switch args[0] {
	case "-h", "--help":
		args = []string{"help"}
	case "-v", "--version":
		args = []string{"version"}
	}
	s := findSubcommand(args[0])
	if s == nil {
		return unknown("subcommand", args[0], names(subcommands()))
	}
	flags, work := s.prepare()
	rest, err := parse(s, flags, args[1:])
	if errors.Is(err, pflag.ErrHelp) {
		return s.explain(to.out, flags)
	}
	if err != nil {
		return err
	}
	return work(rest, to)
}
