package engine

import (
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// compareEvery is at how many entries the nodes of these tests compare their states.
const compareEvery = 4

// comparing is a table whose node 1 leads, and whose states are compared often.
func comparing(t *testing.T, n int) *table {
	t.Helper()
	tb := newTable(t, n)
	tb.adjust = func(o *Options) { o.CompareEntries = compareEvery }
	for _, s := range tb.nodes {
		tb.boot(s, raftlog.Boot(200+s.id))
	}
	tb.elect(1)
	return tb
}

// spoil gives a node's machine a number of commands that the log does not have.
func (tb *table) spoil(id raftlog.NodeID, commands int) {
	for i := range commands {
		s := tb.node(id)
		s.machine.applied = append(s.machine.applied, fmt.Sprint("spoilt", i))
	}
}

// compared writes so much that all nodes note the hash of their states, and lets them tell it.
func (tb *table) compared(at raftlog.NodeID) {
	tb.t.Helper()
	for range 2 * compareEvery {
		c := tb.submitAndSettle(at, "x")
		tb.ticks(1)
		if c.Outcome != Done {
			tb.ticks(DefaultOptions().HeartbeatTicks)
		}
	}
	tb.ticks(4 * reportTicks)
}

// quarantined are the nodes that are.
func (tb *table) quarantined() (ids []raftlog.NodeID) {
	for _, s := range tb.nodes {
		if s.engine.quarantined() {
			ids = append(ids, s.id)
		}
	}
	return ids
}

// withhold loses the snapshots that are offered to quarantined nodes.
func withhold(m *Message) bool { return m.Own == Verdict && m.Verdict.Snapshot != nil }

// S30: The node that differs from a majority is quarantined. It ends what its clients ask at once as not done, takes
// over the leader's state, and serves when that was compared.
func TestAnOddNodeIsQuarantinedAndReinstalled(t *testing.T) {
	tb := comparing(t, 3)
	tb.compared(1)
	if agreed := tb.node(3).engine.State().Agreed; agreed == 0 {
		t.Fatal("nothing was compared")
	}
	tb.spoil(3, 1)
	tb.lose = withhold
	tb.compared(1)
	if q := tb.node(3).engine.State().Quarantine; !q.On() || q.Agreed == 0 || q.Agreed >= q.Differs {
		t.Fatalf("the quarantine is %+v", q)
	}
	c := tb.submitAndSettle(3, "y")
	tb.expect(c, NotDone)
	for _, id := range []raftlog.NodeID{1, 2} {
		if all := tb.node(id).engine.Status().Quarantined; len(all) != 1 || all[0].ID != 3 {
			t.Errorf("node %d knows of %v", id, all)
		}
	}
	if absent := tb.node(2).engine.Status().Absent; len(absent) != 1 || absent[0] != 3 {
		t.Errorf("absent are %v", absent)
	}
	tb.lose = nil
	tb.ticks(10 * comparisonTicks)
	if ids := tb.quarantined(); len(ids) > 0 {
		t.Fatalf("node %d is quarantined still: %+v", ids, tb.node(3).engine.State().Quarantine)
	}
	if s := tb.node(3).engine.State(); s.Reinstalls != 1 || s.Quarantine.On() || s.Agreed == 0 {
		t.Errorf("%+v", s)
	}
	tb.expect(tb.submitAndSettle(3, "z"), Done)
	tb.expectApplied(tb.node(1).machine.applied...)
}

// S30: The leader finds itself odd, and hands over.
func TestAnOddLeaderHandsOver(t *testing.T) {
	tb := comparing(t, 3)
	tb.spoil(1, 1)
	tb.compared(1)
	tb.ticks(10 * comparisonTicks)
	if tb.node(1).engine.leads() || len(tb.quarantined()) > 0 {
		t.Fatalf("node 1 leads: %v, quarantined are %v", tb.node(1).engine.leads(), tb.quarantined())
	}
	tb.expectApplied(tb.node(2).machine.applied...)
}

// S30: Where no hash has a majority there is an alarm and no verdict.
func TestStatesWithoutAMajorityAreAnAlarm(t *testing.T) {
	for nodes, spoilt := range map[int][]int{2: {0, 1}, 3: {0, 1, 2}, 4: {0, 0, 1, 1}} {
		tb := comparing(t, nodes)
		for i, commands := range spoilt {
			tb.spoil(raftlog.NodeID(i+1), commands)
		}
		tb.compared(1)
		tb.ticks(2 * repeatTicks)
		if ids := tb.quarantined(); len(ids) > 0 {
			t.Errorf("of %d nodes %v are quarantined", nodes, ids)
		}
		for _, s := range tb.nodes {
			if s.engine.State().Undecided == 0 {
				t.Errorf("node %d of %d has heard of no alarm", s.id, nodes)
			}
		}
	}
}

// S30: Two of five differ. They are quarantined one after the other.
func TestOneNodeIsQuarantinedAtATime(t *testing.T) {
	tb := comparing(t, 5)
	tb.spoil(4, 1)
	tb.spoil(5, 2)
	tb.lose = withhold
	tb.compared(1)
	tb.compared(1)
	if ids := tb.quarantined(); len(ids) != 1 {
		t.Fatalf("quarantined are %v", ids)
	}
	tb.lose = nil
	for range 4 {
		tb.ticks(10 * comparisonTicks)
		tb.compared(1)
	}
	for _, id := range []raftlog.NodeID{4, 5} {
		if s := tb.node(id).engine.State(); s.Quarantine.On() || s.Reinstalls != 1 {
			t.Errorf("node %d: %+v, reinstalled %d times", id, s.Quarantine, s.Reinstalls)
		}
	}
	tb.expectApplied(tb.node(1).machine.applied...)
}

// S30: A node that is cut off is behind. When it is back it is compared, though the others went on.
func TestANodeThatIsBehindIsComparedLater(t *testing.T) {
	tb := comparing(t, 3)
	tb.spoil(3, 1)
	tb.cut(3)
	tb.compared(1)
	if ids := tb.quarantined(); len(ids) > 0 {
		t.Fatalf("quarantined are %v", ids)
	}
	tb.lose = withhold
	tb.ticks(2 * repeatTicks)
	if ids := tb.quarantined(); len(ids) != 1 || ids[0] != 3 {
		t.Fatalf("quarantined are %v", ids)
	}
	tb.lose = nil
	tb.ticks(10 * comparisonTicks)
	if ids := tb.quarantined(); len(ids) > 0 {
		t.Fatalf("quarantined are %v still", ids)
	}
}

// S30: The leader changes between a verdict and its execution: the next one finds the same.
func TestTheNextLeaderFindsTheOddNode(t *testing.T) {
	tb := comparing(t, 3)
	tb.spoil(3, 1)
	tb.lose = func(m *Message) bool { return m.Own == Verdict }
	tb.compared(1)
	if ids := tb.quarantined(); len(ids) > 0 {
		t.Fatalf("quarantined are %v", ids)
	}
	tb.lose = nil
	tb.elect(2)
	tb.ticks(2 * repeatTicks)
	if q := tb.node(3).engine.State(); !q.Quarantine.On() && q.Reinstalls == 0 {
		t.Fatalf("node 3 was not found: %+v", q.Quarantine)
	}
}

// What is kept of notes has a bound.
func TestNotesAreBounded(t *testing.T) {
	var notes []StateNote
	for i := range raftlog.Index(3 * keptNotes) {
		notes = keep(notes, StateNote{Index: i}, keptNotes)
		if len(notes) != min(int(i)+1, keptNotes) || notes[len(notes)-1].Index != i {
			t.Fatalf("after %d notes %v are kept", i+1, notes)
		}
	}
	tb := comparing(t, 3)
	for range keptAgreed {
		tb.compared(1)
	}
	for _, s := range tb.nodes {
		if n := len(s.engine.states.known); n == 0 || n > keptAgreed {
			t.Errorf("node %d keeps %d agreed notes", s.id, n)
		}
	}
}
