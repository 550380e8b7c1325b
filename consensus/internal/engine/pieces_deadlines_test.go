package engine

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// A body that has to begin again and again, because its origin is slower than the leader waits, is announced anew only
// within UncertainTicks of its submission: then it ends as not done, and the turn that it may have is free.
func TestABodyDoesNotBeginAgainForEver(t *testing.T) {
	tb := newPieceTable(t, 3)
	tb.elect(1)
	began := tb.now
	c := tb.submit(2, body("slow", 95))
	tb.untilPieces(1, 2)
	again := 0
	for range 60 {
		tb.lose = func(m *Message) bool { return isForward(m, 2) }
		tb.ticks(DefaultOptions().WaitTicks/stallShare + 20)
		tb.lose = nil
		if c.Outcome != Pending {
			break
		}
		tb.node(2).in.LinksUp = append(tb.node(2).in.LinksUp, 1)
		tb.untilPieces(1, tb.node(1).piecesIn()+2)
		again++
	}
	tb.expect(c, NotDone)
	ticks := int(tb.now-began) / 10
	if limit := DefaultOptions().UncertainTicks + 2*DefaultOptions().WaitTicks; ticks > limit || again < 2 {
		t.Fatalf("it began again %d times, and ended after %d ticks, more than %d", again, ticks, limit)
	}
	tb.node(2).in.LinksUp = append(tb.node(2).in.LinksUp, 1)
	next := tb.submit(3, body("next", 35))
	tb.ticks(longestResendTicks)
	tb.expect(next, Done)
	tb.expectApplied(body("next", 35))
}

// The log takes no piece of any body while one leader follows the other: a body that waits for its turn ends after
// WaitTicks. It was never sent, so no deadline of an unknown fate would end it.
func TestNewLeadersDoNotProlongTheWaitForATurn(t *testing.T) {
	tb := newPieceTable(t, 3)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return isForward(m, 2) }
	began, limit := tb.now, DefaultOptions().WaitTicks+DefaultOptions().UncertainTicks/2
	tb.submit(2, body("announced", 95))
	waits := tb.submit(2, body("waits", 95))
	for i := 0; waits.Outcome == Pending && i < 40; i++ {
		tb.ticks(80)
		tb.elect(raftlog.NodeID(3 - 2*(i%2)))
	}
	tb.expect(waits, NotDone)
	if ticks := int(tb.now-began) / 10; ticks > limit || tb.node(1).piecesIn() > 0 {
		t.Fatalf("it ended after %d ticks, with %d pieces in the log", ticks, tb.node(1).piecesIn())
	}
}

// As long as the log takes pieces of other bodies, one that waits for its turn waits on, even if each report of the
// applier shows the end of a body.
func TestPiecesOfOthersProlongTheWaitForATurn(t *testing.T) {
	tb := newPieceTable(t, 3)
	tb.elect(1)
	tb.submit(1, body("before", 95))
	tb.untilPieces(1, 1)
	tb.lose = func(m *Message) bool { return isForward(m, 2) } // it is never announced
	c := tb.submit(2, body("waits", 35))
	wait := DefaultOptions().WaitTicks
	for range 3 {
		tb.ticks(wait - 10)
		tb.expect(c, Pending)
		tb.submit(1, body("other", 35))
		tb.settle()
	}
	tb.expect(c, Pending)
	tb.ticks(wait + 50) // it learns of the last piece by a heartbeat
	tb.expect(c, NotDone)
}
