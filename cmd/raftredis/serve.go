package main

import (
	"github.com/spf13/cobra"

	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/internal/server"
)

const serveIntro = `Runs one node. What it becomes is decided by its directory, and for a blank one
by the flags:

  a cluster of one
    raftredis serve --port 6379 --dir data --bootstrap

  a cluster of three; the order in which they start is irrelevant
    raftredis serve --port 6379 --dir data1 --bootstrap --expect 3
    raftredis serve --port 6380 --dir data2 --join 127.0.0.1:6379
    raftredis serve --port 6381 --dir data3 --join 127.0.0.1:6379
  ... or with one command line for all of them, at every start: --bootstrap
  --expect 3 and a --join for each

  add this node to a running cluster, as a voter ...
    raftredis serve --port 6382 --dir data4 --join 127.0.0.1:6379
  ... or start it, and add it from a member, as a voter or as a learner
    raftredis serve --port 6383 --dir data5
    redis-cli -p 6379 CLUSTER ADDNODE 127.0.0.1:6383 LEARNER

  on machines of their own
    raftredis serve --bind 10.0.0.1 --dir data --cluster-secret-file secret \
      --bootstrap --expect 3 --join 10.0.0.1:6379 --join 10.0.0.2:6379 \
      --join 10.0.0.3:6379
    ... and the same with --bind 10.0.0.2 and --bind 10.0.0.3

A blank node makes no cluster while a member of one looks for a node at its
address, or answers at --join: a lost disk never leads to a second cluster.

On a directory that belongs to a cluster already, --bootstrap and --join change
nothing: the same command line starts a node and starts it again.

FILE, in the syntax of redis.conf, may hold flags and parameters of CONFIG SET,
one a line; the command line wins:

  raftredis serve raftredis.conf --port 6379

When it serves, a line that begins with "ready" is printed. Until then the log
on standard error says what it waits for. SIGTERM and SIGINT stop it: it hands
leadership over if it leads, and answers what it took; a second one, half a
second later or more, stops it at once. SIGHUP never stops a node.

See also raftredis help getting-started, configuration, security, exit-codes.
`

// serveCommand runs one node until it is told to stop.
func serveCommand() *cobra.Command {
	config := server.NewConfig()
	c := &cobra.Command{
		Use: "serve [flags] [FILE]", Short: "run one node", Long: serveIntro,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) <= 1 {
				return nil
			}
			return exit.WrongUsage("serve", "serve: %q and %q: there is one configuration file at most, and values follow "+
				"their flag, as in --port 6379", args[0], args[1])
		},
		RunE: func(c *cobra.Command, args []string) error {
			config.ReadFlags(c.Flags())
			for _, file := range args {
				if err := config.ReadFile(file); err != nil {
					return err
				}
			}
			return config.Run(c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	config.Define(c.Flags())
	return c
}
