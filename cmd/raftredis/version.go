package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/server"
)

const versionIntro = `Says which version and commit was built, and with what.

  raftredis version
`

// versionText is what version, --version and -v say.
func versionText() string { return "raftredis " + server.BuildText() }

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "say what was built", Long: versionIntro, Args: cli.NoArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(c.OutOrStdout(), versionText())
			return err
		},
	}
}
