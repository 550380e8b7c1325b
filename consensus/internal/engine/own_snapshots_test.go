package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// newSnapshotTable is a table whose nodes take a snapshot whenever they applied so many bytes.
func newSnapshotTable(t *testing.T, n int, logBytes int64, weakened ...guard.Guard) *table {
	t.Helper()
	tb := newTable(t, n)
	tb.adjust = func(o *Options) {
		o.SnapshotLogBytes = logBytes
		o.MaxInflightMessages, o.MaxMessageBytes = 16, 16 // little stays in memory for followers that are behind
	}
	for _, s := range tb.nodes {
		tb.boot(s, raftlog.Boot(100+s.id), weakened...)
	}
	tb.elect(1)
	tb.settle()
	return tb
}

func TestASnapshotIsTakenWheneverTheLogHasGrown(t *testing.T) {
	tb := newSnapshotTable(t, 3, 1000)
	tb.commands(2, "c", 100)
	tb.ticks(2 * trimTicks)
	for _, s := range tb.nodes {
		state := s.engine.State()
		weight := int64(SizeOf(s.log))
		if state.SnapshotsTaken < uint64(weight/2000) || state.SnapshotsTaken > uint64(weight/1000) {
			t.Errorf("node %d took %d snapshots of a log of %d bytes", s.id, state.SnapshotsTaken, weight)
		}
		if state.SnapshotUnderway || state.LastSnapshotError != "" {
			t.Errorf("node %d at rest: %+v", s.id, state)
		}
		if !state.Snapshot.Same(s.inForce) || !state.Retained.Same(s.retained) {
			t.Errorf("node %d has %v and %v in force, and says %v and %v", s.id, s.inForce, s.retained,
				state.Snapshot, state.Retained)
		}
		if len(s.files) != 2 {
			t.Errorf("node %d keeps %d files", s.id, len(s.files))
		}
		if s.trimmed != s.retained.Index {
			t.Errorf("node %d cut history at %d, its older snapshot is at %v", s.id, s.trimmed, s.retained.Mark)
		}
	}
}

func TestANewSnapshotWaitsForAsMuchLogAsTheLastOne(t *testing.T) {
	tb := newSnapshotTable(t, 1, 200)
	s := tb.node(1)
	large := func(n int) { tb.commands(1, strings.Repeat("x", 500), n) }
	large(20)
	before, weight := s.engine.State().SnapshotsTaken, int64(s.inForce.FileBytes)
	if weight < 5000 {
		t.Fatalf("a file of %d bytes", weight)
	}
	applied := func() int64 { return s.engine.snapshots.bytes }
	for s.engine.State().SnapshotsTaken == before {
		if applied() > weight+1000 {
			t.Fatalf("no snapshot after %d bytes, the last one weighs %d", applied(), weight)
		}
		large(1)
	}
	if file := s.inForce; int64(file.FileBytes) < weight+weight/2 {
		t.Fatalf("a snapshot of %d bytes after one of %d", file.FileBytes, weight)
	}
}

func TestNoSnapshotIsTakenByItselfWithALimitOfZero(t *testing.T) {
	tb := newSnapshotTable(t, 1, 0)
	tb.commands(1, strings.Repeat("x", 1000), 200)
	tb.ticks(100)
	if s := tb.node(1); s.inForce != nil || s.engine.State().SnapshotsEnded != 0 {
		t.Fatalf("it took %v", s.inForce.Mark)
	}
	tb.snapshot(1)
}

