package main

import (
	"github.com/spf13/cobra"

	"github.com/raftredis/raftredis/internal/bench"
)

const benchIntro = `Sends requests to any servers that speak Redis's protocol, and says how many
are answered and how long each takes. It works with Redis as well.

  raftredis bench                              SET, as fast as it is answered
  raftredis bench --mix ycsb-b --distribution zipf --connections 200
  raftredis bench --rate 5000 10.0.0.1:6379 10.0.0.2:6379 10.0.0.3:6379
  raftredis bench --command '9 GET key:{key}' --command 'SET key:{key} {value}'

Without addresses it is 127.0.0.1:6379; connections are spread over several.
Without --rate a connection waits for its replies before it sends more, so a
stall hides what it delayed. With --rate each request is due at its time, and
its latency counts from then on: see raftredis help benchmarks.

Mixes: set, get, incr, mset, hset, lpush, rpush, lpop, rpop, lrange, sadd, spop,
zadd, zpopmin, xadd, ping; fill writes each key once, with as many --requests as
--keys; ycsb-a reads half, ycsb-b 95 % of the time; types has some of all types.

In a template {key} is a number below --keys, by --distribution; {random} one in
which all are equally frequent; {seq} counts up; {value} is random letters. A
number before it is its weight.

It overwrites the keys that it names. Exit code 0 means that all requests were
answered, and not by an error. Ctrl-C ends it with the result so far.
`

// benchCommand generates load.
func benchCommand() *cobra.Command {
	var o bench.Options
	c := &cobra.Command{
		Use: "bench [flags] [HOST:PORT ...]", Short: "generate load for a server, and measure it", Long: benchIntro,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			return o.Run(args, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	o.Define(c.Flags())
	return c
}
