package main

import (
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/server"
	"github.com/raftredis/raftredis/internal/server/playground"
)

const playgroundIntro = `Runs a cluster on this machine, each node in a child process, to play with and
to test against.

  raftredis playground
  redis-cli -p 7001 SET greeting hello
  redis-cli -p 7003 GET greeting

Kill a node (its process id is in the log, and in INFO server) and see what
happens. Ctrl-C stops all of them.

Without --dir the nodes' directories are temporary and removed at the end (only
kill -9 leaves them behind). A given one is kept, and the next playground with
the same flags goes on with the data in it.
`

// playground runs a cluster of child processes until it is told to stop.
func playgroundCommand(flags *pflag.FlagSet) work {
	var f playground.Options
	flags.IntVar(&f.Nodes, "nodes", playground.DefaultPlaygroundNodes, "how many `nodes`, 1 to 9")
	flags.IntVar(&f.Port, "port", playground.DefaultPlaygroundPort, "`port` of the first node for clients; the others follow it")
	flags.StringVar(&f.Directory, "dir", "", "`directory` for the data, kept at the end (default: a temporary one)")
	f.Level.Level = slog.LevelInfo
	flags.Var(&f.Level, "log-level", "least important lines of the nodes' logs: debug, info, warn or error")
	server.Annotate(flags, "dir", server.ValueAnnotation, server.ValueDirectory)
	return func(_ []string, to streams) error { return f.Run(to.out, to.err) }
}
