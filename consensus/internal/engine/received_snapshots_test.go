package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// behind is a table of three whose node 3 was down while the others compacted the log away that it lacks. Node 3 is up
// again and has not heard of anything; the mark is that of the leader's newest snapshot.
func behind(t *testing.T) (tb *table, leader, late *testNode, mark raftlog.SnapshotMark) {
	t.Helper()
	tb, leader, late, mark = strayed(t)
	tb.crash(3)
	tb.lose = nil
	tb.boot(late, 203)
	return tb, leader, late, mark
}

// strayed is the same with a node 3 that runs all the time, and still has no connection.
func strayed(t *testing.T) (tb *table, leader, late *testNode, mark raftlog.SnapshotMark) {
	t.Helper()
	tb = newSnapshotTable(t, 3, 0)
	tb.commands(1, "early", 3)
	tb.ticks(DefaultOptions().HeartbeatTicks)
	tb.cut(3)
	tb.ticks(2 * DefaultOptions().ElectionTicks) // the leader forgets about its needs
	tb.commands(1, "late", 5)
	tb.compact(2)
	mark = tb.compact(1)
	tb.commands(1, "after", 2)
	return tb, tb.node(1), tb.node(3), mark
}

// untilAnnounced lets time pass until node 3 asks for a file.
func (tb *table) untilAnnounced() {
	tb.t.Helper()
	s := tb.node(3)
	before := len(s.requests)
	for range 200 {
		if tb.ticks(1); len(s.requests) > before {
			return
		}
	}
	tb.t.Fatal("no snapshot is announced")
}

func (tb *table) expectLevel() {
	tb.t.Helper()
	tb.ticks(20)
	tb.expectApplied(tb.node(1).machine.applied...)
	if len(tb.node(3).log) == 0 || tb.node(3).log[len(tb.node(3).log)-1].Mark() != tb.node(1).engine.core.Last() {
		tb.t.Fatalf("node 3 has a log of %d entries", len(tb.node(3).log))
	}
}

func TestANodeBehindTheLogInstallsASnapshotAndGoesOn(t *testing.T) {
	tb, leader, late, mark := behind(t)
	tb.untilAnnounced()
	tb.ticks(20)
	state := late.engine.State()
	if state.SnapshotsInstalled != 1 || !state.Snapshot.Same(&mark) || state.Retained != nil ||
		state.Install != (InstallStatus{}) || late.floor.Mark != mark.Mark {
		t.Fatalf("%+v, the log begins behind %v", state, late.floor.Mark)
	}
	if r := late.requests; len(r) != 1 || r[0].From != 1 || !r[0].Snapshot.Same(&mark) {
		t.Fatalf("it asked for %+v", r)
	}
	if len(late.files) != 1 {
		t.Fatalf("it keeps %d files", len(late.files))
	}
	tb.expectLevel()
	through := tb.submit(3, "through 3")
	tb.settle()
	tb.expect(through, Done)
	if leader.engine.State().SnapshotsInstalled != 0 {
		t.Fatal("the leader installed something")
	}
	tb.snapshot(3)
	tb.crash(1)
	tb.elect(3) // it can do whatever the others can
	tb.commands(3, "led by 3", 2)
	tb.crash(3)
	tb.boot(late, 303)
	if late.applier.Applied() != late.inForce.Index {
		t.Fatalf("it starts at %d, its snapshot is at %v", late.applier.Applied(), late.inForce.Mark)
	}
}

