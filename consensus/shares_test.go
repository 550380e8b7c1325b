package consensus_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
)

// Clients of the followers have more under way than the journals have room for. The leader's own clients are served all
// the same, small commands and one in pieces.
func TestFollowersDoNotStarveTheLeadersClients(t *testing.T) {
	c := newCollectors(t)
	leader := c.leader()
	ctx, stop := context.WithCancel(t.Context())
	var greedy sync.WaitGroup
	defer greedy.Wait()
	defer stop()
	var done atomic.Int64
	full := make(chan struct{})
	load := command(64<<10, 1)
	for i, n := range c.nodes {
		if i == leader {
			continue
		}
		for range 100 {
			greedy.Go(func() {
				for ctx.Err() == nil {
					if _, err := n.Propose(ctx, load); err == nil && done.Add(1) == 300 {
						close(full) // all clients had a turn, and more commands than fit are under way
					}
				}
			})
		}
	}
	select {
	case <-full:
	case <-within(t).Done():
		t.Fatal("the followers' clients are not served")
	}
	own := c.nodes[leader]
	for i := range 10 {
		if _, err := own.Propose(within(t), []byte("small")); err != nil {
			t.Fatalf("command %d of the leader's own client: %v; the followers' had %d", i, err, done.Load())
		}
	}
	if _, err := own.Propose(within(t), command(3*aMiB, 1)); err != nil {
		t.Fatalf("a command in pieces of the leader's own client: %v", err)
	}
}
