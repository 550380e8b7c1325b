package engine

import (
	"testing"
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