// E8: E8, and what Status says meanwhile: a transfer that breaks is asked for again, for as long as it breaks.
func TestATransferThatBreaksIsAskedForAgain(t *testing.T) {
	tb, _, late, mark := behind(t)
	late.holdInstall = true
	tb.untilAnnounced()
	want := InstallStatus{From: 1, Mark: mark.Mark, FileBytes: mark.FileBytes}
	if got := late.engine.State().Install; got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	for i := range 3 {
		late.receiveError, late.holdInstall = fmt.Errorf("%w: the connection broke", ErrUnavailable), false
		tb.turn(late)
		late.holdInstall = true
		tb.untilAnnounced()
		state := late.engine.State()
		if !strings.Contains(state.LastFetchError, "broke") || state.SnapshotsInstalled != 0 {
			t.Fatalf("after %d breaks: %+v", i+1, state)
		}
		if state.LastSnapshotError != "" || state.SnapshotsFailed != 0 {
			t.Fatalf("a snapshot of its own has failed, says %+v", state)
		}
	}
	tb.lose = func(m *Message) bool { return m.Kind == raft.Install }
	late.receiveError, late.holdInstall = ErrUnavailable, false
	tb.turn(late)
	tb.settle()
	late.engine.snapshots.retire = true
	tb.turn(late)
	if list := late.out.Retain; !slices.ContainsFunc(list, func(m raftlog.SnapshotMark) bool { return m.Same(&mark) }) {
		t.Fatalf("what has come of the file is thrown away: kept are %v", list)
	}
	tb.lose, late.holdInstall = nil, true
	tb.untilAnnounced()
	late.holdInstall = false
	tb.turn(late)
	tb.ticks(20)
	if state := late.engine.State(); state.SnapshotsInstalled != 1 || state.LastFetchError != "" {
		t.Fatalf("%+v", state)
	}
	tb.expectLevel()
}

// E7: A list of files that is still to be carried out may not name the one that is announced now.
func TestNoFileIsFetchedWhileAListIsCarriedOut(t *testing.T) {
	tb, _, late, mark := strayed(t)
	late.holdRetain = true
	tb.snapshot(3)
	tb.lose = nil
	tb.ticks(50)
	if late.retain == nil || len(late.requests) != 0 || late.engine.State().Install.Mark != mark.Mark {
		t.Fatalf("asked for %+v while the list %v is carried out", late.requests, late.retain)
	}
	late.holdRetain = false
	tb.turn(late)
	tb.expectLevel()
}

// E5: The state jumps only when the journal names the snapshot, and no entry is applied between the beginning of a new
// log and the jump.
func TestNothingIsAppliedWhileASnapshotIsInstalled(t *testing.T) {
	tb, _, late, mark := behind(t)
	late.holdInstall = true
	tb.untilAnnounced()
	before := late.applier.Applied()
	late.holdInstall, late.holdDisk = false, true
	tb.turn(late)
	tb.ticks(20)
	if state := late.engine.State(); state.Commit < mark.Index || state.FirstInMemory != mark.Index+1 {
		t.Fatalf("the log has not begun anew: %+v", state)
	}
	if late.applier.Applied() != before || len(late.work) != 0 {
		t.Fatalf("applied up to %d, it was %d", late.applier.Applied(), before)
	}
	if state := late.engine.State(); state.Applied != before || !state.Install.Here || state.SnapshotsInstalled != 0 {
		t.Fatalf("%+v", state)
	}
	read := tb.read(3)
	tb.ticks(5)
	tb.expectRead(read, Pending)
	late.holdDisk = false
	tb.ticks(1)
	tb.expectRead(read, Done)
	tb.expectLevel()
}

// E1: The pumps rest before the log begins anew: see install.
func TestTheLogBeginsAnewOnlyWhenThePumpsRest(t *testing.T) {
	for name, hold := range map[string]func(*testNode, bool){
		"filler":  func(s *testNode, on bool) { s.holdFill = on },
		"applier": func(s *testNode, on bool) { s.holdApply = on },
	} {
		tb, _, late, mark := behind(t)
		hold(late, true) // the harness fails when it writes what the new history does not hold
		tb.ticks(100)
		if core := late.engine.core; core.FirstInMemory() > mark.Index || len(late.files) == 0 {
			t.Fatalf("%s: the log begins at %d, %d files", name, core.FirstInMemory(), len(late.files))
		}
		hold(late, false)
		tb.turn(late)
		tb.settle()
		if late.engine.State().SnapshotsInstalled != 1 {
			t.Fatalf("%s: not installed: %+v", name, late.engine.State())
		}
		tb.expectLevel()
	}
}

