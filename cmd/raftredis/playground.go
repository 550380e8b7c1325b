package main

import (
	"github.com/spf13/cobra"

	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/server/playground"
)

const playgroundIntro = `Runs a cluster on this machine, each node in a child process, to play with and
to test against.

  raftredis playground
  redis-cli -p 7001 SET greeting hello
  redis-cli -p 7003 GET greeting

Kill a node (its process id is in the first lines, and in INFO server) and see
what happens. Ctrl-C stops all of them. --verbose shows what they log.

Without --dir the nodes' directories are temporary and removed at the end (only
kill -9 leaves them behind). A given one is kept, and the next playground with
the same flags goes on with the data in it.
`

// playgroundCommand runs a cluster of child processes until it is told to stop.
func playgroundCommand() *cobra.Command {
	var o playground.Options
	c := &cobra.Command{
		Use: "playground [flags]", Short: "run a cluster on this machine, to play with", Long: playgroundIntro,
		Args: cli.NoArguments, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.OutOrStdout(), c.ErrOrStderr()) },
	}
	o.Define(c.Flags())
	return c
}
