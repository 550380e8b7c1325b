package main

import (
	"log/slog"

	"github.com/spf13/pflag"
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
func playground(flags *pflag.FlagSet) work {
	var f playgroundFlags
	flags.IntVar(&f.nodes, "nodes", defaultPlaygroundNodes, "how many `nodes`, 1 to 9")
	flags.IntVar(&f.port, "port", defaultPlaygroundPort, "`port` of the first node for clients; the others follow it")
	flags.StringVar(&f.directory, "dir", "", "`directory` for the data, kept at the end (default: a temporary one)")
	f.level.Level = slog.LevelInfo
	flags.Var(&f.level, "log-level", "least important lines of the nodes' logs: debug, info, warn or error")
	annotate(flags, "dir", valueAnnotation, valueDirectory)
	return func(_ []string, to streams) error { return f.run(to.out, to.err) }
}