// E1: Entries that a leader of the past was asked for are still being read when it is to begin its log anew.
func TestTheLogBeginsAnewOnlyWhenTheOldOneIsNotRead(t *testing.T) {
	tb, _, late, mark := behind(t)
	late.engine.snapshots.fetches = 1
	tb.ticks(100)
	if late.engine.core.FirstInMemory() > mark.Index || !late.engine.State().Install.Here {
		t.Fatalf("%+v", late.engine.State())
	}
	late.in.Fetched = []Fetched{{To: 2}}
	tb.expectLevel()
}

// While the file is fetched the leader finds that it can serve the log after all: the file is not waited for.
func TestAnInstallThatTheLogOvertakesIsGivenUp(t *testing.T) {
	tb, leader, late, mark := behind(t)
	late.receiveError = fmt.Errorf("%w: the connection broke", ErrUnavailable)
	tb.untilAnnounced()
	tb.turn(late)
	if late.engine.State().LastFetchError == "" {
		t.Fatal("the broken connection is not reported")
	}
	late.holdInstall = true
	tb.untilAnnounced()
	tb.crash(1)
	other := tb.node(2)
	other.trimmed = 0 // as if it had kept its history
	tb.elect(2)
	for range 100 {
		tb.ticks(1)
	}
	commit := late.engine.core.Commit()
	if late.stops != 1 || commit < mark.Index || late.floor.Mark.Index != 0 {
		t.Fatalf("stopped %d times, commit %d, the log begins behind %v", late.stops, commit, late.floor.Mark)
	}
	state := late.engine.State()
	if state.SnapshotsInstalled != 0 || state.Install != (InstallStatus{}) || state.LastFetchError != "" {
		t.Fatalf("%+v", state)
	}
	tb.boot(leader, 301)
	tb.expectLevel()
}

// E1: A file is here, and the log has come to hold what it covers; old entries are read for others without a pause, as
// a leader does for followers that are far behind. The applier does not wait for the end of that: the log stays.
func TestAFileThatTheLogHasOvertakenHaltsNothing(t *testing.T) {
	tb, _, late, mark := behind(t)
	late.engine.snapshots.fetches = 1
	tb.untilAnnounced()
	tb.ticks(1)
	if !late.engine.State().Install.Here {
		t.Fatalf("the file is not here: %+v", late.engine.State())
	}
	tb.crash(1)
	tb.node(2).trimmed = 0 // as if it had kept its history
	tb.elect(2)
	tb.ticks(100)
	state := late.engine.State()
	if state.Commit < mark.Index || state.Install != (InstallStatus{}) || state.SnapshotsInstalled != 0 {
		t.Fatalf("%+v", state)
	}
	if state.Applied != state.Commit {
		t.Fatalf("applied up to %d of %d, although nothing is installed", state.Applied, state.Commit)
	}
	late.in.Fetched = []Fetched{{To: 2}}
	tb.boot(tb.node(1), 301)
	tb.expectLevel()
}

// F24: The part of a file that was given up is not needed: it goes at once, for another one may never be fetched.
func TestThePartOfAFileThatTheLogHasOvertakenIsRemoved(t *testing.T) {
	tb, leader, late, mark := behind(t)
	late.holdInstall = true
	tb.untilAnnounced()
	tb.crash(1)
	tb.node(2).trimmed = 0 // as if it had kept its history
	tb.elect(2)
	tb.ticks(100)
	if late.stops != 1 || late.engine.core.Commit() < mark.Index {
		t.Fatalf("stopped %d times, commit %d", late.stops, late.engine.core.Commit())
	}
	part := &storedFile{mark: mark}
	late.files[mark.FileHash] = part
	tb.boot(leader, 301)
	tb.commands(2, "x", 2)
	tb.snapshot(3)
	if late.files[mark.FileHash] != nil {
		t.Fatalf("what there is of %v is kept, in force is %v", mark.Mark, late.inForce.Mark)
	}
	tb.expectLevel()
}