// I16: A snapshot is a function of the log: nodes that freeze at the same index, whatever their own history, write the
// same file.
func TestNodesFreezeTheSameFileAtTheSameIndex(t *testing.T) {
	tb := newSnapshotTable(t, 3, 0)
	tb.commands(2, "a", 5)
	tb.change(1, membership.Change{Update: []membership.Member{{ID: 3, Address: "n3:2"}}})
	tb.commands(3, "b", 5)
	tb.snapshot(2) // this one restarts from a snapshot
	tb.commands(1, "c", 5)
	tb.crash(2)
	tb.settle()
	tb.boot(tb.node(2), 202)
	tb.ticks(20)
	var marks []raftlog.SnapshotMark
	for _, s := range tb.nodes {
		marks = append(marks, tb.snapshot(s.id))
	}
	for _, m := range marks[1:] {
		if !m.Same(&marks[0]) || string(m.Configuration) != string(marks[0].Configuration) {
			t.Fatalf("snapshots %+v and %+v of the same log", marks[0], m)
		}
	}
	base := tb.node(2).files[marks[0].FileHash].base
	c, err := membership.Decode(base.Configuration)
	if err != nil || membership.Find(c, 3).Address != "n3:2" || base.ClusterID != 1 || base.HashSeed != testSeed ||
		base.Level != Level || base.Time.Stamp < 1000 {
		t.Fatalf("the base is %+v, %v", base, err)
	}
}

// E1: A state is not frozen behind an entry that is applied but not durable here:
//
//  1. Node 3 applies what 1 and 2 hold; its own disk stands still.
//  2. A snapshot of that would be beyond its log after a crash.
func TestNothingIsFrozenAboveTheDurableMark(t *testing.T) {
	tb := newSnapshotTable(t, 3, 0)
	tb.commands(1, "before", 1)
	s := tb.node(3)
	s.holdDisk = true
	tb.commands(1, "during", 3)
	tb.ticks(DefaultOptions().HeartbeatTicks)
	if s.applier.Applied() <= s.engine.core.Durable() {
		t.Fatal("nothing is applied that is not durable")
	}
	s.in.TakeSnapshot = true
	tb.ticks(3)
	if len(s.frozenAt) != 0 {
		t.Fatalf("frozen at %v, durable up to %d", s.frozenAt, s.engine.core.Durable())
	}
	tb.commands(1, "more", 2) // the second tells node 3 that the first is committed
	if s.engine.core.Commit() <= s.engine.handed {
		t.Fatal("nothing is held back")
	}
	if s.machine.count("more-0") != 0 {
		t.Fatal("a node that is to freeze its state runs ahead of its disk")
	}
	s.holdDisk = false
	tb.ticks(1)
	if len(s.frozenAt) != 1 || s.inForce == nil || s.inForce.Index > s.log[len(s.log)-1].Index {
		t.Fatalf("frozen at %v, in force is %v", s.frozenAt, s.inForce)
	}
}

// P8: A disk that hangs does not keep a node from applying for long, only from taking a snapshot.
func TestAFreezeThatWaitsForAHungDiskIsPutOff(t *testing.T) {
	tb := newSnapshotTable(t, 3, 0)
	s := tb.node(3)
	s.holdDisk = true
	tb.commands(1, "a", 3)
	tb.ticks(DefaultOptions().HeartbeatTicks)
	s.in.TakeSnapshot = true
	tb.commands(1, "b", 1)
	if s.machine.count("b-0") != 0 {
		t.Fatal("it does not wait")
	}
	tb.ticks(DefaultOptions().ElectionTicks + DefaultOptions().HeartbeatTicks)
	if s.machine.count("b-0") != 1 {
		t.Fatal("it waits for ever")
	}
	if state := s.engine.State(); len(s.frozenAt) != 0 || state.SnapshotUnderway || state.SnapshotsEnded != 1 ||
		state.SnapshotsFailed != 1 || !strings.Contains(state.LastSnapshotError, "disk") {
		t.Fatalf("frozen at %v, %+v", s.frozenAt, state)
	}
}

