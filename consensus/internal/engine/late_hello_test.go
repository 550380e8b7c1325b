package engine

import (
	"errors"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// A node restarts, and the hello of its process of before is taken late. The node is the later process all the same:
// what it acknowledges counts for that, and an old hello of that is not compared with it.
func TestALateHelloOfAnEarlierProcessChangesNothing(t *testing.T) {
	tb, term, last := acknowledging(t)
	const directory, stranger = 5, 9
	for _, id := range []raftlog.NodeID{2, stranger} {
		for _, hello := range []Arrival{
			{From: id, Boot: 7, Incarnation: directory, Start: 2, Term: term, Durable: last},
			{From: id, Boot: 6, Incarnation: directory, Start: 1, Term: term, Durable: last},
		} {
			if err := tb.arrive(1, hello); err != nil {
				t.Fatal(err)
			}
		}
		old := Arrival{From: id, Boot: 7, Incarnation: directory, Start: 2, Term: 1, Durable: 1}
		if err := tb.arrive(1, old); err != nil {
			t.Errorf("node %d: an old hello of its later process: %v", id, err)
		}
	}
	tb.submit(1, "more")
	tb.ticks(20)
	if mark := tb.node(1).engine.confirmed.of(2); mark.Boot != 7 || mark.Index <= last {
		t.Errorf("what the later process confirmed is marked as %+v, entry %d was there before", mark, last)
	}
	back := Arrival{From: 2, Boot: 8, Incarnation: directory, Start: 1, Term: term, Durable: last - 1}
	if err := tb.arrive(1, back); !errors.Is(err, ErrRolledBack) {
		t.Errorf("a directory that was set back, and counts its starts from before: %v", err)
	}
}
