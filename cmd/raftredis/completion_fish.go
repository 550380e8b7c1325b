package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/raftredis/raftredis/internal/server"
)

func writeFish(out io.Writer, all []completed) error {
	var b strings.Builder
	b.WriteString("# completion of raftredis in fish; made by: raftredis completion fish\ncomplete -c raftredis -f\n")
	for i := range all {
		fmt.Fprintf(&b, "complete -c raftredis -n __fish_use_subcommand -a %s -d %s\n",
			all[i].name, quoted(gist(all[i].summary)))
	}
	for i := range all {
		c := &all[i]
		seen := fmt.Sprintf("complete -c raftredis -n '__fish_seen_subcommand_from %s'", c.name)
		if c.name == "help" { // its arguments are names of subcommands
			seen = "complete -c raftredis -n 'test (count (commandline -opc)) -eq 2; and __fish_seen_subcommand_from help'"
		}
		for _, f := range c.flags {
			fmt.Fprintf(&b, "%s -l %s%s -d %s\n", seen, f.name, fishValue(&f), quoted(f.summary))
		}
		switch {
		case c.files:
			fmt.Fprintf(&b, "%s -F\n", seen)
		case len(c.arguments) > 0:
			fmt.Fprintf(&b, "%s -a %s\n", seen, quoted(strings.Join(c.arguments, " ")))
		}
	}
	return writeAll(out, &b)
}

// fishValue says what follows a flag.
func fishValue(f *completedFlag) string {
	switch {
	case len(f.choices) > 0:
		return " -x -a " + quoted(strings.Join(f.choices, " "))
	case f.kind == server.ValueDirectory:
		return " -x -a '(__fish_complete_directories)'"
	case f.kind == server.ValueFile:
		return " -r -F"
	case f.takes:
		return " -x"
	}
	return ""
}
