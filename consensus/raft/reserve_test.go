package raft

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// take lets the leader take a snapshot at an index.
func (g *rig) take(at raftlog.Index) {
	g.t.Helper()
	term, _ := g.core.TermOf(at)
	g.core.SnapshotTaken(snapshotAt(at, term))
	g.ready()
	g.sync()
}

// beat lets a heartbeat be due, and returns what is announced.
func (g *rig) announced() (marks map[raftlog.NodeID]raftlog.Index) {
	g.t.Helper()
	marks = map[raftlog.NodeID]raftlog.Index{}
	for _, m := range only(g.hang(installHeartbeats*g.core.options.HeartbeatTicks, 2, 3, 4, 5), Install) {
		marks[m.To] = m.Snapshot.Index
	}
	return marks
}

func reservedIndexes(r Reserved) (list []raftlog.Index) {
	for _, mark := range r {
		list = append(list, mark.IndexOrZero())
	}
	return list
}

// fiveNodes leads five nodes; nodes 4 and 5 hold all of its log of 20 entries, nodes 2 and 3 nothing.
func fiveNodes(t *testing.T) *rig {
	t.Helper()
	terms := make([]raftlog.Term, 20)
	for i := range terms {
		terms[i] = 1
	}
	g := newRig(t, 5, terms...)
	g.lead()
	for _, id := range []raftlog.NodeID{4, 5} {
		g.acknowledge(id, 21)
	}
	return g
}

// E14: the snapshot that is announced first stays until the follower has it, however many are taken meanwhile.
func TestASnapshotIsReservedUntilItIsThere(t *testing.T) {
	g := fiveNodes(t)
	g.take(5)
	g.awaitSnapshot(2)
	for _, at := range []raftlog.Index{7, 9, 11} {
		g.take(at)
		if got := g.announced(); got[2] != 5 || g.core.KeepFrom() != 1 { // node 3 is heard, and needs all of the log
			t.Fatalf("%v, kept from %d", got, g.core.KeepFrom())
		}
	}
	if got := reservedIndexes(g.core.Reserved()); got[0] != 5 || got[1] != 0 {
		t.Fatalf("%v", got)
	}
	g.core.LinkUp(2)
	if got := reservedIndexes(g.core.Reserved()); got[0] != 5 {
		t.Fatalf("after a new connection: %v", got)
	}
	g.step(Message{Kind: InstallReply, From: 2, Term: 2, Index: 5})
	if got := reservedIndexes(g.core.Reserved()); got[0] != 0 {
		t.Fatalf("it is there: %v", got)
	}
}

