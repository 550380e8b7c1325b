package server

import (
	"context"
	"testing"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/argv"
)

// A client may ask who has its write, by WAIT, as soon as it is answered: what the node then says of itself covers that
// write, although the loop has not heard yet that it was applied. Otherwise WAIT would ask for an older entry, and
// count nodes that do not have the write.
func TestFactsCoverEveryWriteThatWasAnswered(t *testing.T) {
	s := lonelyStore(t)
	waitServing(t, s)
	for range 50 {
		type picture struct{ applied, commit, index uint64 }
		answered := make(chan picture, 1)
		s.node.Submit(&consensus.Request{
			Body: argv.Append(nil, [][]byte{[]byte("INCR"), []byte("a")}),
			Done: func(*consensus.Request) {
				var m picture
				s.node.View(func(state consensus.StateMachine) { m.index = state.(*machine).Index() })
				m.applied, m.commit = s.Applied(), s.Raft().Commit
				answered <- m
			},
		})
		if m := <-answered; m.applied < m.index || m.commit < m.index {
			t.Fatalf("a write at or before %d is answered while INFO has applied %d and committed %d",
				m.index, m.applied, m.commit)
		}
	}
}

// waitServing waits until the node leads.
func waitServing(t *testing.T, s *store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.node.library.Load().WaitServing(ctx); err != nil {
		t.Fatal(err)
	}
}
