package engine

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// informed is a cluster in which node 2 confirmed to node 1, the leader, what is committed, and node 3 knows that.
func informed(t *testing.T) (tb *table, term raftlog.Term, committed raftlog.Index) {
	t.Helper()
	tb = newTable(t, 3)
	for _, s := range tb.nodes {
		for _, other := range tb.nodes {
			if s != other {
				tb.greet(s.id, other.id)
			}
		}
	}
	tb.elect(1)
	tb.submit(1, "c")
	tb.ticks(2 * DefaultOptions().ElectionTicks)
	return tb, tb.node(1).engine.core.Term(), tb.node(1).engine.core.Commit()
}

// greet introduces a node to another one by what its disk holds.
func (tb *table) greet(at, from raftlog.NodeID) {
	tb.t.Helper()
	s := tb.node(from)
	hello := Arrival{From: from, Boot: s.engine.options.Boot, Term: s.term, Durable: s.log[len(s.log)-1].Index}
	if err := tb.arrive(at, hello); err != nil {
		tb.t.Fatal(err)
	}
}

// F22: the leader to whom a node confirmed what it lost is gone. Every other node knows, leader or not; in the term,
// and in later ones.
func TestEveryNodeRefusesOneThatWasRolledBack(t *testing.T) {
	tb, term, committed := informed(t)
	tb.crash(1)
	check := func(when string, at raftlog.NodeID) {
		t.Helper()
		for _, hello := range []struct {
			term    raftlog.Term
			durable raftlog.Index
			refused bool
		}{
			{term, committed, false}, {term, committed - 1, true}, {term, 1, true}, {1, 1, true},
			{term + 5, committed - 1, true}, {term + 5, committed, false}, {0, 0, false},
		} {
			delete(tb.node(at).engine.boots, 2)
			err := tb.arrive(at, Arrival{From: 2, Boot: 7, Term: hello.term, Durable: hello.durable})
			if errors.Is(err, ErrRolledBack) != hello.refused || err != nil && !strings.Contains(err.Error(), "committed") {
				t.Errorf("%s, node %d of %+v: %v", when, at, hello, err)
			}
		}
	}
	check("a follower", 3)
	tb.cut(2)
	check("alone", 3)
	s := tb.node(3)
	marks := s.engine.Status().Confirmed
	tb.crash(3)
	tb.adjust = func(o *Options) { o.Confirmed = marks }
	tb.boot(s, 303)
	check("after a restart", 3)
}

// A hello may be older than what the same boot confirmed meanwhile to another node.
func TestAMarkOfTheSameBootIsNotCompared(t *testing.T) {
	tb, term, committed := informed(t)
	s := tb.node(3)
	delete(s.engine.boots, 2) // as if its first hello had taken so long
	if err := tb.arrive(3, Arrival{From: 2, Boot: 102, Term: term, Durable: committed - 1}); err != nil {
		t.Fatal(err)
	}
}

// What is not committed may be replaced, rightly.
func TestWhatIsNotCommittedIsNotConfirmed(t *testing.T) {
	tb, _, committed := informed(t)
	tb.lose = func(m *Message) bool { return m.From == 3 && m.Kind == raft.AppendReply || m.To == 1 && m.Own == 0 }
	tb.submit(1, "on its way")
	tb.settle()
	tb.lose = func(m *Message) bool { return m.Own == 0 && m.To == 1 }
	tb.ticks(DefaultOptions().ElectionTicks)
	for _, s := range tb.nodes {
		for _, mark := range s.engine.Status().Confirmed {
			if mark.Index > committed {
				t.Fatalf("node %d is told that %d has %d, committed is %d", s.id, mark.Node, mark.Index, committed)
			}
		}
	}
}

func TestMarksRiseAndAreOfMembers(t *testing.T) {
	var c confirmations
	for _, step := range []struct {
		mark Confirmed
		want []Confirmed
	}{
		{Confirmed{2, 12, 5}, []Confirmed{{2, 12, 5}}},
		{Confirmed{1, 11, 7}, []Confirmed{{1, 11, 7}, {2, 12, 5}}},
		{Confirmed{2, 12, 4}, []Confirmed{{1, 11, 7}, {2, 12, 5}}},
		{Confirmed{2, 22, 4}, []Confirmed{{1, 11, 7}, {2, 12, 5}}},
		{Confirmed{2, 22, 5}, []Confirmed{{1, 11, 7}, {2, 22, 5}}},
		{Confirmed{2, 0, 9}, []Confirmed{{1, 11, 7}, {2, 22, 5}}},
		{Confirmed{3, 13, 0}, []Confirmed{{1, 11, 7}, {2, 22, 5}, {3, 13, 0}}},
	} {
		before := slices.Clone(c)
		next := c.with(step.mark)
		if !slices.Equal(next, step.want) || !slices.Equal(c, before) {
			t.Errorf("with %v: %v, want %v; it was %v and is %v", step.mark, next, step.want, before, c)
		}
		c = next
	}
	tb, _, _ := informed(t)
	if r := tb.request(1, membership.Change{Remove: []raftlog.NodeID{3}}); r.Err != nil {
		t.Fatal(r.Err)
	}
	tb.ticks(3 * DefaultOptions().ElectionTicks)
	for _, id := range []raftlog.NodeID{1, 2} {
		if marks := tb.node(id).engine.Status().Confirmed; len(marks) != 2 || confirmations(marks).of(3).Node != 0 {
			t.Errorf("node %d still knows of %v", id, marks)
		}
	}
}
