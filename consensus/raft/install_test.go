package raft

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Installing a snapshot, where a transcript would not show it: what rides in one turn, what is void, what is refused.

// announced is leader 2's word, in a term, of a snapshot.
func announced(term raftlog.Term, mark raftlog.SnapshotMark) Message {
	return Message{Kind: Install, From: 2, Term: term, Snapshot: &mark}
}

// instead is announced where the leader cannot serve another snapshot, which it was asked for.
func instead(term raftlog.Term, mark, part raftlog.SnapshotMark) Message {
	m := announced(term, mark)
	m.Hint = part.Mark
	return m
}

var threeVoters = &membership.Configuration{Voters: []raftlog.NodeID{1, 2, 3}}

func TestAFollowerThatHoldsTheMarkLearnsThatItIsCommitted(t *testing.T) {
	g := newRig(t, 3, 1, 1, 1, 1)
	g.step(announced(2, snapshotAt(3, 1)))
	if g.rd.Install != nil || g.core.Commit() != 3 {
		t.Fatalf("%v, %v", g.rd.Install, g.core.Status())
	}
	promises := g.rd.Append.Promises // with the term, which is not durable yet
	if len(promises) != 1 || promises[0].Kind != InstallReply || promises[0].Index != 3 {
		t.Fatalf("%v", promises)
	}
	at := raftlog.Mark{Term: 1, Index: 2}
	conflict := Message{Kind: Append, From: 2, To: 1, Term: 2, Previous: at, Entries: entriesOf(at, 2)}
	if g.core.Step(&conflict); g.core.Last().Index != 4 {
		t.Fatal("what is committed was replaced")
	}
}

func TestOneSnapshotIsFetchedAtATime(t *testing.T) {
	g := newRig(t, 3, 1)
	g.step(announced(1, snapshotAt(5, 1)))
	if g.rd.Install == nil || g.rd.Install.From != 2 || g.rd.Install.Snapshot.Index != 5 {
		t.Fatalf("%v", g.rd.Install)
	}
	for _, again := range []raftlog.Index{5, 7} {
		if g.step(announced(1, snapshotAt(again, 1))); g.rd.Install != nil {
			t.Fatalf("asked for %v while 5 is being fetched", g.rd.Install)
		}
	}
	g.core.InstallFailed(snapshotAt(7, 1)) // it was not asked for
	if g.step(instead(1, snapshotAt(7, 1), snapshotAt(5, 1))); g.rd.Install != nil {
		t.Fatalf("%v", g.rd.Install)
	}
	g.core.InstallFailed(snapshotAt(5, 1))
	g.step(instead(1, snapshotAt(7, 1), snapshotAt(5, 1)))
	if g.rd.Install == nil || g.rd.Install.Snapshot.Index != 7 {
		t.Fatalf("%v", g.rd.Install)
	}
}

// E14: a part of a file is here, from before a restart or from another leader. Another snapshot is announced: the node
// asks for the rest of what it has, again and again, until the leader says that it cannot serve that.
func TestAFollowerGoesOnWithThePartThatItHas(t *testing.T) {
	part := snapshotAt(5, 1)
	first := configurationEntry(1, 1, &membership.Configuration{Voters: []raftlog.NodeID{1, 2, 3}})
	restart := Restored{Term: 1, Entries: []raftlog.Entry{first}, Part: &part}
	for name, begin := range map[string]func(g *rig){
		"after a restart": func(g *rig) { g.core = New(testOptions(1), restart) },
		"fetching":        func(g *rig) { g.step(announced(1, part)) },
		"after a failure": func(g *rig) {
			g.step(announced(1, part))
			g.core.InstallFailed(part)
		},
	} {
		g := newRig(t, 3, 1)
		begin(g)
		for range 2 {
			m := g.one(g.step(announced(1, snapshotAt(7, 1))), InstallReply)
			if !m.Reject || !m.Snapshot.Same(&part) || m.Snapshot.FileBytes != 0 || g.rd.Install != nil || g.rd.Offer != nil {
				t.Fatalf("%s: %v, %v, %v", name, m, g.rd.Install, g.rd.Offer)
			}
		}
		wrong := instead(1, snapshotAt(7, 1), snapshotAt(6, 1)) // an answer to an earlier question
		g.one(g.step(wrong), InstallReply)
		sent := g.step(instead(1, snapshotAt(7, 1), part))
		if len(only(sent, InstallReply)) > 0 || g.rd.Install == nil && g.rd.Offer == nil {
			t.Fatalf("%s: %v, %v, %v", name, sent, g.rd.Install, g.rd.Offer)
		}
	}
}

