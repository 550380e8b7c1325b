package engine

import (
	"slices"
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// more has a node write and compact its log some times.
func (tb *table) more(id raftlog.NodeID, times int) {
	tb.t.Helper()
	for i := range times {
		tb.commands(id, string(rune('a'+i)), 5)
		for range 3 {
			tb.snapshot(id)
			tb.commands(id, "between", 1)
		}
		tb.ticks(2 * trimTicks)
	}
}

// E14: a transfer takes as long as its leader needs for many snapshots. The file stays, and the log behind it.
func TestATransferThatTakesLongIsNotInVain(t *testing.T) {
	tb, leader, late, mark := behind(t)
	late.holdInstall = true
	tb.untilAnnounced()
	tb.more(1, 2)
	state := leader.engine.State()
	if state.Reserved[0] == nil || state.Reserved[0].Mark != mark.Mark || leader.files[mark.FileHash] == nil ||
		leader.trimmed > mark.Index {
		t.Fatalf("reserved %v, the log begins behind %d, the snapshot on its way is at %v", state.Reserved, leader.trimmed,
			mark.Mark)
	}
	late.holdInstall = false
	tb.ticks(300)
	if len(late.requests) != 1 || late.engine.State().SnapshotsInstalled != 1 {
		t.Fatalf("node 3 asked for %d files: %+v", len(late.requests), late.engine.State())
	}
	tb.expectLevel()
	tb.ticks(2 * trimTicks)
	if state := leader.engine.State(); state.Reserved != (raft.Reserved{}) || len(leader.files) != 2 ||
		leader.trimmed != leader.retained.Index {
		t.Fatalf("it is over: reserved %v, %d files, the log begins behind %d", state.Reserved, len(leader.files),
			leader.trimmed)
	}
}

// E14: a follower that stops in the middle of a transfer finds the same file when it is back.
func TestARestartedFollowerFindsTheFileItHasInPart(t *testing.T) {
	tb, _, late, mark := behind(t)
	late.holdInstall = true
	tb.untilAnnounced()
	tb.crash(3)
	tb.more(1, 1)
	tb.boot(late, 303)
	late.holdInstall = true
	tb.node(1).in.LinksUp = append(tb.node(1).in.LinksUp, 3)
	tb.untilAnnounced()
	if r := late.requests; !r[len(r)-1].Snapshot.Same(&mark) {
		t.Fatalf("it is told of %v, and has a part of %v", r[len(r)-1].Snapshot.Mark, mark.Mark)
	}
	late.holdInstall = false
	tb.ticks(20)
	tb.expectLevel()
}

// P6: history is kept for a transfer within its bound. Beyond it the follower is told of a newer snapshot at once, and
// gives up the one that is of no use.
func TestALogThatGrowsTooLargeEndsATransfer(t *testing.T) {
	tb, leader, late, mark := behind(t)
	late.holdInstall = true
	tb.untilAnnounced()
	leader.engine.options.MaxHistoryBytes = 1
	stops := late.stops
	tb.more(1, 1)
	if late.stops == stops {
		t.Fatal("node 3 goes on with what is of no use")
	}
	late.holdInstall = false
	tb.ticks(300)
	if state := leader.engine.State(); state.Reserved != (raft.Reserved{}) || leader.files[mark.FileHash] != nil {
		t.Fatalf("reserved %v", state.Reserved)
	}
	tb.expectLevel()
}

// overtaken is a table in which node 3 fetches from node 1 while node 2 leads.
func overtaken(t *testing.T) (tb *table, late *testNode, mark raftlog.SnapshotMark) {
	t.Helper()
	tb, _, late, mark = behind(t)
	late.holdInstall = true
	tb.untilAnnounced()
	tb.elect(2)
	return tb, late, mark
}

// E14: a transfer crawls, and another node leads: the node turns to that one, and serves.
func TestAFetchTurnsFromASourceThatCrawls(t *testing.T) {
	tb, late, mark := overtaken(t)
	tb.ticks(fetchJudgeTicks)
	tb.ticks(100)
	if late.applier.Applied() < mark.Index || len(late.requests) != 2 || late.requests[1].From != 2 {
		t.Fatalf("node 3 applied %d, and asked for %+v", late.applier.Applied(), late.requests)
	}
	c := tb.submit(3, "by way of node 3")
	tb.ticks(20)
	tb.expect(c, Done)
	if s := late.engine.State().LastFetchError; s != "" {
		t.Fatalf("it is no failure: %q", s)
	}
}

// E14: what comes fast enough is worth more than the beginning of another file.
func TestAFetchThatMovesIsNotBegunAgain(t *testing.T) {
	tb, late, _ := overtaken(t)
	for range 3 * fetchJudgeTicks {
		late.in.FetchedBytes = 2 * minFetchBytes / fetchJudgeTicks
		tb.ticks(1)
	}
	if len(late.requests) != 1 {
		t.Fatalf("it asked for %+v", late.requests)
	}
}

func TestAFetchIsSlowBelowTheLeastRate(t *testing.T) {
	for bytes, slow := range map[int64]bool{
		0: true, minFetchBytes - 1: true, minFetchBytes: false, minFetchBytes + 1: false,
	} {
		var p fetchPace
		p.note(fetchJudgeTicks-1, bytes)
		if p.slow {
			t.Errorf("%d bytes: judged too early", bytes)
		}
		if p.note(1, 0); p.slow != slow {
			t.Errorf("%d bytes: slow %v", bytes, p.slow)
		}
		p.note(fetchJudgeTicks, minFetchBytes)
		if p.slow {
			t.Error("what was slow once counts for ever")
		}
	}
}

// E14: the same file is fetched from the node that has the log behind it, at once.
func TestAFetchGoesOnAtTheNewLeader(t *testing.T) {
	tb, _, late, mark := behind(t)
	tb.node(2).files[mark.FileHash] = tb.node(1).files[mark.FileHash]
	late.holdInstall = true
	tb.untilAnnounced()
	offer := &raft.InstallRequest{From: 2, Snapshot: mark}
	late.engine.out = &late.out
	late.engine.considerOffer(offer)
	if i := late.engine.snapshots.install; !i.left || !late.out.StopInstall {
		t.Fatalf("%+v", i)
	}
	late.out.StopInstall = false
	if late.engine.considerOffer(offer); late.out.StopInstall {
		t.Fatal("it is stopped twice")
	}
	late.receiveError, late.holdInstall = ErrUnavailable, false
	tb.turn(late)
	tb.turn(late)
	if p := late.engine.snapshots.partial; !p.Same(&mark) {
		t.Fatalf("the part that is here is not kept: %v", p)
	}
	tb.ticks(20)
	tb.expectLevel()
}

// What the source itself announces is nothing new, unless it is newer.
func TestAnOfferOfTheSameSourceMustBeNewer(t *testing.T) {
	at := func(i raftlog.Index) raft.InstallRequest {
		return raft.InstallRequest{From: 1, Snapshot: raftlog.SnapshotMark{Mark: raftlog.Mark{Index: i}, FileHash: uint64(i)}}
	}
	i := install{request: at(5), pace: fetchPace{slow: true}}
	yields := []bool{}
	for _, index := range []raftlog.Index{4, 5, 6} {
		offer := at(index)
		yields = append(yields, i.yields(&offer))
	}
	if !slices.Equal(yields, []bool{false, false, true}) {
		t.Fatalf("%v", yields)
	}
}

// sameFile is a table in which node 3 fetches a file from node 1, and node 2 has it as well, and a newer one in force.
func sameFile(t *testing.T) (tb *table, late *testNode, mark raftlog.SnapshotMark) {
	t.Helper()
	tb = newSnapshotTable(t, 3, 0)
	tb.commands(1, "early", 3)
	tb.cut(3)
	tb.ticks(2 * DefaultOptions().ElectionTicks)
	tb.commands(1, "late", 5)
	tb.snapshot(2)
	tb.commands(1, "more", 1)
	mark = tb.compact(1)
	if same := tb.snapshot(2); !same.Same(&mark) {
		t.Fatalf("node 1 has the snapshot %v, node 2 %v", mark.Mark, same.Mark)
	}
	tb.commands(1, "after", 2)
	tb.snapshot(2)
	tb.ticks(2 * trimTicks)
	late = tb.node(3)
	tb.crash(3)
	tb.lose = nil
	tb.boot(late, 203)
	late.holdInstall = true
	tb.untilAnnounced()
	if r := late.requests[0]; r.From != 1 || !r.Snapshot.Same(&mark) {
		t.Fatalf("it asks for %+v", r)
	}
	return tb, late, mark
}

// E14: the leader dies in the middle of a transfer. The next one has a newer snapshot in force, and keeps the same
// file: the transfer goes on with that. It makes no difference whether the node that fetches restarts as well.
func TestAPartOutlivesItsLeader(t *testing.T) {
	for name, restarts := range map[string]bool{"the leader dies": false, "both die": true} {
		tb, late, mark := sameFile(t)
		tb.crash(1)
		if restarts {
			tb.crash(3)
			tb.boot(late, 303)
		}
		asked := len(late.requests)
		tb.elect(2)
		late.holdInstall = false
		tb.ticks(100)
		for _, r := range late.requests[asked:] {
			if r.From == 2 && !r.Snapshot.Same(&mark) {
				t.Fatalf("%s: it has a part of %v, and asks node 2 for %v", name, mark.Mark, r.Snapshot.Mark)
			}
		}
		if s := late.engine.State(); s.SnapshotsInstalled != 1 || !s.Snapshot.Same(&mark) {
			t.Fatalf("%s: %+v", name, s)
		}
		tb.expectApplied(tb.node(2).machine.applied...)
	}
}

// E14: a new leader that has another snapshot in force keeps the file that a follower fetches from the old one, and the
// follower turns to it at once.
func TestATransferMovesToTheNextLeader(t *testing.T) {
	tb, late, mark := sameFile(t)
	tb.elect(2)
	for range 100 {
		tb.ticks(1)
		late.holdInstall = true // also when it was stopped
	}
	if r := late.requests; len(r) != 2 || r[1].From != 2 || !r[1].Snapshot.Same(&mark) {
		t.Fatalf("it asked for %+v", r)
	}
	tb.more(2, 1)
	if s := tb.node(2); s.files[mark.FileHash] == nil || s.trimmed > mark.Index {
		t.Fatalf("the file is kept: %v; the log begins behind %d", s.files[mark.FileHash] != nil, s.trimmed)
	}
	late.holdInstall = false
	tb.ticks(100)
	tb.expectApplied(tb.node(2).machine.applied...)
}

// E14: the next leader does not have the file. It says so, and the node takes what it has: at once if the old leader is
// gone.
func TestAPartThatNoLeaderHasIsGivenUp(t *testing.T) {
	tb, _, late, mark := behind(t)
	late.holdInstall = true
	tb.untilAnnounced()
	tb.crash(1)
	tb.elect(2)
	late.holdInstall = false
	tb.ticks(100)
	if s := late.engine.State(); s.SnapshotsInstalled != 1 || s.Snapshot.Same(&mark) {
		t.Fatalf("%+v", s)
	}
	tb.expectApplied(tb.node(2).machine.applied...)
}
