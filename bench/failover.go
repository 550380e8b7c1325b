package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/raftredis/raftredis/bench/failover"
	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/system"
)

// runFailover is go run ./bench failover.
func runFailover(ctx context.Context, args []string, out io.Writer) error {
	o := failover.Options{Progress: os.Stderr}
	c := newCommand("failover", &o.Programs, 8100)
	c.IntVar(&o.Kills, "kills", 20, "how many leaders are killed")
	c.IntVar(&o.Nodes, "nodes", 3, "how many nodes there are")
	c.IntVar(&o.Clients, "clients", 16, "how many clients the nodes have that go on")
	return c.run(ctx, args, out, func(directory string, port int) ([]figures.Table, error) {
		if o.Kills < 1 || o.Nodes < 3 || o.Nodes > system.MaxNodes || o.Clients < 1 {
			return nil, errors.New("there are 3 to 5 nodes, and at least one kill and one client")
		}
		o.Directory, o.Port = directory, port
		r, err := failover.Run(ctx, o)
		if err != nil {
			return nil, err
		}
		return r.Tables(), nil
	})
}
