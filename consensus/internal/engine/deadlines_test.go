package engine

import (
	"slices"
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The deadlines of batches and reads: what ends when, in states that do not end by themselves.

// sendings counts, per tick, the messages with batches that leave a node, and loses them.
func (tb *table) sendings(from raftlog.NodeID) *[]uint64 {
	at := &[]uint64{}
	tb.lose = func(m *Message) bool {
		if !isForward(m, from) {
			return false
		}
		*at = append(*at, tb.node(from).engine.tick)
		return true
	}
	return at
}

func TestResendsBackOffUpToALimitAndProgressEndsThat(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	origin := tb.node(2).engine
	tb.node(2).applier.options.UncertainTicks = 1 << 20
	period := uint64(origin.options.ResendTicks)
	at := tb.sendings(2)
	lost := tb.submit(2, "lost")
	tb.ticks(35 * int(period))
	var waits []uint64
	for i := 1; i < len(*at); i++ {
		waits = append(waits, ((*at)[i]-(*at)[i-1])/period)
	}
	if !slices.Equal(waits, []uint64{1, 2, 4, 8, 8, 8}) {
		t.Fatalf("resent after %d periods each", waits)
	}
	tb.lose = nil
	tb.ticks(longestResendTicks)
	tb.expect(lost, Done)
	tb.sendings(2)
	again := tb.submit(2, "again")
	tb.settle()
	tb.lose = nil
	tb.ticks(int(period) + 1)
	tb.expect(again, Done) // one lost message costs one period, however long it took before
}

// Batches that go on arriving must not hide that the first one is lost.
func TestAStreamIsSentAgainWhileNewBatchesArrive(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	at := tb.sendings(2)
	first := tb.submit(2, "first")
	tb.settle()
	for range DefaultOptions().ResendTicks / 10 {
		tb.ticks(10)
		tb.submit(2, "later")
	}
	tb.settle()
	if resent := len(*at) - 1 - DefaultOptions().ResendTicks/10; resent != 1 {
		t.Fatalf("the stream was sent again %d times", resent)
	}
	tb.expect(first, Pending)
}

func TestANewConnectionResendsAtOnceHoweverLongTheBackOff(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.sendings(2)
	c := tb.submit(2, "c")
	tb.ticks(8 * DefaultOptions().ResendTicks)
	tb.lose = nil
	tb.node(2).in.LinksUp = []raftlog.NodeID{1}
	tb.settle()
	tb.expect(c, Done)
}

// A batch is proven not done shortly before the deadline, and sent to the new leader. What was sent there has a
// deadline of its own: at the old one nothing is uncertain.
func TestTheDeadlineOfAnUnknownFateCountsFromTheLatestSending(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return isForward(m, 3) }
	c := tb.submit(3, "c")
	tb.ticks(DefaultOptions().UncertainTicks - 250)
	tb.crash(1)
	tb.elect(2)
	sent := tb.node(3).engine.tick
	if b := c.Batch; sent-b.submitted >= uint64(DefaultOptions().UncertainTicks) || b.since == b.submitted {
		t.Fatalf("sent again at %d, submitted at %d", sent, b.submitted)
	}
	tb.ticks(300)
	tb.expect(c, Pending)
	tb.ticks(DefaultOptions().UncertainTicks)
	tb.expect(c, Unknown)
}

func TestABatchProvenNotDoneBeforeTheDeadlineIsDoneAfterIt(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return isForward(m, 3) }
	c := tb.submit(3, "c")
	tb.ticks(DefaultOptions().UncertainTicks - 250)
	tb.crash(1)
	tb.elect(2)
	tb.ticks(300)
	tb.lose = nil
	tb.ticks(longestResendTicks)
	tb.expect(c, Done)
	tb.expectApplied("c")
}

// Two leaders die with the batch on its way to each. When the second loss is proven, its client has waited long enough:
// it is told the truth, which is known.
func TestABatchProvenNotDoneAfterTheDeadlineEndsAsNotDone(t *testing.T) {
	tb := newTable(t, 5)
	tb.elect(1)
	forwards := func(m *Message) bool { return isForward(m, 5) }
	tb.lose = forwards
	c := tb.submit(5, "c")
	tb.ticks(DefaultOptions().UncertainTicks - 250)
	tb.crash(1)
	tb.elect(2)
	tb.ticks(250)
	tb.expect(c, Pending)
	tb.crash(2)
	tb.elect(3)
	tb.expect(c, NotDone)
	tb.lose = nil
	tb.ticks(2 * longestResendTicks)
	tb.expectApplied()
}

// The proof comes when there is no leader again, and later than WaitTicks after the submission. The wait begins anew:
// an election is on its way, and clients see only a slow reply.
func TestABatchProvenNotDoneWaitsForALeaderAsLongAsANewOne(t *testing.T) {
	tb := newTable(t, 5)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return isForward(m, 5) }
	c := tb.submit(5, "c")
	tb.ticks(2 * DefaultOptions().WaitTicks)
	origin := tb.node(5)
	tb.crash(1)
	origin.holdApply = true // it has not seen the proof yet
	tb.elect(2)
	tb.crash(2)
	everything := func(*Message) bool { return true }
	tb.lose = everything
	tb.ticks(3 * DefaultOptions().ElectionTicks)
	origin.holdApply = false
	tb.apply(origin)
	tb.ticks(DefaultOptions().WaitTicks - 5)
	tb.expect(c, Pending)
	if origin.engine.leader != 0 || len(origin.engine.waiting.batches) != 1 {
		t.Fatalf("leader %d, %d batches wait", origin.engine.leader, len(origin.engine.waiting.batches))
	}
	tb.ticks(10)
	tb.expect(c, NotDone)
}

