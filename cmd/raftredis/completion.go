package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/exit"
)

const completionIntro = `Prints what makes a shell complete the command lines of raftredis: subcommands,
flags, and values where there are few. SHELL is bash, zsh or fish.

For the shell that you type in now:

  source <(raftredis completion bash)
  source <(raftredis completion zsh)
  raftredis completion fish | source

For every shell from now on, write it where the shell looks:

  bash  ~/.local/share/bash-completion/completions/raftredis
  zsh   a file _raftredis in a directory of $fpath, before compinit runs
  fish  ~/.config/fish/completions/raftredis.fish
`

// completionCommand writes the script for a shell.
func completionCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "completion SHELL", Short: "print what makes a shell complete command lines", Long: completionIntro,
		ValidArgs: cli.Shells(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return exit.WrongUsage("completion", "completion: name one shell: %s", strings.Join(cli.Shells(), ", "))
		},
		RunE: func(c *cobra.Command, args []string) error {
			return cli.WriteCompletion(root, args[0], c.OutOrStdout())
		},
	}
}