// P8: Right after a snapshot there is nothing durable to freeze. One that is asked for in the turn that hears of a
// commit does not keep the node from applying either, when its disk hangs.
func TestAFreezeThatHasNothingDurableToFreezeIsPutOff(t *testing.T) {
	tb := newSnapshotTable(t, 3, 0)
	s := tb.node(3)
	tb.commands(1, "a", 3)
	tb.ticks(DefaultOptions().HeartbeatTicks)
	tb.snapshot(3)
	s.holdDisk = true
	tb.commands(1, "b", 1)
	news := tb.hold(func(m *Message) bool { return m.To == 3 && m.Kind == raft.Append })
	tb.commands(1, "c", 1)
	s.in.TakeSnapshot = true
	s.in.Messages = append(s.in.Messages, (*news)...)
	tb.lose = nil
	tb.turn(s)
	if e := s.engine; e.core.Commit() <= e.core.Durable() || s.machine.count("b-0") != 0 {
		t.Fatalf("commit %d, durable %d: it does not wait", e.core.Commit(), e.core.Durable())
	}
	tb.ticks(DefaultOptions().ElectionTicks + DefaultOptions().HeartbeatTicks)
	if s.machine.count("b-0") != 1 {
		t.Fatal("it waits for ever")
	}
	if state := s.engine.State(); state.SnapshotUnderway || state.SnapshotsFailed != 1 {
		t.Fatalf("%+v", state)
	}
}

// E10.
func TestSnapshotsInAShortTimeAreTakenOneAfterTheOther(t *testing.T) {
	tb := newSnapshotTable(t, 1, 0)
	s := tb.node(1)
	s.holdTake = true // the harness fails when a second state is frozen
	for i := range 5 {
		s.in.TakeSnapshot = true
		tb.commands(1, fmt.Sprint("c", i), 1)
		tb.ticks(1)
	}
	if len(s.frozen) != 1 || !s.engine.State().SnapshotUnderway {
		t.Fatalf("%d states are frozen", len(s.frozen))
	}
	s.holdTake = false
	tb.apply(s)
	tb.settle()
	if state := s.engine.State(); state.SnapshotsTaken != 1 || state.SnapshotsEnded != 1 || state.SnapshotUnderway {
		t.Fatalf("%+v", state)
	}
}

func TestASnapshotOfNothingNewIsNotTaken(t *testing.T) {
	tb := newSnapshotTable(t, 1, 0)
	s := tb.node(1)
	mark := tb.snapshot(1)
	for i := range uint64(3) {
		s.in.TakeSnapshot = true
		tb.settle()
		state := s.engine.State()
		if state.SnapshotsTaken != 1 || state.SnapshotsEnded != 2+i || state.SnapshotsFailed != 0 ||
			state.SnapshotUnderway || !s.inForce.Same(&mark) {
			t.Fatalf("%+v", state)
		}
	}
}

// F18: No space is a state: the status tells it, the log stays, and attempts come further and further apart.
func TestASnapshotThatFindsNoSpaceIsTriedAgain(t *testing.T) {
	tb := newSnapshotTable(t, 1, 500)
	s := tb.node(1)
	s.takeError = fmt.Errorf("%w: no space", ErrUnavailable)
	attempts := func(ticks int) int {
		before := len(s.frozenAt)
		for range ticks {
			tb.submit(1, "more")
			tb.ticks(1)
		}
		return len(s.frozenAt) - before
	}
	early, late := attempts(8*snapshotRetryTicks), attempts(8*snapshotRetryTicks)
	if early < 3 || late > early/2 || late == 0 && attempts(64*snapshotRetryTicks) == 0 {
		t.Fatalf("%d attempts, then %d", early, late)
	}
	if state := s.engine.State(); state.Snapshot != nil || !strings.Contains(state.LastSnapshotError, "no space") ||
		state.SnapshotsEnded != uint64(len(s.frozenAt)) || state.SnapshotsFailed != state.SnapshotsEnded || s.trimmed != 0 {
		t.Fatalf("%+v", state)
	}
	s.takeError = nil
	asked := len(s.frozenAt)
	tb.snapshot(1) // an operator made room, and asks for one: it does not wait
	if len(s.frozenAt) != asked+1 || s.engine.State().LastSnapshotError != "" {
		t.Fatalf("frozen at %v", s.frozenAt)
	}
}

// An attempt that failed does not make the log lighter.
func TestWhatAFailedSnapshotWouldHaveCoveredStillCounts(t *testing.T) {
	tb := newSnapshotTable(t, 1, 1000)
	s := tb.node(1)
	s.takeError = errors.Join(ErrUnavailable)
	tb.commands(1, strings.Repeat("x", 1000), 1)
	if len(s.frozenAt) != 1 {
		t.Fatalf("frozen at %v", s.frozenAt)
	}
	s.takeError = nil
	tb.ticks(snapshotRetryTicks + 1)
	if s.inForce == nil {
		t.Fatal("the next attempt waits for more log")
	}
}

