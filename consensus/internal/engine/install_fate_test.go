package engine

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// S4: S4 on a whole cluster. Node 3 sends two batches and hears nothing more; one reached the log, the other did not.
// The entries between are compacted, and the leader is gone; node 3 gets a snapshot of the others, and then entries of
// a later term. Neither batch can be told from the other any more: both are unknown for good, and no node executes them
// again.
func TestABatchInTheGapOfASnapshotIsUnknownAndNeverProposedAgain(t *testing.T) {
	tb := newSnapshotTable(t, 3, 0)
	tb.commands(3, "early", 1)
	tb.lose = func(m *Message) bool { return m.To == 3 }
	reached := tb.submit(3, "reached")
	tb.settle()
	tb.lose = func(m *Message) bool { return m.To == 3 || m.From == 3 }
	lost := tb.submit(3, "lost")
	tb.settle()
	tb.expect(reached, Pending)
	tb.expect(lost, Pending)
	tb.ticks(DefaultOptions().ElectionTicks)
	tb.commands(1, "gap", 3)
	tb.compact(2)
	tb.crash(1)
	tb.lose = func(m *Message) bool { // node 3 votes, and that is all
		return m.From == 3 && m.Own == Forward || m.To == 3 && (m.Kind == raft.Append || m.Kind == raft.Install)
	}
	tb.elect(2)
	if mark := tb.node(2).inForce; mark.Term >= tb.node(2).engine.core.Term() {
		t.Fatalf("the snapshot at %v is of the new term", mark.Mark)
	}
	tb.lose = nil
	for range 200 {
		tb.ticks(1)
	}
	if tb.node(3).engine.State().SnapshotsInstalled != 1 {
		t.Fatalf("%+v", tb.node(3).engine.State())
	}
	tb.expect(reached, Unknown)
	tb.expect(lost, Unknown)
	after := tb.submit(3, "after")
	tb.ticks(2 * longestResendTicks)
	tb.expect(after, Done)
	for _, id := range []raftlog.NodeID{2, 3} {
		m := tb.node(id).machine
		if m.count("reached") != 1 || m.count("lost") != 0 || m.count("after") != 1 {
			t.Fatalf("node %d applied %q", id, m.applied)
		}
	}
}

// jumping is an applier of node 2 that has applied entry 1, and has sent one batch in each of the given terms.
func jumping(terms ...raftlog.Term) (a *Applier, batches []*Batch, report *Applied) {
	o := DefaultOptions()
	o.ID, o.Boot = 2, 102
	a, report = NewApplier(o, &journal{}, SnapshotState{}), &Applied{}
	a.Apply([]raftlog.Entry{FirstEntry(clusterOf(3), 1000)}, report)
	for _, term := range terms {
		b := &Batch{Body: []byte("x")}
		a.Register([]Sent{{Batch: b, Term: term, Sequence: 1}}, report)
		batches = append(batches, b)
	}
	return a, batches, report
}

// baseAt is a base with the given configuration.
func baseAt(mark raftlog.Mark, c *membership.Configuration) SnapshotState {
	return SnapshotState{
		Mark: mark, ClusterID: 5, HashSeed: 6, Time: raftlog.Time{Stamp: 2000},
		Level: Level, Configuration: membership.Encode(c),
	}
}

// S8 with a snapshot: it says that this node was removed. What was sent in its term or before may have been done
// before the removal; what was sent in a later term, or is sent now, no leader appends.
func TestASnapshotThatLeavesTheNodeOutProvesLaterBatchesNotDone(t *testing.T) {
	a, b, report := jumping(2, 3, 4)
	without := *clusterOf(3)
	without.Voters, without.Members = []raftlog.NodeID{1, 3}, []membership.Member{without.Members[0], without.Members[2]}
	a.Jumped(baseAt(raftlog.Mark{Term: 3, Index: 100}, &without), report)
	if b[0].Outcome != Unknown || b[1].Outcome != Unknown || len(report.GivenUp) != 2 {
		t.Fatalf("outcomes %v and %v, given up %v", b[0].Outcome, b[1].Outcome, report.GivenUp)
	}
	late := &Batch{Body: []byte("x")}
	a.Register([]Sent{{Batch: late, Term: 5, Sequence: 1}}, report)
	if len(report.NotDone) != 2 || report.NotDone[0] != b[2] || report.NotDone[1] != late {
		t.Fatalf("not done are %v", report.NotDone)
	}
	again := NewApplier(a.options, &journal{}, a.base) // a restart from that snapshot
	report = &Applied{}
	if again.Register([]Sent{{Batch: late, Term: 5, Sequence: 1}}, report); len(report.NotDone) != 1 {
		t.Fatal("after a restart the node believes that it is a member")
	}
}

// S4: What was sent in a later term than the snapshot's is not in the gap: it goes on, and is met.
func TestABatchOfATermBehindTheSnapshotIsMet(t *testing.T) {
	a, b, report := jumping(2, 4)
	a.Jumped(baseAt(raftlog.Mark{Term: 3, Index: 100}, clusterOf(3)), report)
	met := raftlog.Entry{
		Index: 101, Term: 4, Kind: raftlog.EntryCommand, Tag: raftlog.Tag{Origin: 2, Boot: 102, Sequence: 1},
	}
	a.Apply([]raftlog.Entry{met}, report)
	if b[0].Outcome != Unknown || b[1].Outcome != Done || len(report.NotDone) != 0 || report.Index != 101 {
		t.Fatalf("outcomes %v and %v, %+v", b[0].Outcome, b[1].Outcome, report)
	}
}

// It may jump to where it is: another state at the same index takes the place of one that is quarantined.
func TestAnApplierNeverJumpsBack(t *testing.T) {
	here, _, report := jumping()
	here.Jumped(baseAt(raftlog.Mark{Term: 1, Index: 1}, clusterOf(3)), report)
	for _, mark := range []raftlog.Mark{{Term: 1, Index: 0}, {Term: 0, Index: 9}} {
		a, _, report := jumping()
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("it jumped to %v", mark)
				}
			}()
			a.Jumped(baseAt(mark, clusterOf(3)), report)
		}()
	}
}