// However often a batch is proven not done and waits again: from the deadline on it is not sent any more.
func TestABatchThatWaitsAgainIsNotSentAfterTheDeadline(t *testing.T) {
	tb := newTable(t, 3)
	origin := tb.node(2)
	wait, uncertain := uint64(DefaultOptions().WaitTicks), uint64(DefaultOptions().UncertainTicks)
	c := tb.submit(2, "c")
	tb.settle()
	tb.cut(1, 2, 3)
	// As if it had been sent, and proven not done, once in a while.
	for at := wait - 10; at < uncertain; at += wait - 10 {
		tb.ticks(int(wait)-10, 2)
		origin.engine.waiting = queue{}
		origin.in.Applied = append(origin.in.Applied, Applied{NotDone: []*Batch{c.Batch}})
		tb.turn(origin)
		tb.expect(c, Pending)
	}
	for origin.engine.tick-c.submitted < uncertain-1 {
		tb.ticks(1, 2)
	}
	tb.expect(c, Pending)
	tb.ticks(1, 2)
	tb.expect(c, NotDone)
}

// A leader is heard and cannot be reached: its messages arrive, this node's do not.
func TestALeaderThatCannotHearHoldsNoClientForEver(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return m.From == 2 }
	c, r := tb.submit(2, "c"), tb.read(2)
	tb.ticks(DefaultOptions().WaitTicks + 1)
	tb.expectRead(r, NotDone)
	tb.expect(c, Pending) // sent: this node cannot know
	tb.expect(tb.submitAndSettle(3, "other"), Done)
	tb.ticks(DefaultOptions().UncertainTicks)
	tb.expect(c, Unknown)
	tb.lose = nil
	after := tb.submit(2, "after")
	tb.ticks(longestResendTicks)
	tb.expect(after, Done)
	tb.expectApplied("other", "after")
}

// There is a leader, and its journal has no room: what it took waits with it, a batch that it did not take ends in
// time.
func TestALeaderWithoutRoomHoldsNoClientForEver(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	leader := tb.node(1).engine
	leader.options.ProposalRoomBytes = 1
	own, forwarded, r := tb.submit(1, "own"), tb.submit(2, "forwarded"), tb.read(2)
	tb.settle()
	tb.expectRead(r, Done) // no room for entries is needed to read
	tb.ticks(DefaultOptions().WaitTicks + 1)
	tb.expect(own, NotDone)
	tb.expect(forwarded, Pending)
	tb.ticks(DefaultOptions().UncertainTicks)
	tb.expect(forwarded, Unknown)
}

// A leader that its newest configuration leaves out takes nothing more from its own clients: it may never see what
// became of that. Never sent, it ends as not done.
func TestALeaderThatIsLeftOutAppendsNothingOfItsOwn(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	core := tb.node(1).engine.core
	tb.lose = func(m *Message) bool { return m.Kind == raft.AppendReply && !core.Configuration().Includes(1) }
	tb.leaveOut(1, 1)
	last := core.Last()
	own, other := tb.submit(1, "own"), tb.submit(2, "other")
	tb.settle()
	if got := core.Last(); got.Index != last.Index+1 || core.Role() != raft.Leader {
		t.Fatalf("a %v whose log ends at %v, it ended at %v", core.Role(), got, last)
	}
	tb.lose = nil
	tb.ticks(DefaultOptions().WaitTicks + 1)
	tb.expect(other, Done)
	tb.expect(own, NotDone)
}

// S8: The leader has no room and holds what two nodes forwarded. One of them is left out before room comes back.
func TestAHeldBatchOfANodeThatWasLeftOutIsNotAppended(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	leader := tb.node(1).engine
	leader.options.ProposalRoomBytes = 1
	member, stranger := tb.submit(2, "member"), tb.submit(3, "stranger")
	tb.settle()
	if n := leader.forwards.heldOf(2).len() + leader.forwards.heldOf(3).len(); n != 2 {
		t.Fatalf("%d batches are held", n)
	}
	tb.lose = func(m *Message) bool { return m.From == 3 || m.To == 3 }
	tb.leaveOut(1, 3)
	leader.options.ProposalRoomBytes = 0
	tb.ticks(10)
	tb.expect(member, Done)
	if got := tb.node(1).machine.applied; !slices.Equal(got, []string{"member"}) || leader.heldBytes() != 0 {
		t.Fatalf("applied %q, %d bytes held", got, leader.heldBytes())
	}
	tb.ticks(DefaultOptions().UncertainTicks + deadlineTicks)
	tb.expect(stranger, Unknown)
}
