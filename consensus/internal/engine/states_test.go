package engine

import (
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// compareEvery is at how many entries the nodes of these tests compare their states.
const compareEvery = 4

// comparing is a table whose node 1 leads, and whose states are compared often.
func comparing(t *testing.T, n int, adjust ...func(*Options)) *table {
	t.Helper()
	tb := newTable(t, n)
	tb.adjust = func(o *Options) {
		o.CompareEntries = compareEvery
		for _, a := range adjust {
			a(o)
		}
	}
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

// S30: States differ at each index that is compared. That is news once; that they are alike again is news as well.
func TestStatesThatDifferAreNewsOnce(t *testing.T) {
	tb := comparing(t, 2)
	tb.spoil(2, 1)
	news := 0
	before := tb.node(1).engine.State()
	for range 5 {
		tb.compared(1)
		now := tb.node(1).engine.State()
		if now.Undecided == before.Undecided {
			t.Fatalf("nothing was compared since %d", now.Undecided)
		}
		if now.Apart != before.Apart {
			news++
		}
		before = now
	}
	if news != 1 || !before.Apart || !tb.node(2).engine.State().Apart {
		t.Fatalf("%d changes, the last is %v", news, before.Apart)
	}
	tb.spoil(1, 1)
	tb.compared(1)
	for _, s := range tb.nodes {
		if now := s.engine.State(); now.Apart || now.Undecided == 0 || now.Agreed <= now.Undecided {
			t.Errorf("node %d: %+v", s.id, now)
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

// S30: Two voters of three differ and the third is down, and has told this leader nothing: that is an alarm.
func TestTheLastTwoWhoDifferAreAnAlarm(t *testing.T) {
	tb := comparing(t, 3)
	tb.crash(3)
	tb.elect(2)
	tb.spoil(1, 1)
	tb.compared(2)
	tb.ticks(DefaultOptions().AbsentTicks + 2*repeatTicks)
	for _, id := range []raftlog.NodeID{1, 2} {
		if s := tb.node(id).engine.State(); s.Undecided == 0 || s.Quarantine.On() {
			t.Errorf("node %d: undecided at %d, %+v", id, s.Undecided, s.Quarantine)
		}
	}
}

// S30: While one node is quarantined another odd one knows that it differs. When the first one is switched off, the
// second is quarantined.
func TestASecondOddNodeIsNamed(t *testing.T) {
	tb := comparing(t, 5)
	tb.compared(1)
	tb.spoil(4, 1)
	tb.lose = withhold
	tb.compared(1)
	tb.spoil(5, 2)
	tb.compared(1)
	if ids := tb.quarantined(); len(ids) != 1 || ids[0] != 4 {
		t.Fatalf("quarantined are %v", ids)
	}
	if s := tb.node(5).engine.State(); s.Differs == 0 {
		t.Error("node 5 does not know that it differs")
	}
	if s := tb.node(3).engine.State(); s.Differs != 0 {
		t.Errorf("node 3 differs at %d", s.Differs)
	}
	for _, s := range tb.nodes {
		if s.id == 4 {
			continue // the verdicts to it are lost
		}
		if waits := s.engine.Status().Differing; len(waits) != 1 || waits[0] != 5 {
			t.Errorf("node %d says that %v wait for their turn", s.id, waits)
		}
	}
	tb.crash(4)
	tb.ticks(DefaultOptions().AbsentTicks + 2*repeatTicks)
	tb.compared(1)
	if !tb.node(5).engine.quarantined() {
		t.Error("node 5 is not quarantined, for one that is down")
	}
	if all := tb.node(1).engine.Status(); len(all.Quarantined) != 2 || len(all.Differing) != 0 {
		t.Errorf("node 1 knows of %v, and of %v", all.Quarantined, all.Differing)
	}
}

// S30: More notes come between two reports than a report has. Where reports meet, the odd node still has its note when
// the verdict comes; where the reports of two nodes never meet, the leader sees to it.
func TestAnOddNodeIsFoundUnderLoad(t *testing.T) {
	for name, c := range map[string]struct {
		apart uint64 // ticks between the reports of two nodes
		limit int
	}{"reports meet": {0, quietTicks / 4}, "reports never meet": {2, 3 * quietTicks}} {
		t.Run(name, func(t *testing.T) {
			tb := newTable(t, 3)
			tb.adjust = func(o *Options) { o.CompareEntries = 2 }
			for _, s := range tb.nodes {
				tb.boot(s, raftlog.Boot(200+s.id))
			}
			tb.elect(1)
			tb.ticks(3 * repeatTicks)
			tb.spoil(3, 1)
			for _, s := range tb.nodes {
				s.engine.states.reported = s.engine.tick - reportTicks + c.apart*uint64(s.id-1)
			}
			late := tb.hold(func(m *Message) bool { return m.Own == Verdict && m.To == 3 })
			for range c.limit {
				verdicts := *late
				*late = nil
				for range 2 * (reportedNotes + 1) {
					tb.submit(1, "x")
					tb.settle()
				}
				tb.flying = append(tb.flying, verdicts...)
				tb.ticks(1)
				if q := tb.node(3).engine.State(); q.Quarantine.On() || q.Reinstalls > 0 {
					return
				}
			}
			t.Fatal("node 3 was not found")
		})
	}
}

// S30: An idle cluster adds no entry for a comparison that nothing asks for, nor for a member that is down.
func TestNoEntriesForComparisonsInVain(t *testing.T) {
	tb := comparing(t, 3)
	tb.compared(1)
	last := func() raftlog.Index { return tb.node(1).engine.core.Last().Index }
	before := last()
	tb.ticks(20 * repeatTicks)
	if now := last(); now != before {
		t.Errorf("an idle cluster went on from entry %d to %d", before, now)
	}
	tb.spoil(3, 1)
	tb.lose = func(m *Message) bool { return m.Own == Report && m.Report.Floor != 0 }
	tb.compared(1)
	tb.lose = nil // the snapshot is of the last entry: one more is needed to compare
	waits := func() bool {
		all := tb.node(1).engine.states.quarantined
		return len(all) == 1 && all[0].Reinstalled != 0
	}
	for i := 0; i < 20*repeatTicks && !waits(); i++ {
		tb.ticks(1)
	}
	if !waits() {
		t.Fatal("node 3 was not reinstalled")
	}
	tb.crash(3)
	tb.ticks(DefaultOptions().AbsentTicks + 2*comparisonTicks)
	before = last()
	tb.ticks(20 * repeatTicks)
	if now := last(); now != before {
		t.Errorf("for a node that is down, the cluster went on from entry %d to %d", before, now)
	}
}

// S30: The next leader keeps what it knows of a quarantined member until that has spoken.
func TestAQuarantineOutlivesALeaderInTheList(t *testing.T) {
	tb := comparing(t, 3)
	tb.spoil(3, 1)
	tb.lose = withhold
	tb.compared(1)
	if ids := tb.quarantined(); len(ids) != 1 || ids[0] != 3 {
		t.Fatalf("quarantined are %v", ids)
	}
	tb.lose = func(m *Message) bool { return m.Own == Report && m.From == 3 || withhold(m) }
	tb.elect(2)
	for range 3 * repeatTicks {
		tb.ticks(1)
		for _, id := range []raftlog.NodeID{1, 2} {
			if all := tb.node(id).engine.Status().Quarantined; len(all) != 1 || all[0].ID != 3 {
				t.Fatalf("node %d knows of %v", id, all)
			}
		}
	}
}

// S30: A crash forgets a quarantine that was not durable. The cluster is idle, and stops to call the node quarantined.
func TestAForgottenQuarantineLeavesTheList(t *testing.T) {
	tb := comparing(t, 3)
	tb.spoil(3, 1)
	tb.lose = withhold
	tb.compared(1)
	if ids := tb.quarantined(); len(ids) != 1 || ids[0] != 3 {
		t.Fatalf("quarantined are %v", ids)
	}
	tb.lose = nil
	tb.adjust = func(o *Options) { o.CompareEntries = 1 << 20 } // what it applies again has no note
	tb.boot(tb.node(3), 300)
	tb.ticks(4 * repeatTicks)
	if all := tb.node(1).engine.Status().Quarantined; len(all) > 0 {
		t.Fatalf("node 1 knows of %v", all)
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

// S30: A quarantined leader whose followers cannot take over appends between two rounds of attempts.
func TestAQuarantinedLeaderRestsBetweenRounds(t *testing.T) {
	tb := comparing(t, 3)
	tb.spoil(1, 1)
	tb.lose = func(m *Message) bool { return m.Kind == raft.TimeoutNow }
	tb.compared(1)
	if ids := tb.quarantined(); len(ids) != 1 || ids[0] != 1 {
		t.Fatalf("quarantined are %v", ids)
	}
	rest, longest := 0, 0
	for range 10 * repeatTicks {
		tb.ticks(1)
		if rest++; tb.node(1).engine.core.Status().Transferee != 0 {
			rest = 0
		}
		longest = max(longest, rest)
	}
	if !tb.node(1).engine.leads() || longest < repeatTicks/2 || longest > 2*repeatTicks {
		t.Fatalf("node 1 leads: %v; it appends for at most %d ticks", tb.node(1).engine.leads(), longest)
	}
}
