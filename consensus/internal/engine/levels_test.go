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

// builds is a table whose nodes run builds of these feature levels, and are introduced to each other.
func builds(t *testing.T, levels ...uint8) *table {
	t.Helper()
	tb := newTable(t, len(levels))
	for i, level := range levels {
		tb.restart(raftlog.NodeID(i+1), level, 1)
	}
	for _, s := range tb.nodes {
		tb.introduceTo(s.id)
	}
	tb.elect(1)
	return tb
}

// restart starts a node again from its disk, with a build of a feature level.
func (tb *table) restart(id raftlog.NodeID, level uint8, start uint64) {
	tb.adjust = func(o *Options) { o.Level = level }
	tb.boot(tb.node(id), raftlog.Boot(100*start+uint64(id)))
	tb.node(id).start = start
}

// introduceTo has a node take the hellos of all others that run.
func (tb *table) introduceTo(id raftlog.NodeID) {
	tb.t.Helper()
	for _, other := range tb.nodes {
		if other.id != id && !other.down {
			if err := tb.arrive(id, other.hello()); err != nil {
				tb.t.Fatal(err)
			}
		}
	}
}

// hello is how the node introduces itself.
func (s *testNode) hello() Arrival {
	return Arrival{
		From: s.id, Boot: s.engine.options.Boot, Incarnation: uint64(s.id), Start: s.start, Level: s.engine.options.Level,
		Term: s.term, Durable: raftlog.Index(len(s.log)), DurableTerm: s.log[len(s.log)-1].Term,
	}
}

func (tb *table) level(id raftlog.NodeID) uint8 { return tb.node(id).engine.core.Level() }

// raiseTicks is how long all must know a level before it is raised, and what the leader needs to look at its followers.
var raiseTicks = raiseAbsences*DefaultOptions().AbsentTicks + 2*observeTicks

// A leader that hands over leaves the raise to the next one. What else the core could say would be a broken invariant,
// and must not be tried in every turn for ever, in silence.
func TestARefusedRaiseIsNoticedUnlessTheLeaderHandsOver(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*Engine)
		panics bool
	}{
		"handing over": {func(e *Engine) { e.core.Transfer(2) }, false},
		"refused": {func(e *Engine) {
			e.core.Configuration().Fresh = []raftlog.NodeID{2, 2}
		}, true},
	} {
		tb := builds(t, 2, 1, 1)
		tb.submitAndSettle(1, "a")
		e := tb.node(1).engine
		for id := raftlog.NodeID(2); id <= 3; id++ {
			tb.restart(id, 2, 2)
			if err := tb.arrive(1, tb.node(id).hello()); err != nil {
				t.Fatal(err)
			}
		}
		tb.ticks(2 * observeTicks)
		e.levels.since -= uint64(raiseTicks)
		e.levels.target = 2
		c.spoil(e)
		panicked := func() (said any) {
			defer func() { said = recover() }()
			e.raiseLevel()
			return nil
		}()
		if (panicked != nil) != c.panics || tb.level(1) != 1 {
			t.Errorf("%s: panic %v, level %d", name, panicked, tb.level(1))
		}
	}
}

// S39: the leader is of a newer build than the others. What it writes is of the level that all know, until all of them
// know the next one.
func TestALeaderWritesTheLevelThatAllKnow(t *testing.T) {
	tb := builds(t, 2, 1, 1)
	tb.submitAndSettle(1, "a")
	tb.ticks(raiseTicks)
	for _, id := range []raftlog.NodeID{2, 3} {
		if got := tb.node(1).engine.Status().Holding; !slices.Contains(got, id) {
			t.Errorf("the level waits for %d, and not for %d", got, id)
		}
		tb.restart(id, 2, 2)
		if err := tb.arrive(1, tb.node(id).hello()); err != nil {
			t.Fatal(err)
		}
		tb.introduceTo(id)
	}
	tb.ticks(raiseAbsences*DefaultOptions().AbsentTicks - observeTicks)
	if got := tb.level(1); got != 1 {
		t.Fatalf("the level is %d already", got)
	}
	tb.ticks(3 * observeTicks)
	tb.submitAndSettle(1, "b")
	tb.expectApplied("a", "b")
	for _, s := range tb.nodes {
		for _, e := range s.log {
			if string(e.Body) == "a" && e.Level != 1 || string(e.Body) == "b" && e.Level != 2 {
				t.Errorf("entry %v of node %d is of level %d", e, s.id, e.Level)
			}
		}
		if last := s.log[len(s.log)-1]; last.Level != 2 || tb.level(s.id) != 2 || s.machine.level != 2 {
			t.Errorf("node %d ends with %v of level %d, at level %d, its machine at %d", s.id, last, last.Level, tb.level(s.id),
				s.machine.level)
		}
	}
	if got := tb.node(1).engine.Status().Holding; len(got) != 0 {
		t.Errorf("the level waits for %d", got)
	}
}

