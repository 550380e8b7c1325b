package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// streams are where a subcommand writes: out is for what was asked for, err for everything else.
type streams struct{ out, err io.Writer }

// subcommand is one thing that the binary can do.
type subcommand struct {
	name, summary string
	run           func(args []string, to streams) error
}

func subcommands() []subcommand {
	return []subcommand{
		{"serve", "run one node", serve},
		{"playground", "run a cluster on this machine, to play with", playground},
		{"inspect", "show what is in the directory of a node", inspect},
		{"version", "say what was built", version},
		{"help", "explain a subcommand, or exit-codes", help},
	}
}

func main() {
	os.Exit(run(os.Args[1:], streams{os.Stdout, os.Stderr}))
}

// run does what the arguments ask for and returns the exit code.
func run(args []string, to streams) int {
	err := dispatch(args, to)
	if err == nil || errors.Is(err, pflag.ErrHelp) {
		return exitOK
	}
	fmt.Fprintln(to.err, "raftredis:", err)
	var usage *usageError
	if errors.As(err, &usage) && usage.hint != "" {
		fmt.Fprintln(to.err, usage.hint)
	}
	return exitCode(err)
}

func dispatch(args []string, to streams) error {
	if len(args) == 0 {
		return &usageError{"a subcommand is missing", overview()}
	}
	switch args[0] {
	case "-h", "--help":
		return help(nil, to)
	case "-v", "--version":
		return version(nil, to)
	}
	for _, s := range subcommands() {
		if s.name == args[0] {
			return s.run(args[1:], to)
		}
	}
	return unknown("subcommand", args[0])
}

func help(args []string, to streams) error {
	switch {
	case len(args) == 0:
		_, err := io.WriteString(to.out, overview())
		return err
	case args[0] == "exit-codes":
		_, err := io.WriteString(to.out, exitCodesHelp)
		return err
	}
	for _, s := range subcommands() {
		if s.name == args[0] && s.name != "help" {
			return s.run([]string{"--help"}, to)
		}
	}
	return unknown("topic", args[0])
}

func overview() string {
	var b strings.Builder
	b.WriteString("A strongly consistent Redis: every acknowledged write is on the disks of a majority.\n\n" +
		"Usage: raftredis SUBCOMMAND [flags]\n\n")
	for _, s := range subcommands() {
		fmt.Fprintf(&b, "  %-12s%s\n", s.name, s.summary)
	}
	b.WriteString(`
Three nodes on this machine, clients on 7001, 7002 and 7003:

  raftredis playground

One node, and a cluster of three:

  raftredis serve --port 6379 --dir data --bootstrap
  raftredis help serve

`)
	return b.String()
}

// unknown is the error for a name that does not exist, with the nearest one that does.
func unknown(kind, name string) error {
	const farthest = 3
	best, distance := "", farthest+1
	for _, s := range subcommands() {
		if d := editDistance(name, s.name); d < distance {
			best, distance = s.name, d
		}
	}
	hint := overview()
	if best != "" {
		hint = "did you mean: raftredis " + best
	}
	return &usageError{fmt.Sprintf("unknown %s %q", kind, name), hint}
}

// editDistance is how many characters have to be inserted, removed or replaced to make one word the other.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// newFlags makes the flags of a subcommand; intro is what its help says before it lists them.
func newFlags(name, intro string, to streams) *pflag.FlagSet {
	flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
	flags.SortFlags = false
	flags.Usage = func() { fmt.Fprintf(to.out, "%s\nFlags:\n%s", intro, flags.FlagUsagesWrapped(helpColumns)) }
	return flags
}

// helpColumns is how wide the list of flags may be.
const helpColumns = 100

// parse reads the flags. What is left over is an error: no subcommand but serve takes anything else.
func parse(flags *pflag.FlagSet, args []string) error {
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return wrongUsage(flags.Name(), "%s: %q is no flag: values follow their flag, as in --port 6379",
			flags.Name(), flags.Arg(0))
	}
	return nil
}

// parseFlags reads the flags, and leaves what is none to its caller.
func parseFlags(flags *pflag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if err == nil || errors.Is(err, pflag.ErrHelp) {
		return err
	}
	return wrongUsage(flags.Name(), "%s: %v", flags.Name(), err)
}
