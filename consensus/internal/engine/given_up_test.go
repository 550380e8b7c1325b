package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// fill submits batches and lets time pass until all have ended one way or another.
func (tb *table) fill(id raftlog.NodeID, batches, bodyBytes int) {
	tb.t.Helper()
	var clients []*client
	for range batches {
		clients = append(clients, tb.submit(id, strings.Repeat("x", bodyBytes)))
	}
	tb.ticks(DefaultOptions().UncertainTicks + 2*deadlineTicks)
	for _, c := range clients {
		if c.Outcome == Pending || c.Outcome == Done {
			tb.t.Fatalf("a batch ended as %v", c.Outcome)
		}
	}
}

// A leader without room holds what is forwarded to it. Its origin gives batches up at their deadline; if that made room
// for more, the leader would hold ever more of them, for as long as its disk is full.
func TestALeaderWithoutRoomHoldsBoundedForwards(t *testing.T) {
	const bodyBytes, limitBytes = 1000, 10_000
	tb := newTable(t, 3)
	tb.elect(1)
	leader, origin := tb.node(1).engine, tb.node(2).engine
	origin.options.MaxUnmetBytes = limitBytes
	leader.options.ProposalRoomBytes = max(leader.core.WindowBytes(), 1)
	for range 5 {
		tb.fill(2, 20, bodyBytes)
	}
	if one := raftlog.EntryHeaderBytes + bodyBytes; leader.heldBytes() > limitBytes+5*one {
		t.Fatalf("the leader holds %d bytes, the origin may have %d unmet", leader.heldBytes(), limitBytes)
	}
	leader.options.ProposalRoomBytes = 0
	after := tb.submitAndSettle(2, "after")
	tb.ticks(2 * DefaultOptions().ResendTicks)
	tb.expect(after, Done)
	if s := &origin.stream; len(s.unmet) != 0 || s.unmetBytes != 0 || s.live != 0 {
		t.Fatalf("%d batches are unmet, %d live, %d bytes", len(s.unmet), s.live, s.unmetBytes)
	}
}

// Every batch that the origin may send is lost and given up. The log will show none of them; the stream goes on.
func TestAStreamFullOfGivenUpBatchesGoesOn(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	term := tb.node(1).engine.core.Term()
	origin := tb.node(2).engine
	origin.options.MaxUnmetBytes = 1000
	tb.lose = func(m *Message) bool { return isForward(m, 2) }
	for range 3 {
		tb.fill(2, 50, 24)
	}
	tb.lose = nil
	after := tb.submitAndSettle(2, "after")
	tb.ticks(longestResendTicks)
	tb.expect(after, Done)
	if now := tb.node(1).engine.core.Term(); now != term {
		t.Fatalf("only the new term %d helped", now)
	}
	if applied := tb.node(1).machine.applied; !slices.Equal(applied, []string{"after"}) {
		t.Fatalf("applied %q: what was given up before it arrived must not be executed", applied)
	}
}
