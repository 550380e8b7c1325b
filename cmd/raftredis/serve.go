package main

import (
	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/server"
)

// serve runs one node until it is told to stop.
func serveCommand(flags *pflag.FlagSet) work {
	var f server.Flags
	f.Define(flags)
	return func(args []string, to streams) error {
		var err error
		if f.File, err = server.ReadFile(flags, args); err != nil {
			return err
		}
		return f.Run(flags, to.out, to.err)
	}
}

const serveIntro = `Runs one node. What it becomes is decided by its directory, and for a blank one
by the flags:

  a cluster of one
    raftredis serve --port 6379 --dir data --bootstrap

  a cluster of three; the order in which they start is irrelevant
    raftredis serve --port 6379 --dir data1 --bootstrap --expect 3
    raftredis serve --port 6380 --dir data2 --join 127.0.0.1:6379
    raftredis serve --port 6381 --dir data3 --join 127.0.0.1:6379

  a member more for a cluster that runs: it joins by itself, as a voter ...
    raftredis serve --port 6382 --dir data4 --join 127.0.0.1:6379
  ... or waits until it is taken in, as a voter or as a learner
    raftredis serve --port 6383 --dir data5
    redis-cli -p 6379 CLUSTER ADDNODE 127.0.0.1:6383 LEARNER

  on machines of their own
    raftredis serve --bind 10.0.0.1 --dir data --bootstrap --expect 3
    raftredis serve --bind 10.0.0.2 --dir data --join 10.0.0.1:6379
    ...

On a directory that belongs to a cluster already, --bootstrap and --join change
nothing: the same command line starts a node and starts it again.

FILE, in the syntax of redis.conf, may hold flags and parameters of CONFIG SET,
one a line; the command line wins:

  raftredis serve raftredis.conf --port 6379

When it serves, a line that begins with "ready" is printed. Until then the log
on standard error says what it waits for. SIGTERM and SIGINT stop it: it hands
leadership over if it leads, and answers what it took; a second one, half a
second later or more, stops it at once.

See also raftredis help getting-started, configuration, security, exit-codes.
`
