package main

import (
	"github.com/spf13/cobra"

	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/inspect"
)

const inspectIntro = `Shows what is in the directory of a node: who it is, what it has promised, its
snapshots, and its log. It changes nothing, and the node may run meanwhile.

  raftredis inspect --dir data
  raftredis inspect --dir data --entries 100-120
  raftredis inspect --dir data --records
  raftredis inspect --dir data --verify-snapshots

Damage ends it with exit code 1 and a message that names file and offset.
`

// inspectCommand describes the directory of a node.
func inspectCommand() *cobra.Command {
	var o inspect.Options
	c := &cobra.Command{
		Use: "inspect [flags]", Short: "show what is in the directory of a node", Long: inspectIntro,
		Args: cli.NoArguments, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.OutOrStdout(), c.ErrOrStderr()) },
	}
	o.Define(c.Flags())
	return c
}
