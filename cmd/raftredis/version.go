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

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "say what was built", Long: versionIntro, Args: cli.NoArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(c *cobra.Command, _ []string) error { return printVersion(c) },
	}
}

// printVersion is what version, --version and -v do. Cobra's own flag would link text/template, a fifth of the binary.
func printVersion(c *cobra.Command) error {
	_, err := fmt.Fprint(c.OutOrStdout(), "raftredis ", server.BuildText())
	return err
}
