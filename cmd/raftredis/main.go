package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/exit"
)

func main() {
	os.Exit(cli.Run(rootCommand(), os.Args[1:], os.Stdout, os.Stderr))
}

// rootCommand is the binary: all subcommands, in the order in which help lists them.
func rootCommand() *cobra.Command {
	cobra.EnableCommandSorting = false // a newcomer needs serve and playground first
	root := &cobra.Command{
		Use: "raftredis",
		Args: func(root *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return cli.Unknown("subcommand", args[0], subcommandNames(root), root.Name(), overview(root))
		},
		RunE: func(root *cobra.Command, _ []string) error {
			if root.Flags().Changed("version") {
				return printVersion(root)
			}
			return &exit.UsageError{Text: "a subcommand is missing", Hint: overview(root)}
		},
	}
	root.FParseErrWhitelist.UnknownFlags = true // the wrong subcommand before them is what matters
	root.Flags().BoolP("version", "v", false, "say what was built")
	root.SetHelpFunc(printHelp)
	root.AddCommand(serveCommand(), playgroundCommand(), healthCommand(), inspectCommand(), benchCommand(),
		versionCommand(), completionCommand(root))
	root.SetHelpCommand(helpCommand(root))
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		c.DisableFlagsInUseLine = true
		cli.CompleteFlags(c)
	}
	return root
}
