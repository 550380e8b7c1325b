package engine

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Which file a quarantined node fetches for its state, and from where: by the rules of a snapshot that the log needs.

// reinstalling is a table in which node 3 is quarantined and fetches the state of node 1, which does not come. Node 2
// has the same file.
func reinstalling(t *testing.T) (tb *table, late *testNode, mark raftlog.SnapshotMark) {
	t.Helper()
	tb = comparing(t, 3, func(o *Options) { o.MaxInflightMessages, o.MaxMessageBytes = 2, 100 }) // little stays in memory
	tb.compared(1)
	tb.spoil(3, 1)
	tb.lose = func(m *Message) bool { return m.Own == Report && m.Report.Floor != 0 } // it cannot ask yet
	tb.compared(1)
	if ids := tb.quarantined(); len(ids) != 1 || ids[0] != 3 {
		t.Fatalf("quarantined are %v", ids)
	}
	tb.commands(1, "state", 1)
	tb.ticks(DefaultOptions().HeartbeatTicks)
	mark = tb.snapshot(1)
	if same := tb.snapshot(2); !same.Same(&mark) {
		t.Fatalf("node 1 has the snapshot %v, node 2 %v", mark.Mark, same.Mark)
	}
	late = tb.node(3)
	late.holdInstall = true
	tb.lose = nil
	tb.untilAnnounced()
	if r := late.requests[0]; r.From != 1 || !r.Snapshot.Same(&mark) {
		t.Fatalf("it asks for %+v", r)
	}
	return tb, late, mark
}

// expectReinstalled lets the file come, and fails unless node 3 serves again.
func (tb *table) expectReinstalled(late *testNode, leader raftlog.NodeID) {
	tb.t.Helper()
	late.holdInstall = false
	tb.ticks(20 * comparisonTicks)
	if s := late.engine.State(); s.Quarantine.On() || s.Reinstalls != 1 {
		tb.t.Fatalf("%+v", s)
	}
	tb.expectApplied(tb.node(leader).machine.applied...)
}

// S30: the leader takes many snapshots while the file of one is on its way to a quarantined node. The file stays.
func TestAReinstallationThatTakesLongIsNotInVain(t *testing.T) {
	tb, late, mark := reinstalling(t)
	leader := tb.node(1)
	tb.more(1, 2)
	if state := leader.engine.State(); !mark.Same(state.Reserved[0]) || leader.files[mark.FileHash] == nil {
		t.Fatalf("reserved %v, the snapshot on its way is at %v", state.Reserved, mark.Mark)
	}
	tb.expectReinstalled(late, 1)
	if len(late.requests) != 1 {
		t.Fatalf("it asked for %+v", late.requests)
	}
	tb.ticks(2 * trimTicks)
	if state := leader.engine.State(); state.Reserved != (raft.Reserved{}) || leader.files[mark.FileHash] != nil {
		t.Fatalf("it is over: reserved %v", state.Reserved)
	}
}

// S30: a quarantined node is cut off for a while. The log that it lacks is kept as long as its file is, so that it
// needs no other one.
func TestALogIsKeptBehindAReinstallation(t *testing.T) {
	tb, late, _ := reinstalling(t)
	tb.cut(3)
	tb.ticks(2 * DefaultOptions().ElectionTicks)
	tb.more(1, 1)
	if end := late.log[len(late.log)-1].Index; tb.node(1).trimmed > end {
		t.Fatalf("the log begins behind %d, that of node 3 ends at %d", tb.node(1).trimmed, end)
	}
	tb.lose = nil
	tb.ticks(2 * repeatTicks)
	if len(late.requests) != 1 || late.stops > 0 || late.engine.snapshots.announced > 0 {
		t.Fatalf("it asked for %+v, stopped %d times, and was told of %d", late.requests, late.stops,
			late.engine.snapshots.announced)
	}
	tb.expectReinstalled(late, 1)
}

// S30: the source crawls, and another node leads: the quarantined node turns to that one. What moves goes on.
func TestAReinstallationTurnsFromASourceThatCrawls(t *testing.T) {
	for _, crawls := range []bool{false, true} {
		tb, late, mark := reinstalling(t)
		tb.commands(1, "more", 1)
		tb.ticks(DefaultOptions().HeartbeatTicks)
		tb.snapshot(2)
		tb.commands(1, "most", 1)
		tb.ticks(DefaultOptions().HeartbeatTicks)
		tb.snapshot(2) // it has the file no more
		tb.elect(2)
		for range fetchJudgeTicks + 4*repeatTicks {
			if !crawls {
				late.in.FetchedBytes = 2 * minFetchBytes / fetchJudgeTicks
			}
			tb.ticks(1)
		}
		if turned := len(late.requests) > 1 && late.requests[1].From == 2; turned != crawls {
			t.Fatalf("crawls: %v; it has a part of %v, and asked for %+v", crawls, mark.Mark, late.requests)
		}
		tb.expectReinstalled(late, 2)
	}
}

// S30: the next leader has the same file: the transfer goes on there, at once, though a newer one is in force.
func TestAReinstallationGoesOnAtTheNextLeader(t *testing.T) {
	for _, dies := range []bool{false, true} {
		tb, late, mark := reinstalling(t)
		tb.commands(1, "more", 1)
		tb.ticks(DefaultOptions().HeartbeatTicks)
		tb.snapshot(2)
		if dies {
			tb.crash(1)
		}
		tb.elect(2)
		if dies {
			late.receiveError, late.holdInstall = ErrUnavailable, false
			tb.settle()
			late.holdInstall = true
		}
		tb.ticks(2 * repeatTicks)
		if r := late.requests; len(r) != 2 || r[1].From != 2 || !r[1].Snapshot.Same(&mark) {
			t.Fatalf("the first leader dies: %v; it has a part of %v, and asked for %+v", dies, mark.Mark, r)
		}
		if dies { // then no quorum has states that count
			continue
		}
		tb.expectReinstalled(late, 2)
	}
}

// S30: the log of a quarantined node falls behind what the leader keeps. The snapshot that its log needs replaces its
// state as well, and does not wait for the other file.
func TestAReinstallationGivesWayToWhatTheLogNeeds(t *testing.T) {
	tb, late, mark := reinstalling(t)
	tb.node(1).engine.options.MaxHistoryBytes = 1
	tb.cut(3)
	tb.ticks(2 * DefaultOptions().ElectionTicks)
	tb.more(1, 3)
	tb.lose = nil
	tb.ticks(2 * repeatTicks)
	if late.stops != 1 || len(late.requests) < 2 || late.requests[1].Snapshot.Index <= mark.Index {
		t.Fatalf("it stopped %d times, and asked for %+v", late.stops, late.requests)
	}
	tb.expectReinstalled(late, 1)
}