// E3: E3: a snapshot of the node's own that is written while a newer one is installed comes too late.
func TestAnOwnSnapshotThatEndsAfterAnInstallIsDropped(t *testing.T) {
	tb, _, late, mark := strayed(t)
	late.holdTake = true
	late.in.TakeSnapshot = true
	tb.ticks(1)
	if len(late.frozen) != 1 {
		t.Fatal("nothing is frozen")
	}
	tb.lose = nil
	tb.untilAnnounced()
	tb.ticks(20)
	if !late.inForce.Same(&mark) {
		t.Fatalf("in force is %v", late.inForce)
	}
	late.holdTake = false
	tb.take(late)
	tb.settle()
	state := late.engine.State()
	if !late.inForce.Same(&mark) || state.SnapshotsTaken != 0 || state.SnapshotsEnded != 1 || state.SnapshotUnderway {
		t.Fatalf("in force is %v, %+v", late.inForce.Mark, state)
	}
	if len(late.files) != 1 {
		t.Fatalf("%d files are kept", len(late.files))
	}
	tb.expectLevel()
}

// E10: A node that fetches a snapshot freezes nothing of its own, which would be older.
func TestNoSnapshotIsTakenWhileOneIsFetched(t *testing.T) {
	tb, _, late, _ := strayed(t)
	tb.lose = nil
	late.holdInstall = true
	tb.untilAnnounced()
	late.in.TakeSnapshot = true
	tb.ticks(10)
	if len(late.frozenAt)+len(late.frozen) != 0 {
		t.Fatal("it froze a state")
	}
	late.holdInstall = false
	tb.turn(late)
	tb.expectLevel()
	if state := late.engine.State(); state.SnapshotsInstalled != 1 || state.SnapshotUnderway || state.SnapshotsEnded != 1 {
		t.Fatalf("%+v", state) // what was asked for is taken, or needless, afterwards
	}
	if bytes := late.engine.snapshots.bytes; bytes > int64(SizeOf(late.log)) {
		t.Fatalf("%d bytes count as applied since the snapshot, the log has %d", bytes, SizeOf(late.log))
	}
}

// S21: The steps of an install, and a crash after each: the node has the old log or the new one, a file for what its
// journal names (the harness looks), and comes level.
func TestACrashAtEachStepOfAnInstallLeavesOneOfTheTwoLogs(t *testing.T) {
	for name, hold := range map[string]func(*testNode){
		"asked for": func(s *testNode) { s.holdInstall = true },
		"here":      func(s *testNode) { s.engine.snapshots.fetches = 1 }, // old entries are being read
		"begun":     func(s *testNode) { s.holdDisk = true },
		"durable":   func(s *testNode) { s.holdApply = true },
		"restored":  func(s *testNode) { s.holdRetain = true },
		"done":      func(s *testNode) {},
	} {
		tb, _, late, mark := behind(t)
		late.holdInstall = true
		tb.untilAnnounced()
		late.holdInstall = false
		hold(late)
		tb.turn(late)
		tb.ticks(20)
		tb.crash(3)
		anew := late.floor.Mark == mark.Mark
		if want := name == "durable" || name == "restored" || name == "done"; anew != want {
			t.Errorf("%s: the log begins behind %v", name, late.floor.Mark)
		}
		tb.boot(late, 303)
		if anew && late.applier.Applied() != mark.Index {
			t.Errorf("%s: the restart applied %d", name, late.applier.Applied())
		}
		tb.expectLevel()
		if installed := late.engine.State().SnapshotsInstalled; installed != map[bool]uint64{true: 0, false: 1}[anew] {
			t.Errorf("%s: %d installs after the restart", name, installed)
		}
	}
}

// Nothing of a snapshot that this build cannot understand is used.
func TestASnapshotOfANewerLevelStopsTheNode(t *testing.T) {
	tb, _, late, mark := behind(t)
	late.holdInstall = true
	tb.untilAnnounced()
	base := tb.node(1).files[mark.FileHash].base
	base.Level = Level + 1
	late.in.Received = &Received{Mark: mark, State: base}
	late.engine.Turn(&late.in, &late.out)
	if err := late.out.Fatal; err == nil || !strings.Contains(err.Error(), "upgrade this node") {
		t.Fatalf("it goes on: %v", err)
	}
	late.down = true
}