// Each of these keeps the level as it is, and the leader names the node that does.
func TestEveryMemberHoldsTheLevelBack(t *testing.T) {
	for name, hold := range map[string]func(tb *table) raftlog.NodeID{
		"one of a lower level": func(tb *table) raftlog.NodeID {
			tb.restart(3, 1, 2)
			_ = tb.arrive(1, tb.node(3).hello())
			return 3
		},
		"one that is silent": func(tb *table) raftlog.NodeID {
			tb.crash(2)
			return 2
		},
		"one that has not been heard": func(tb *table) raftlog.NodeID {
			delete(tb.node(1).engine.levels.known, 2)
			return 2
		},
		"one whose earlier process speaks late": func(tb *table) raftlog.NodeID {
			earlier := tb.node(3).hello()
			tb.restart(3, 1, 2)
			_ = tb.arrive(1, tb.node(3).hello())
			_ = tb.arrive(1, earlier)
			return 3
		},
		"a learner": func(tb *table) raftlog.NodeID {
			s := tb.node(1)
			r := &ChangeRequest{Wake: func() {}, Change: membership.Change{
				Add: []membership.Member{{Incarnation: 4, Address: "there"}}, Learner: true,
			}}
			s.in.Changes = append(s.in.Changes, r)
			tb.lose = func(m *Message) bool { return m.To == 4 } // it has not come yet
			tb.turn(s)
			if r.Err != nil {
				tb.t.Fatal(r.Err)
			}
			return 4
		},
	} {
		t.Run(name, func(t *testing.T) {
			tb := builds(t, 2, 2, 2)
			id := hold(tb)
			tb.ticks(2 * raiseTicks)
			if got := tb.level(1); got != 1 {
				t.Fatalf("the level is %d", got)
			}
			if got := tb.node(1).engine.Status().Holding; !slices.Equal(got, []raftlog.NodeID{id}) {
				t.Fatalf("the level waits for %d, want %d", got, id)
			}
		})
	}
}

// S40: the door and the own log refuse an older build, in words that say what to do.
func TestAnOlderBuildIsRefusedAfterTheRaise(t *testing.T) {
	tb := builds(t, 2, 2, 2)
	tb.ticks(raiseTicks)
	if got := tb.level(2); got != 2 {
		t.Fatalf("the level is %d", got)
	}
	older := tb.node(3).hello()
	older.Boot, older.Start, older.Level = 7, 2, 1
	for id := raftlog.NodeID(1); id <= 2; id++ {
		err := tb.arrive(id, older)
		if !errors.Is(err, ErrLevel) || !strings.Contains(err.Error(), "start it with a build of level 2 or later") {
			t.Errorf("node %d: %v", id, err)
		}
	}
	o := tb.node(3).engine.options
	o.Level = 1
	log := tb.node(3).log
	if _, err := New(o, raft.Restored{Term: tb.node(3).term, Entries: log}, 0); !errors.Is(err, raftlog.ErrLaterBuild) {
		t.Errorf("its log is opened: %v", err)
	}
	last := log[len(log)-1]
	compacted := raft.Restored{
		Term: tb.node(3).term, Floor: last.Mark(), Configuration: tb.node(3).engine.core.Configuration(),
		ConfigurationIndex: last.Index,
	}
	if _, err := New(o, compacted, last.Index); !errors.Is(err, raftlog.ErrLaterBuild) {
		t.Errorf("its log, in which the configuration is all that is left, is opened: %v", err)
	}
}

// S40: node 3 is set back and connects to node 2 first. The leader, 1, has not noticed yet, raises the level, and dies.
// Node 2 has the entry, and would lead with the vote of node 3.
func TestNothingGoesToANodeThatWasSetBack(t *testing.T) {
	tb := builds(t, 2, 2, 2)
	leader, wait := tb.node(1).engine, raiseAbsences*uint64(DefaultOptions().AbsentTicks)
	for range 2 * raiseTicks {
		if tb.ticks(1); leader.tick-leader.levels.since == wait-1 {
			break
		}
	}
	tb.restart(3, 1, 2)
	if err := tb.arrive(2, tb.node(3).hello()); err != nil {
		t.Fatal(err)
	}
	tb.lose = func(m *Message) bool { return m.From == 1 && m.To == 3 } // they are not connected
	tb.ticks(5, 1, 2)
	if tb.level(1) != 2 || tb.level(2) != 2 || tb.level(3) != 1 {
		t.Fatalf("the levels are %d, %d and %d", tb.level(1), tb.level(2), tb.level(3))
	}
	tb.crash(1)
	tb.lose = nil
	tb.ticks(3 * DefaultOptions().ElectionTicks) // a turn of node 3 that meets an entry of level 2 fails the test
	if len(tb.node(3).log) == len(tb.node(2).log) {
		t.Fatal("node 3 has the log of node 2")
	}
	tb.restart(3, 2, 3)
	if err := tb.arrive(2, tb.node(3).hello()); err != nil {
		t.Fatal(err)
	}
	tb.elect(2)
	tb.ticks(raiseTicks)
	if tb.level(3) != 2 {
		t.Fatal("node 3 does not follow with its new build")
	}
}

