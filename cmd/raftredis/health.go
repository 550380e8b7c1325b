package main

import (
	"github.com/spf13/cobra"

	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/probe"
)

const healthIntro = `Asks a node how it is, for what decides by that: a service manager, a
container platform, a script.

  raftredis health             does it run? If not, start it again
  raftredis health --ready     does it serve? If not, send clients elsewhere
  raftredis health --ready -h 10.0.0.1 -p 6380

Exit code 0 means yes, 1 means no; standard error says why. If it runs and does
not serve, that is "not ready: WORD: ...". The words do not change: loading,
fetching, blank, forming, no-leader, catching-up, unconfirmed, overloaded,
leaving, stopping, removed, rolled-back, replaced, copied, wiped, secret.

A node is ready when a majority has confirmed a read of it a moment ago. The
answer comes within a second, whatever state the node is in.

See also raftredis help probes.
`

// healthCommand asks a node how it is.
func healthCommand() *cobra.Command {
	var o probe.Options
	c := &cobra.Command{
		Use: "health [flags]", Short: "ask a node whether it runs, and whether it serves", Long: healthIntro,
		Args: cli.NoArguments, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.OutOrStdout()) },
	}
	o.Define(c.Flags())
	// As in redis-cli -h is the host; so --help has no short form here.
	c.Flags().Bool("help", false, "help for health")
	_ = c.Flags().SetAnnotation("help", cobra.FlagSetByCobraAnnotation, []string{"true"}) // it exists
	return c
}