// E14: The others go on while the state is being restored, and compact their logs beyond the snapshot that it is
// restored from: the next one waits its turn.
func TestASnapshotThatIsAnnouncedDuringAnInstallWaits(t *testing.T) {
	tb, _, late, mark := behind(t)
	late.holdInstall = true
	tb.untilAnnounced()
	late.holdInstall, late.holdApply = false, true
	tb.ticks(10)
	if len(late.work) == 0 || late.work[0].Jump == nil {
		t.Fatal("nothing is being restored")
	}
	newer := mark
	newer.Index, newer.FileHash = mark.Index+100, mark.FileHash+1
	late.in.Messages = append(late.in.Messages, Message{
		Message: raft.Message{Kind: raft.Install, From: 1, To: 3, Term: late.engine.core.Term(), Snapshot: &newer},
	})
	tb.turn(late)
	if state := late.engine.State(); len(late.requests) != 1 || state.Install.Mark != mark.Mark {
		t.Fatalf("asked for %v, installing %v", late.requests, state.Install.Mark)
	}
	late.holdApply = false
	tb.turn(late)
	tb.expectLevel()
	late.in.Messages = append(late.in.Messages, Message{
		Message: raft.Message{Kind: raft.Install, From: 1, To: 3, Term: late.engine.core.Term(), Snapshot: &newer},
	})
	tb.turn(late)
	tb.turn(late)
	if len(late.requests) != 2 {
		t.Fatal("it is not asked for when it is announced again")
	}
}

// A node that fetches a snapshot, or restores it, cannot apply what it would send: its clients' commands wait, and end
// as not done. That holds from the announcement until the state has caught up, also between two attempts.
func TestANodeThatLacksStateSendsNothing(t *testing.T) {
	tb, leader, late, _ := behind(t)
	late.holdInstall = true
	tb.untilAnnounced()
	first := tb.submit(3, "while it fetches")
	tb.ticks(DefaultOptions().WaitTicks + 1)
	tb.expect(first, NotDone)

	late.receiveError, late.holdInstall = ErrUnavailable, false
	tb.turn(late) // the attempt fails
	tb.turn(late)
	if late.engine.snapshots.install != nil {
		t.Fatal("the attempt goes on")
	}
	second := tb.submit(3, "between attempts")
	tb.turn(late)
	if n := len(late.engine.stream.unmet); n > 0 {
		t.Fatalf("%d batches were sent", n)
	}

	late.holdApply = true
	for range 200 { // the file comes, the log begins anew, and the machine is not restored
		if tb.ticks(1); late.engine.snapshots.install != nil && late.engine.snapshots.install.handed {
			break
		}
	}
	third := tb.submit(3, "while it restores")
	tb.ticks(20)
	if n := len(late.engine.stream.unmet); n > 0 || third.Outcome != Pending {
		t.Fatalf("%d batches were sent; the last is %v", n, third.Outcome)
	}
	late.holdApply = false
	tb.ticks(50)
	tb.expect(third, Done)
	tb.ticks(DefaultOptions().UncertainTicks + deadlineTicks)
	for _, c := range []*client{first, second, third} {
		if c.Outcome == Unknown {
			t.Errorf("%q ended as unknown", c.Body)
		}
	}
	if n := leader.machine.count("while it fetches"); n != 0 {
		t.Errorf("what ended as not done was executed %d times", n)
	}
}

// The same for a node that leads before its machine is restored: others' batches go on, its own wait.
func TestALeaderThatRestoresHoldsItsOwnBack(t *testing.T) {
	tb, _, late, mark := behind(t)
	late.holdInstall = true
	tb.untilAnnounced()
	tb.ticks(1)
	late.holdInstall, late.holdApply = false, true // what is applied then is the restored machine
	for range 200 {
		if tb.ticks(1); late.engine.snapshots.install != nil && late.engine.snapshots.install.handed {
			break
		}
	}
	if late.engine.core.Commit() < mark.Index || late.applier.Applied() >= mark.Index {
		t.Fatalf("committed %d, applied %d", late.engine.core.Commit(), late.applier.Applied())
	}
	tb.elect(3)
	own, other := tb.submit(3, "own"), tb.submit(1, "other")
	tb.ticks(20)
	tb.expect(other, Done)
	tb.expect(own, Pending)
	if n := len(late.engine.stream.unmet); n > 0 {
		t.Fatalf("%d batches were sent", n)
	}
	late.holdApply = false
	tb.ticks(20)
	tb.expect(own, Done)
}