// E7: While a list of files is carried out nothing begins that is not on it:
//
//  1. The remover is slow. 2. A snapshot is asked for: the state is small, its file would be whole at once.
//  3. The remover comes to its list, on which that file is not.
func TestNoFileIsBegunWhileAListIsCarriedOut(t *testing.T) {
	tb := newSnapshotTable(t, 1, 0)
	s := tb.node(1)
	s.holdRetain = true
	tb.snapshot(1)
	if s.retain == nil {
		t.Fatal("no list")
	}
	tb.commands(1, "c", 1)
	s.in.TakeSnapshot = true
	tb.ticks(5)
	if len(s.frozenAt) != 1 || !s.engine.State().SnapshotUnderway {
		t.Fatalf("frozen at %v", s.frozenAt)
	}
	s.holdRetain = false
	tb.turn(s)
	tb.settle()
	if len(s.frozenAt) != 2 || len(s.files) != 2 {
		t.Fatalf("frozen at %v, %d files", s.frozenAt, len(s.files))
	}
}

// E4: The steps of taking a snapshot, and a crash after each: the node comes back with all that it had acknowledged,
// and with a file for whatever its journal names (the harness looks).
func TestACrashAtEachStepOfTakingASnapshotLosesNothing(t *testing.T) {
	for name, hold := range map[string]func(*testNode){
		"frozen":          func(s *testNode) { s.holdTake = true },
		"written":         func(s *testNode) { s.holdDisk = true },
		"named":           func(s *testNode) { s.holdRetain = true },
		"old files gone":  func(s *testNode) {},
		"nothing applied": func(s *testNode) { s.holdApply = true },
	} {
		tb := newSnapshotTable(t, 1, 0)
		s := tb.node(1)
		first := tb.snapshot(1)
		want := tb.commands(1, "c", 4)
		want = append(want, tb.commands(1, "d", 1)...)
		hold(s)
		s.in.TakeSnapshot = true
		tb.ticks(2 * trimTicks)
		tb.crash(1)
		tb.boot(s, 201)
		tb.elect(1)
		tb.settle()
		if !slices.Equal(s.machine.applied, want) {
			t.Errorf("%s: after the restart %q, want %q", name, s.machine.applied, want)
		}
		if advanced := !s.inForce.Same(&first); advanced != (name == "named" || name == "old files gone") {
			t.Errorf("%s: in force is %v", name, s.inForce.Mark)
		}
		tb.commands(1, "e", 1)
		tb.snapshot(1)
		if len(s.files) != 2 {
			t.Errorf("%s: %d files in the end", name, len(s.files))
		}
	}
}

// E14: A follower that is a little slow holds history up, within bounds: it gets entries, and no snapshot.
func TestASlowFollowerKeepsHistoryWithinItsBound(t *testing.T) {
	tb := newSnapshotTable(t, 3, 0)
	leader := tb.node(1)
	leader.engine.options.MaxHistoryBytes = 20_000
	acks := tb.hold(func(m *Message) bool { return m.From == 3 && m.Kind == raft.AppendReply && !m.Reject })
	tb.commands(1, "c", 5)
	for range 3 {
		tb.snapshot(1)
		tb.commands(1, "d", 1)
	}
	tb.ticks(2 * trimTicks)
	lacks := leader.engine.acknowledged(3) + 1
	if len(*acks) == 0 || leader.trimmed >= lacks || leader.trimmed > leader.retained.Index {
		t.Fatalf("history is cut at %d; node 3 lacks %d", leader.trimmed, lacks)
	}
	tb.commands(1, strings.Repeat("x", 1000), 25) // beyond the bound, and this node needs it itself
	tb.ticks(2 * trimTicks)
	if leader.trimmed >= lacks {
		t.Fatalf("history is cut at %d for what the node itself needs, node 3 lacks %d", leader.trimmed, lacks)
	}
	for range 3 {
		tb.snapshot(1)
		tb.commands(1, "e", 1)
	}
	tb.ticks(3 * trimTicks) // one to cut, one to look, one to cut again
	if leader.trimmed != leader.retained.Index || leader.trimmed < lacks {
		t.Fatalf("history is cut at %d, the older snapshot is at %v", leader.trimmed, leader.retained.Mark)
	}
}