// lostRaise is a table of which node 1 alone has the entry that raises the level. It is down, and the others were set
// back.
func lostRaise(t *testing.T) *table {
	t.Helper()
	tb := builds(t, 2, 2, 2)
	tb.submitAndSettle(1, "a")
	leader, wait := tb.node(1).engine, raiseAbsences*uint64(DefaultOptions().AbsentTicks)
	for range 2 * raiseTicks {
		if tb.ticks(1); leader.tick-leader.levels.since == wait-1 {
			break
		}
	}
	tb.cut(1)
	tb.ticks(5)
	if tb.level(1) != 2 || tb.level(2) != 1 || tb.level(3) != 1 {
		t.Fatalf("the levels are %d, %d and %d", tb.level(1), tb.level(2), tb.level(3))
	}
	tb.crash(1)
	tb.lose = nil
	for id := raftlog.NodeID(2); id <= 3; id++ {
		tb.restart(id, 1, 2)
	}
	for id := raftlog.NodeID(2); id <= 3; id++ {
		tb.introduceTo(id)
	}
	return tb
}

// S40: the raise was lost with its leader, and the others were set back and go on. When that leader is back they are
// let in, by their proof, and take the raise away; before they have one they are refused.
func TestALostRaiseIsTakenFromItsLeader(t *testing.T) {
	tb := lostRaise(t)
	before := tb.node(3).hello()
	tb.elect(2)
	tb.submitAndSettle(2, "b")
	tb.restart(1, 2, 2)
	if err := tb.arrive(1, before); !errors.Is(err, ErrLevel) {
		t.Fatalf("node 3 has proved nothing yet: %v", err)
	}
	for id := raftlog.NodeID(2); id <= 3; id++ {
		if err := tb.arrive(1, tb.node(id).hello()); err != nil {
			t.Fatalf("node 1 refuses node %d: %v", id, err)
		}
		if err := tb.arrive(id, tb.node(1).hello()); err != nil {
			t.Fatal(err)
		}
	}
	tb.ticks(3 * DefaultOptions().ElectionTicks)
	tb.expect(tb.submitAndSettle(1, "c"), Done)
	tb.expectApplied("a", "b", "c")
	if got := tb.level(1); got != 1 {
		t.Fatalf("node 1 is at level %d", got)
	}
	for id := raftlog.NodeID(2); id <= 3; id++ { // and they are upgraded in the end
		tb.restart(id, 2, 3)
		tb.introduceTo(id)
		for _, other := range []raftlog.NodeID{1, 5 - id} {
			if err := tb.arrive(other, tb.node(id).hello()); err != nil {
				t.Fatal(err)
			}
		}
	}
	tb.ticks(2*raiseTicks + 3*DefaultOptions().ElectionTicks)
	for _, s := range tb.nodes {
		if got := tb.level(s.id); got != 2 {
			t.Errorf("node %d is at level %d in the end", s.id, got)
		}
	}
}

// S40: a node that has a raise which may be committed lets no older one in, however long that one waits; and what it
// knows to be committed, no proof can undo.
func TestAProofIsALaterTermThanTheRaise(t *testing.T) {
	tb := lostRaise(t)
	tb.restart(1, 2, 2)
	raise, _ := tb.node(1).engine.core.RaisedAbove(1)
	for term, in := range map[raftlog.Term]bool{raise.Term - 1: false, raise.Term: false, raise.Term + 1: true} {
		older := tb.node(2).hello()
		older.DurableTerm, older.Term = term, term
		if err := tb.arrive(1, older); (err == nil) != in {
			t.Errorf("the log of the older node ends in term %d, that of the raise is %d: %v", term, raise.Term, err)
		}
	}
	committed := builds(t, 2, 2, 2)
	committed.ticks(raiseTicks)
	older := committed.node(3).hello()
	older.Boot, older.Start, older.Level, older.DurableTerm, older.Term = 7, 2, 1, 99, 99
	if err := committed.arrive(2, older); !errors.Is(err, ErrLevel) {
		t.Errorf("the raise is committed: %v", err)
	}
}

// S40: an older node was let in by its proof, and the node with the raise is elected all the same: by others of the new
// build. The older one gets nothing of its log.
func TestALeaderWithALostRaiseFeedsNoOlderNode(t *testing.T) {
	tb := lostRaise(t)
	tb.elect(2)
	tb.submitAndSettle(2, "b")
	tb.crash(2)
	tb.restart(1, 2, 2)
	if err := tb.arrive(1, tb.node(3).hello()); err != nil {
		t.Fatal(err)
	}
	tb.lose = func(m *Message) bool { return m.From == 3 }
	asked := false
	for range 3 * DefaultOptions().ElectionTicks {
		tb.ticks(1, 1)
		asked = asked || tb.node(1).engine.core.Role() == raft.PreCandidate
		for _, m := range tb.node(1).out.Messages {
			if m.To == 3 && !m.isFollowers() {
				t.Fatalf("node 3 is sent %v", m)
			}
		}
	}
	if !asked {
		t.Fatal("node 1 did not campaign")
	}
}