// P6: of the files that are kept for followers alone there are at most MaxReserved: the oldest.
func TestReservedFilesAreBounded(t *testing.T) {
	g := newRig(t, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	g.lead()
	g.acknowledge(4, 21)
	g.acknowledge(5, 21)
	g.take(3)
	g.awaitSnapshot(2)
	g.take(5)
	g.awaitSnapshot(3)
	g.take(7)
	p := g.core.peer(4)
	p.match = 4 // as if it had none of the rest
	g.awaitSnapshot(4)
	g.take(9)
	g.take(11)
	g.take(13)
	want := map[raftlog.NodeID]raftlog.Index{2: 3, 3: 5, 4: 13}
	got := g.announced()
	for id, at := range want {
		if got[id] != at {
			t.Errorf("node %d is told of %d, want %d", id, got[id], at)
		}
	}
	if got := reservedIndexes(g.core.Reserved()); got[0] != 3 || got[1] != 5 {
		t.Fatalf("%v", got)
	}
	p.match = 21
}

// What the owner has let go of is not announced any more.
func TestAReservationEndsWithTheLogBehindIt(t *testing.T) {
	g := fiveNodes(t)
	g.take(5)
	g.awaitSnapshot(2)
	g.take(7)
	g.take(9)
	g.core.Trimmed(6)
	if got := g.announced(); got[2] != 5 {
		t.Fatalf("entry 6 is there: %v", got)
	}
	g.core.Trimmed(7)
	if got := g.announced(); got[2] != 9 {
		t.Fatalf("entry 6 is gone: %v", got)
	}
}

// E14: while a snapshot is fetched the owner hears what else there is.
func TestOffersReachTheOwner(t *testing.T) {
	g := newRig(t, 3, 1)
	g.step(announced(1, snapshotAt(5, 1)))
	if g.rd.Offer != nil || g.rd.Install == nil {
		t.Fatalf("%v", g.rd)
	}
	g.step(instead(1, snapshotAt(7, 1), snapshotAt(5, 1)))
	if g.rd.Install != nil || g.rd.Offer == nil || g.rd.Offer.From != 2 || g.rd.Offer.Snapshot.Index != 7 {
		t.Fatalf("%v, %v", g.rd.Install, g.rd.Offer)
	}
	if g.ready(); g.rd.Offer != nil {
		t.Fatal("it is told twice")
	}
	g.core.Install(snapshotAt(5, 1), threeVoters, raftlog.Time{})
	if g.step(announced(1, snapshotAt(5, 1))); g.rd.Offer != nil || g.rd.Install != nil {
		t.Fatalf("it is here: %v, %v", g.rd.Install, g.rd.Offer)
	}
}

// E2: a snapshot at or below the commit index replaces nothing, whatever its term says; one behind it does, if the log
// holds another entry there.
func TestASnapshotNeverReplacesWhatIsCommitted(t *testing.T) {
	const commit = 3
	for at, replaces := range map[raftlog.Index]bool{commit - 1: false, commit: false, commit + 1: true} {
		g := newRig(t, 3, 1, 1, 1, 1, 1)
		g.step(Message{Kind: Append, From: 3, Term: 1, Previous: raftlog.Mark{Term: 1, Index: commit}, Commit: commit})
		g.step(announced(2, snapshotAt(at, 2)))
		if asked := g.rd.Install != nil; asked != replaces {
			t.Errorf("at %d: the file is asked for: %v", at, asked)
		}
		if got := g.core.Install(snapshotAt(at, 2), threeVoters, raftlog.Time{}); got != replaces {
			t.Errorf("at %d: the log begins anew: %v", at, got)
		}
		if g.ready(); !replaces && (g.core.Last() != raftlog.Mark{Term: 1, Index: 5} || g.core.Commit() != commit) {
			t.Errorf("at %d: %v", at, g.core.Status())
		}
	}
}

// E14: a follower has a part of a file. The leader announces that one from then on, if it keeps the file and the log
// behind it; else it goes on with its own, and says so.
func TestALeaderServesTheFileThatAFollowerHasInPart(t *testing.T) {
	asks := func(g *rig, file raftlog.SnapshotMark) Message {
		name := raftlog.SnapshotMark{Mark: file.Mark, FileHash: file.FileHash}
		return g.one(g.step(Message{Kind: InstallReply, From: 2, Term: 2, Reject: true, Snapshot: &name}), Install)
	}
	other := snapshotAt(5, 1)
	other.FileHash = 99
	for name, c := range map[string]struct {
		part    raftlog.SnapshotMark
		trimmed raftlog.Index
		serves  bool
	}{
		"the one before":                   {snapshotAt(5, 1), 0, true},
		"the one before, and its log":      {snapshotAt(5, 1), 6, true},
		"the one before, without its log":  {snapshotAt(5, 1), 7, false},
		"the one in force":                 {snapshotAt(8, 1), 7, true},
		"another one":                      {snapshotAt(6, 1), 0, false},
		"another file of the same index":   {other, 0, false},
		"a later one than this leader has": {snapshotAt(30, 1), 0, false},
	} {
		g := fiveNodes(t)
		g.take(5)
		g.take(8)
		g.core.Trimmed(c.trimmed)
		g.awaitSnapshot(2)
		m := asks(g, c.part)
		if m.Snapshot.Same(&c.part) != c.serves || c.serves && m.Hint != (raftlog.Mark{}) ||
			!c.serves && (m.Hint != c.part.Mark || m.Snapshot.Index != 8) {
			t.Errorf("%s: %v", name, m)
		}
		g.take(11)
		g.take(14)
		if got := g.announced(); got[2] != m.Snapshot.Index {
			t.Errorf("%s: reserved is %d, announced %d", name, m.Snapshot.Index, got[2])
		}
	}
}

// S30: what is kept for a member whose state is void stays under the rules of what the log needs: within the bounds of
// silence, of time, and of files.
func TestTheFileOfAStateIsReservedWithinItsBounds(t *testing.T) {
	reserved := func(t *testing.T) *rig {
		g := fiveNodes(t)
		g.take(5)
		inForce, _ := g.core.Snapshot()
		g.core.ReserveState(4, inForce)
		for _, at := range []raftlog.Index{7, 9, 11} {
			g.take(at)
		}
		if got := reservedIndexes(g.core.Reserved()); got[0] != 5 || g.core.StateReserved(4).IndexOrZero() != 5 {
			t.Fatalf("reserved %v", got)
		}
		return g
	}
	g := reserved(t)
	if own := g.core.KeptFile(&raftlog.SnapshotMark{Mark: raftlog.Mark{Term: 1, Index: 5}, FileHash: 5}); own == nil {
		t.Error("its file is not kept")
	}
	p := g.core.peer(4)
	p.silentTicks = 2 * g.core.options.ElectionTicks
	g.core.peer(2).silentTicks, g.core.peer(3).silentTicks = p.silentTicks, p.silentTicks
	if keep := g.core.KeepFrom(); keep != p.match+1 {
		t.Errorf("the log is kept from %d, the member ends at %d and restarts", keep, p.match)
	}
	g.core.ReserveState(4, nil)
	if got := reservedIndexes(g.core.Reserved()); got[0] != 0 {
		t.Errorf("it is over: %v", got)
	}
	for name, lapse := range map[string]func(*progress, int){
		"silent":   func(p *progress, election int) { p.silentTicks = reservedSilentElections * election },
		"for long": func(p *progress, election int) { p.stateTicks = reservedElections * election },
	} {
		g := reserved(t)
		lapse(g.core.peer(4), g.core.options.ElectionTicks)
		if got := reservedIndexes(g.core.Reserved()); got[0] != 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	g = reserved(t)
	g.core.ReserveState(5, g.core.newestSnapshot())
	g.take(13)
	g.take(15)
	third := g.core.newestSnapshot()
	g.core.ReserveState(3, third)
	g.take(17)
	g.take(19)
	g.core.limitReserved()
	if got := reservedIndexes(g.core.Reserved()); got[0] != 5 || got[1] != 11 || g.core.StateReserved(3) != nil {
		t.Errorf("beyond the bound: %v, %v", got, g.core.StateReserved(3))
	}
}