// What is committed here needs no file: a part of one is of no use.
func TestAPartOfWhatIsCommittedIsNotAskedFor(t *testing.T) {
	const commit = 5
	for at, asks := range map[raftlog.Index]bool{commit - 1: false, commit: false, commit + 1: true} {
		g := newRig(t, 3, 1, 1, 1, 1, 1)
		part := snapshotAt(at, 2)
		g.core.part = &part
		g.step(Message{Kind: Append, From: 2, Term: 2, Previous: raftlog.Mark{Term: 1, Index: 5}, Commit: commit})
		sent := g.step(announced(2, snapshotAt(9, 2)))
		if asked := len(only(sent, InstallReply)) > 0; asked != asks || asked == (g.rd.Install != nil) {
			t.Errorf("a part of %d: %v, %v", at, sent, g.rd.Install)
		}
	}
}

// E1: The entries behind the snapshot are in the log of the same turn. The operation must begin with those: the log
// would have a gap otherwise.
func TestEntriesOfTheSameTurnRideBehindTheSwitch(t *testing.T) {
	for name, terms := range map[string][]raftlog.Term{
		"a short log": {1}, "a long one": {1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
	} {
		g := newRig(t, 3, terms...)
		g.step(announced(2, snapshotAt(5, 2)))
		at := raftlog.Mark{Term: 2, Index: 5}
		if !g.core.Install(snapshotAt(5, 2), threeVoters, raftlog.Time{Stamp: 77, Offset: -5}) {
			t.Fatalf("%s: refused", name)
		}
		g.step(Message{Kind: Append, From: 2, Term: 2, Previous: at, Entries: entriesOf(at, 2, 2), Commit: 6})
		op := g.rd.Append
		if op.Switch == nil || !op.Switch.Restart || op.Switch.Time != (raftlog.Time{Stamp: 77, Offset: -5}) ||
			op.Switch.Snapshot.Index != 5 {
			t.Fatalf("%s: %v", name, op)
		}
		if len(op.Entries) != 2 || op.Entries[0].Index != 6 || g.core.Commit() != 6 {
			t.Fatalf("%s: %v, commit %d", name, op, g.core.Commit())
		}
		sent := g.sync()
		if m := g.one(sent, InstallReply); m.Index != 5 {
			t.Fatalf("%s: %v", name, m)
		}
		if m := g.one(sent, AppendReply); m.Index != 7 || g.core.Durable() != 7 {
			t.Fatalf("%s: %v, durable %d", name, m, g.core.Durable())
		}
	}
}

// B7, E2: The old log is longer than the new one, and its last operation is still in flight when the log begins anew.
// That operation writes at the indexes of the new log, and its entries have nothing to do with it.
func TestAnOperationOfTheOldLogProvesNothingOfTheNew(t *testing.T) {
	g := newRig(t, 3, 1)
	at := raftlog.Mark{Term: 1, Index: 1}
	g.step(Message{Kind: Append, From: 3, Term: 1, Previous: at, Entries: entriesOf(at, 1, 1, 1, 1, 1, 1, 1)})
	old := g.rd.Append.Number
	g.step(announced(2, snapshotAt(4, 2)))
	termOnly := g.rd.Append.Number
	g.core.Install(snapshotAt(4, 2), threeVoters, raftlog.Time{})
	at = raftlog.Mark{Term: 2, Index: 4}
	g.step(Message{Kind: Append, From: 2, Term: 2, Previous: at, Entries: entriesOf(at, 2, 2)})
	anew := g.rd.Append.Number
	for _, number := range []raftlog.OperationNumber{old, termOnly} {
		g.core.Appended(number)
		if inForce, _ := g.core.Snapshot(); g.core.Durable() > 0 || inForce != nil {
			t.Fatalf("operation %d: durable up to %d of a log that is not on the disk", number, g.core.Durable())
		}
	}
	g.core.Appended(anew)
	if inForce, _ := g.core.Snapshot(); g.core.Durable() != 6 || inForce == nil {
		t.Fatalf("durable %d, in force %v", g.core.Durable(), inForce)
	}
}

// A campaign speaks of a log; when that is replaced the campaign is over.
func TestACandidateThatInstallsASnapshotIsAFollower(t *testing.T) {
	g := newRig(t, 3, 1)
	g.step(announced(1, snapshotAt(5, 1)))
	g.timeout()
	g.stepAndSync(Message{Kind: PreVoteReply, From: 3, Term: 2})
	if g.core.Role() != Candidate {
		t.Fatalf("%v", g.core.Status())
	}
	if !g.core.Install(snapshotAt(5, 1), threeVoters, raftlog.Time{}) || g.core.Role() != Follower || g.core.Term() != 2 {
		t.Fatalf("%v", g.core.Status())
	}
	g.ready()
	if sent := g.sync(); len(sent) != 0 {
		t.Fatalf("there is no leader to tell: %v", sent)
	}
	g.step(Message{Kind: VoteReply, From: 3, Term: 2})
	if g.core.Role() != Follower {
		t.Fatal("elected by votes for a log that is gone")
	}
}

func TestStampsDoNotGoBackBehindASnapshot(t *testing.T) {
	g := newRig(t, 1, 1)
	g.core.Install(snapshotAt(5, 1), &membership.Configuration{Voters: []raftlog.NodeID{1}}, raftlog.Time{Stamp: 500})
	g.ready()
	g.sync()
	g.core.SetClock(Clock{Entry: raftlog.Time{Stamp: 3}})
	g.timeoutAlone()
	if e := g.core.Entries(6, 6, maxInt); len(e) != 1 || e[0].Stamp != 500 {
		t.Fatalf("%v", e)
	}
}

// timeoutAlone makes the only voter lead.
func (g *rig) timeoutAlone() {
	g.t.Helper()
	for range 2 * g.core.options.ElectionTicks {
		g.core.Tick()
		g.ready()
		g.sync()
	}
	if g.core.Role() != Leader {
		g.t.Fatalf("%v", g.core.Status())
	}
}

// E13.
func TestASnapshotOfALaterTermIsNotTaken(t *testing.T) {
	g := newRig(t, 3, 1)
	before := g.core.Observe()
	if g.step(announced(1, snapshotAt(5, 2))); g.rd.Install != nil || g.core.Observe() != before {
		t.Fatalf("its leader cannot know of term 2: %v", g.rd.Install)
	}
	if g.core.Install(snapshotAt(5, 2), threeVoters, raftlog.Time{}) || g.core.Last().Index != 1 {
		t.Fatalf("%v", g.core.Status())
	}
	// The term of the mark is the term of the entry before the first one: an append behind it is accepted.
	g.core.Step(&Message{Kind: Heartbeat, From: 2, To: 1, Term: 3})
	g.core.Install(snapshotAt(5, 2), threeVoters, raftlog.Time{})
	at := raftlog.Mark{Term: 2, Index: 5}
	sent := g.step(Message{Kind: Append, From: 2, Term: 3, Previous: at, Entries: entriesOf(at, 3)})
	if len(only(sent, AppendReply)) != 0 || g.core.Last() != (raftlog.Mark{Term: 3, Index: 6}) {
		t.Fatalf("%v, %v", sent, g.core.Status())
	}
}

// A log that lacks what is committed, although its term's leader proved that it has it, is a broken promise.
func TestASnapshotThatContradictsAProvenLogEndsTheProcess(t *testing.T) {
	g := newRig(t, 3, 1)
	at := raftlog.Mark{Term: 1, Index: 1}
	g.step(Message{Kind: Append, From: 2, Term: 3, Previous: at, Entries: entriesOf(at, 3, 3, 3)})
	if !panics(func() { g.core.Install(snapshotAt(3, 2), threeVoters, raftlog.Time{}) }) {
		t.Fatal("accepted")
	}
	g = newRig(t, 3, 1)
	g.lead()
	if !panics(func() { g.core.Install(snapshotAt(2, 1), threeVoters, raftlog.Time{}) }) {
		t.Fatal("a leader replaced its log")
	}
}

// E2: What is committed is never replaced, nor is what follows it: not by a snapshot at the commit index itself either,
// whatever term it claims.
func TestASnapshotAtTheCommitIndexReplacesNothing(t *testing.T) {
	for _, mark := range []raftlog.SnapshotMark{snapshotAt(2, 2), snapshotAt(3, 1), snapshotAt(3, 2)} {
		g := newRig(t, 3, 1, 1, 1, 1)
		g.step(announced(2, snapshotAt(3, 1)))
		if g.core.Commit() != 3 {
			t.Fatalf("%v", g.core.Status())
		}
		if g.core.Install(mark, threeVoters, raftlog.Time{}) || g.core.Last() != (raftlog.Mark{Term: 1, Index: 4}) {
			t.Fatalf("a snapshot at %v replaced a log that is committed up to 3: %v", mark.Mark, g.core.Status())
		}
	}
}

// The leader finds out by itself what is committed: what it holds may wait for an entry of its own term.
func TestALeaderLearnsNothingFromASnapshot(t *testing.T) {
	g := newRig(t, 3, 1, 1, 1)
	g.lead()
	if g.core.Install(snapshotAt(3, 1), threeVoters, raftlog.Time{}) || g.core.Commit() != 0 || g.core.Role() != Leader {
		t.Fatalf("%v", g.core.Status())
	}
}

// A rejection from before the snapshot was announced says nothing any more.
func TestALateRejectionDoesNotEndTheWaitForASnapshot(t *testing.T) {
	g := leaderWithSnapshot(t, 5)
	g.awaitSnapshot(2)
	next := g.core.peer(2).next
	g.step(Message{Kind: AppendReply, From: 2, Term: 2, Reject: true, Previous: raftlog.Mark{Term: 1, Index: next - 1}})
	if p := g.core.peer(2); p.state != Snapshot || p.next != next {
		t.Fatalf("%v", g.core.Status())
	}
}

// leaderWithSnapshot leads three nodes and has a snapshot in force at an index of its log, whose no-op is at 9.
func leaderWithSnapshot(t *testing.T, at raftlog.Index) *rig {
	t.Helper()
	g := newRig(t, 3, 1, 1, 1, 1, 1, 1, 1, 1)
	g.lead()
	g.acknowledge(3, 9)
	g.core.SnapshotTaken(snapshotAt(at, 1))
	g.ready()
	g.sync()
	return g
}

// awaitSnapshot makes a follower one that the leader cannot serve from its log.
func (g *rig) awaitSnapshot(id raftlog.NodeID) {
	g.t.Helper()
	p := g.core.peer(id)
	p.probe(p.match + 1)
	p.fetching = true
	g.core.Fetched(id, raftlog.Mark{}, nil, true)
	if m := g.one(g.ready(), Install); m.To != id {
		g.t.Fatalf("%v", m)
	}
}

func TestKeepFromIsWhatFollowersMayStillNeed(t *testing.T) {
	g := leaderWithSnapshot(t, 5)
	g.acknowledge(2, 3)
	if keep := g.core.KeepFrom(); keep != 4 {
		t.Fatalf("node 2 holds 3: %d", keep)
	}
	g.awaitSnapshot(2)
	if keep := g.core.KeepFrom(); keep != 6 {
		t.Fatalf("node 2 is to go on behind 5: %d", keep)
	}
	g.hang(10, 3)
	if keep := g.core.KeepFrom(); keep != 6 {
		t.Fatalf("node 2 is silent while it is sent a snapshot: %d", keep)
	}
	g.core.LinkUp(2)
	if keep := g.core.KeepFrom(); keep != 6 {
		t.Fatalf("node 2 has a new connection, and fetches the snapshot as before: %d", keep)
	}
	g.core.Trimmed(6)
	if keep := g.core.KeepFrom(); keep != 6 {
		t.Fatalf("what node 2 needs is there: %d", keep)
	}
	g.core.peer(2).silentTicks = reservedSilentElections*g.core.options.ElectionTicks - 1
	if keep := g.core.KeepFrom(); keep != 6 {
		t.Fatalf("node 2 may come back: %d", keep)
	}
	g.core.peer(2).silentTicks++
	if keep := g.core.KeepFrom(); keep != 10 {
		t.Fatalf("node 2 is away for too long, node 3 has everything: %d", keep)
	}
	g.core.peer(2).silentTicks = 0
	g.core.peer(2).announcingTicks = reservedElections*g.core.options.ElectionTicks - 1
	if keep := g.core.KeepFrom(); keep != 6 {
		t.Fatalf("node 2 has a moment left: %d", keep)
	}
	g.core.peer(2).announcingTicks++
	if keep := g.core.KeepFrom(); keep != 4 {
		t.Fatalf("node 2 fetches too slowly, and is heard: %d", keep)
	}
	g.core.Step(&Message{Kind: Heartbeat, From: 3, To: 1, Term: 5})
	if keep := g.core.KeepFrom(); keep != 10 {
		t.Fatalf("it does not lead any more: %d", keep)
	}
}

// A file that holds no more than the follower does would be answered with what the leader knows, for ever.
func TestARetainedSnapshotThatIsHeldIsNotAnnounced(t *testing.T) {
	g := leaderWithSnapshot(t, 5)
	g.awaitSnapshot(2)
	g.core.SnapshotTaken(snapshotAt(8, 1))
	g.ready()
	g.sync()
	g.step(Message{Kind: InstallReply, From: 2, Term: 2, Index: 5})
	if p := g.core.peer(2); p.state != Probe || p.next != 6 {
		t.Fatalf("%v", g.core.Status())
	}
	p := g.core.peer(2)
	p.fetching = true
	g.core.Fetched(2, raftlog.Mark{}, nil, true)
	if m := g.one(g.ready(), Install); m.Snapshot.Index != 8 {
		t.Fatalf("%v", m)
	}
}

// Where no snapshot helps the leader tries the log again, with the next heartbeat and not before.
func TestCompactedEntriesWithoutASnapshotAreLookedForAgain(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	p := g.core.peer(2)
	p.fetching = true
	g.core.Fetched(2, raftlog.Mark{}, nil, true)
	if p.state != Probe || !p.failedFetch {
		t.Fatalf("%v", g.core.Status())
	}
	if sent := append(only(g.ready(), Install), only(g.ready(), Append)...); len(sent) != 0 {
		t.Fatalf("%v", sent)
	}
}
