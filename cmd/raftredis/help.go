package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/exit"
)

const helpIntro = `Explains a subcommand, or a topic; help topics lists the topics.

  raftredis help serve
  raftredis help topics
  raftredis help getting-started
`

// topicsName is the topic that lists all others.
const topicsName = "topics"

// help explains.
func helpCommand(*pflag.FlagSet) work {
	return func(args []string, to streams) error {
		switch len(args) {
		case 0:
			_, err := io.WriteString(to.out, overview())
			return err
		case 1:
			return explain(args[0], to.out)
		}
		return exit.WrongUsage("help", "help: %q and %q: one name at a time", args[0], args[1])
	}
}

// explained are all names that help takes.
func explained() []string { return append(append(names(subcommands()), topicsName), topicNames()...) }

func explain(name string, out io.Writer) error {
	if name == topicsName {
		_, err := io.WriteString(out, topicsHelp())
		return err
	}
	if s := findSubcommand(name); s != nil {
		flags, _ := s.prepare()
		return s.explain(out, flags)
	}
	if text := topic(name); text != "" {
		_, err := io.WriteString(out, text)
		return err
	}
	return unknown("topic", name, explained())
}

func overview() string {
	var b strings.Builder
	b.WriteString("A strongly consistent Redis: every answered write is on the disks of a majority.\n\n" +
		"Usage: raftredis SUBCOMMAND [flags]\n\n")
	for _, s := range subcommands() {
		fmt.Fprintf(&b, "  %-12s%s\n", s.name, s.summary)
	}
	b.WriteString(`
Three nodes on this machine, clients on 7001, 7002 and 7003:

  raftredis playground

One node that keeps its data in the directory data:

  raftredis serve --port 6379 --dir data --bootstrap

And then:

  raftredis help serve            all flags, a cluster of three, more members
  raftredis help topics           essays, a screen each: what is promised,
                                  what messages mean, what to do when ...
  raftredis completion bash       for your shell (or zsh, fish)
`)
	return b.String()
}
