package engine

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

func TestAnyNodeTakesABatch(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	a, b, c := tb.submit(1, "a"), tb.submit(2, "b"), tb.submit(3, "c")
	tb.settle()
	tb.ticks(10)
	for _, got := range []*client{a, b, c} {
		tb.expect(got, Done)
		if tb.node(1).machine.count(string(got.Body)) != 1 {
			t.Fatalf("%q was applied %d times", got.Body, tb.node(1).machine.count(string(got.Body)))
		}
	}
	if tb.node(3).machine.seed != testSeed {
		t.Fatal("the state machine did not get the cluster's seed")
	}
}

func TestAFollowersReplyDoesNotWaitForAHeartbeat(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	b := tb.submit(2, "b")
	tb.settle() // messages only: no time passes
	tb.expect(b, Done)
}

func TestResultIsWhatTheMachineReturnedOnTheOrigin(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	first, second := tb.submit(2, "x"), tb.submit(2, "y")
	tb.settle()
	if string(first.Result) != "1" || string(second.Result) != "2" {
		t.Fatalf("results are %q and %q", first.Result, second.Result)
	}
}

func TestABatchWaitsForALeaderAndIsThenDone(t *testing.T) {
	tb := newTable(t, 3)
	b := tb.submit(2, "early")
	tb.settle()
	tb.expect(b, Pending)
	tb.elect(3)
	tb.settle()
	tb.expect(b, Done)
}

func TestWithoutALeaderABatchEndsAsNotDone(t *testing.T) {
	tb := newTable(t, 3)
	tb.cut(1, 2, 3)
	b := tb.submit(2, "lonely")
	tb.ticks(DefaultOptions().WaitTicks + 1)
	tb.expect(b, NotDone)
	tb.lose = nil
	tb.elect(1)
	tb.ticks(20)
	tb.expectApplied()
}

func TestASentBatchEndsAsUnknownAtTheDeadline(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return m.Own == Forward }
	b := tb.submit(2, "b")
	tb.ticks(DefaultOptions().UncertainTicks + deadlineTicks)
	tb.expect(b, Unknown)
	// The stream goes on behind it, and the lost one is only skipped: it must not be executed late.
	tb.lose = nil
	later := tb.submit(2, "later")
	tb.ticks(longestResendTicks + 5)
	tb.expect(later, Done)
	tb.expectApplied("later")
}

func TestALostForwardIsSentAgain(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	lost := false
	tb.lose = func(m *Message) bool {
		drop := isForward(m, 2) && !lost
		lost = lost || drop
		return drop
	}
	b := tb.submit(2, "b")
	tb.ticks(DefaultOptions().ResendTicks + 2)
	tb.expect(b, Done)
	tb.expectApplied("b")
}

func TestWaitingBatchesAreBounded(t *testing.T) {
	tb := newTable(t, 3)
	tb.node(1).engine.options.MaxWaitingBatches = 2
	a, b, c := tb.submit(1, "a"), tb.submit(1, "b"), tb.submit(1, "c")
	tb.settle()
	tb.expect(a, Pending)
	tb.expect(b, Pending)
	tb.expect(c, Overloaded)
}

func TestUnmetBytesAreBounded(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.node(2).engine.options.MaxUnmetBytes = 2 * (raftlog.EntryHeaderBytes + 1)
	tb.lose = func(m *Message) bool { return m.Own == Forward }
	for _, c := range []string{"a", "b", "c"} {
		tb.submit(2, c)
	}
	tb.settle()
	if s := tb.node(2).engine.Status(); s.UnmetBatches != 2 || s.WaitingBatches != 1 {
		t.Fatalf("%d unmet and %d waiting, want 2 and 1", s.UnmetBatches, s.WaitingBatches)
	}
	tb.lose = nil
	tb.ticks(DefaultOptions().ResendTicks + 2)
	tb.expectApplied("a", "b", "c")
}

func TestTheJournalsRoomHoldsBatchesBackAndNotVotes(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.cut(1) // nothing commits any more
	leader := tb.node(1)
	leader.engine.options.ProposalRoomBytes = leader.engine.core.WindowBytes() + 2*(raftlog.EntryHeaderBytes+1)
	for _, c := range []string{"a", "b", "c"} {
		tb.submit(1, c)
	}
	tb.settle()
	if last := leader.engine.core.Last().Index; last != 4 { // configuration, no-op, a, b
		t.Fatalf("the log ends at %d, want 4", last)
	}
	tb.elect(2)
	tb.lose = nil
	tb.ticks(20)
	tb.expect(tb.submitAndSettle(2, "after"), Done)
}

func (tb *table) submitAndSettle(id raftlog.NodeID, command string) *client {
	c := tb.submit(id, command)
	tb.settle()
	tb.ticks(10)
	return c
}

// A follower whose journal is full of what a new leader replaces must take the replacement.
func TestAFullLogOfStaleEntriesTakesItsReplacement(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.cut(1)
	old := tb.node(1)
	for range 5 {
		tb.submit(1, "stale")
	}
	tb.settle()
	old.engine.options.JournalRoomBytes = old.engine.core.WindowBytes()
	tb.elect(2)
	b := tb.submitAndSettle(2, "fresh")
	tb.expect(b, Done)
	tb.lose = nil
	tb.ticks(200)
	if old.machine.count("fresh") != 1 {
		t.Fatal("the deposed leader never took the new entries")
	}
}

// B17.
func TestEveryBatchEnds(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	var all []*client
	for i := range 30 {
		all = append(all, tb.submit(raftlog.NodeID(i%3+1), "x"))
	}
	tb.deliver()
	tb.turn(tb.node(1))
	tb.crash(1)
	tb.elect(2)
	tb.ticks(DefaultOptions().UncertainTicks + 2*deadlineTicks)
	for i, c := range all {
		if i%3 != 0 && c.woken != 1 {
			t.Fatalf("batch %d: %v, woken %d times", i, c.Outcome, c.woken)
		}
	}
}

// Large batches that wait for their turn have a limit of their own; a single one may have any size.
func TestLargeBatchesThatWaitAreBounded(t *testing.T) {
	const limitBytes = 1000
	tb := newPieceTable(t, 3)
	tb.cut(1, 2, 3)
	tb.node(1).engine.options.MaxLargeBytes = limitBytes
	first := tb.submit(1, body("x", 2*limitBytes))
	tb.settle()
	second, small := tb.submit(1, body("y", testPieceBytes+1)), tb.submit(1, "small")
	tb.settle()
	tb.expect(first, Pending)
	tb.expect(second, Overloaded)
	tb.expect(small, Pending)
	tb.ticks(DefaultOptions().WaitTicks + 1)
	tb.expect(first, NotDone)
	fits := limitBytes - raftlog.EntryHeaderBytes - (raftlog.EntryHeaderBytes + testPieceBytes + 1)
	a, b := tb.submit(1, body("a", testPieceBytes+1)), tb.submit(1, body("b", fits))
	c := tb.submit(1, body("c", testPieceBytes+1))
	tb.settle()
	tb.expect(a, Pending)
	tb.expect(b, Pending)
	tb.expect(c, Overloaded)
}
