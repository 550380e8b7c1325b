package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/exit"
)

const helpIntro = `Explains a subcommand, or a topic; help topics lists the topics.

  raftredis help serve
  raftredis help topics
  raftredis help getting-started
`

func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [NAME]", Short: "explain a subcommand or a topic", Long: helpIntro,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return explained(root), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return exit.WrongUsage("help", "help: %q and %q: one name at a time", args[0], args[1])
			}
			text, err := explanation(root, strings.Join(args, ""))
			if err != nil {
				return err
			}
			_, err = io.WriteString(c.OutOrStdout(), text)
			return err
		},
	}
}

// printHelp is what --help does.
func printHelp(c *cobra.Command, args []string) {
	if c.HasParent() {
		cli.PrintHelp(c, args)
		return
	}
	fmt.Fprint(c.OutOrStdout(), overview(c))
}

// explained are all names that help explains.
func explained(root *cobra.Command) []string {
	return append(append(subcommandNames(root), topicsName), topicNames()...)
}

// explanation is what help says of a subcommand, or of a topic; without a name, of the binary.
func explanation(root *cobra.Command, name string) (string, error) {
	switch name {
	case "":
		return overview(root), nil
	case topicsName:
		return topicsHelp(), nil
	}
	for _, c := range root.Commands() {
		if c.Name() == name {
			return cli.Help(c), nil
		}
	}
	if text := topic(name); text != "" {
		return text, nil
	}
	return "", cli.Unknown("topic", name, explained(root), "raftredis help", namesHelp(root))
}

// subcommandNames are the subcommands that are for people: cobra adds a hidden one while a shell completes.
func subcommandNames(root *cobra.Command) (names []string) {
	for _, c := range root.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// namesHelp lists everything that help explains.
func namesHelp(root *cobra.Command) string {
	return "Subcommands; raftredis help SUBCOMMAND shows one:\n\n" + subcommandLines(root) + "\n" + topicsHelp()
}

// subcommandLines has a line for each subcommand.
func subcommandLines(root *cobra.Command) string {
	var b strings.Builder
	for _, c := range root.Commands() {
		if !c.Hidden {
			fmt.Fprintf(&b, "  %-12s%s\n", c.Name(), c.Short)
		}
	}
	return b.String()
}

func overview(root *cobra.Command) string {
	return "A strongly consistent Redis: every answered write is on the disks of a majority.\n\n" +
		"Usage: raftredis SUBCOMMAND [flags]\n\n" + subcommandLines(root) + `
Three nodes on this machine, clients on 7001, 7002 and 7003:

  raftredis playground

One node that keeps its data in the directory data:

  raftredis serve --port 6379 --dir data --bootstrap

And then:

  raftredis help serve            all flags, a cluster of three, more members
  raftredis help topics           essays, a screen each: what is promised,
                                  what messages mean, what to do when ...
  raftredis completion bash       for your shell (or zsh, fish)
`
}