// H14: A reader of committed entries keeps history on its node, leader or not, and only within the bound.
func TestASlowReaderKeepsHistoryWithinItsBound(t *testing.T) {
	tb := newSnapshotTable(t, 3, 1000) // a history of 4000 bytes is kept at most
	leader, follower, other := tb.node(1), tb.node(2), tb.node(3)
	leader.needed, follower.needed = 7, 8
	tb.commands(1, "c", 35)
	tb.ticks(2 * trimTicks)
	for _, s := range []*testNode{leader, follower, other} {
		if s.retained == nil || s.retained.Index <= 8 {
			t.Fatalf("node %d has the older snapshot %v: the test proves nothing", s.id, s.retained)
		}
	}
	if leader.trimmed != 6 || follower.trimmed != 7 || other.trimmed != other.retained.Index {
		t.Errorf("history is cut at %d, %d and %d; entries 7 and 8 are needed, and none of the third",
			leader.trimmed, follower.trimmed, other.trimmed)
	}
	tb.commands(1, "d", 80) // beyond the bound, also without what the nodes need themselves
	tb.ticks(3 * trimTicks) // one to cut, one to look, one to cut again
	for _, s := range []*testNode{leader, follower} {
		if s.trimmed != s.retained.Index {
			t.Errorf("node %d cut history at %d, its older snapshot is at %v", s.id, s.trimmed, s.retained.Mark)
		}
	}
}

// H14: What is too much for a reader and a follower goes for the reader first:
//
//  1. A reader that is not read lacks more than the bound. A follower that fetches a snapshot lacks little.
//  2. The bound is exceeded. What the follower lacks stays, unless that alone is beyond the bound.
func TestASlowReaderTakesNothingFromAFollower(t *testing.T) {
	tb := newSnapshotTable(t, 3, 0)
	leader := tb.node(1)
	leader.engine.options.MaxHistoryBytes = 20_000
	leader.needed = 2
	tb.commands(1, strings.Repeat("x", 1000), 30)
	acks := tb.hold(func(m *Message) bool { return m.From == 3 && m.Kind == raft.AppendReply && !m.Reject })
	large := leader.engine.acknowledged(3)
	compact := func() {
		for range 3 {
			tb.commands(1, "d", 1)
			tb.snapshot(1)
		}
		tb.ticks(6 * trimTicks)
	}
	compact()
	lacks := leader.engine.acknowledged(3) + 1
	if len(*acks) == 0 || lacks > leader.retained.Index {
		t.Fatalf("node 3 lacks %d, the older snapshot is at %v", lacks, leader.retained.Mark)
	}
	if leader.trimmed >= lacks || leader.trimmed < large {
		t.Fatalf("history is cut at %d; node 3 lacks %d, a reader that needs too much lacks 2", leader.trimmed, lacks)
	}
	leader.needed = lacks // it has read on, as far as the follower
	tb.commands(1, strings.Repeat("x", 1000), 25)
	compact()
	if leader.trimmed != leader.retained.Index {
		t.Fatalf("history is cut at %d, the older snapshot is at %v", leader.trimmed, leader.retained.Mark)
	}
}

// E6: The log may now remove what it could not remove the last time: the engine asks again and again.
func TestHistoryIsCutAgainAndAgain(t *testing.T) {
	tb := newSnapshotTable(t, 1, 0)
	tb.compact(1)
	before := tb.node(1).trims
	tb.ticks(5 * trimTicks)
	if got := tb.node(1).trims - before; got < 4 || got > 6 {
		t.Fatalf("asked %d times", got)
	}
}
