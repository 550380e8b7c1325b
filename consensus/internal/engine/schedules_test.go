package engine

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// S1: A forwarded batch is appended and replicated once more, then its leader dies. The origin meets it before it
// learns of the later term: the client gets the real reply.
func TestForwardMetBeforeTheLaterTerm(t *testing.T) {
	tb := newTable(t, 5)
	tb.elect(1)
	tb.lose = func(m *Message) bool { // entries of 1 reach only 2, and no acknowledgement returns
		return m.From == 1 && m.Kind == raft.Append && m.To != 2 || m.Kind == raft.AppendReply
	}
	incr := tb.submit(5, "incr")
	tb.settle()
	tb.expect(incr, Pending)
	tb.crash(1)
	tb.lose = nil
	tb.elect(2) // it has the entry
	tb.ticks(10)
	tb.expect(incr, Done)
	tb.expectApplied("incr")
}

// S1: The same, but the entry dies with its leader: the origin proposes it again, once, when the log shows the later
// term.
func TestForwardNotMetBeforeTheLaterTerm(t *testing.T) {
	tb := newTable(t, 5)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return m.From == 1 && m.Kind == raft.Append }
	incr := tb.submit(5, "incr")
	tb.settle()
	tb.expect(incr, Pending)
	tb.crash(1)
	tb.lose = nil
	tb.elect(2)
	tb.ticks(10)
	tb.expect(incr, Done)
	tb.expectApplied("incr")
}

// S2: A late copy of a forward reaches its old leader when it leads again, in a later term.
func TestLateCopyInALaterTerm(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	late := tb.hold(func(m *Message) bool { return isForward(m, 3) })
	incr := tb.submit(3, "incr")
	tb.settle()
	tb.lose = nil
	tb.elect(2)
	tb.ticks(10)
	tb.expect(incr, Done) // proposed again, to 2
	tb.elect(1)
	tb.flying = append(tb.flying, *late...)
	tb.ticks(10)
	tb.expectApplied("incr")
}

// S3: A truncated entry of a deposed leader commits after all, in a third term. Its origin had not called it failed.
func TestTruncatedAtItsOriginAndCommittedElsewhere(t *testing.T) {
	const a, b, c, d, e = 1, 2, 3, 4, 5
	tb := newTable(t, 5)
	tb.elect(a)
	tb.lose = func(m *Message) bool { return m.From == a && m.To != b || m.Kind == raft.AppendReply }
	x := tb.submit(a, "x")
	tb.settle() // x is on a and b
	tb.cut(a, b)
	away := tb.lose
	tb.lose = func(m *Message) bool { return away(m) || m.Kind == raft.Append }
	tb.elect(c)
	tb.lose = func(m *Message) bool { // the no-op of c reaches only a, and a truncates x
		return m.To == b || m.From == b || m.Kind == raft.Append && m.To != a || m.Kind == raft.AppendReply && m.From != a
	}
	tb.ticks(20)
	if last := tb.node(a).engine.core.Last(); last.Term != tb.node(c).engine.core.Term() {
		t.Fatalf("the log of a ends at %v: x was not truncated", last)
	}
	tb.expect(x, Pending)
	tb.crash(c)
	tb.cut(a)
	tb.elect(b)
	tb.settle()
	tb.lose = nil
	tb.ticks(50)
	tb.expect(x, Done)
	tb.expectApplied("x")
}

// S4: A tag lies in a gap that an installed snapshot jumps over: unknown for good, never proposed again.
func TestSnapshotJumpsOverABatch(t *testing.T) {
	a := NewApplier(DefaultOptions(), &journal{}, SnapshotState{})
	b := &Batch{Body: []byte("x")}
	var report Applied
	a.Register([]Sent{{Batch: b, Term: 2, Sequence: 1}}, &report)
	a.Jumped(SnapshotState{Mark: raftlog.Mark{Term: 2, Index: 50}}, &report)
	later := raftlog.Entry{Index: 51, Term: 3, Kind: raftlog.EntryNoOp}
	a.Apply([]raftlog.Entry{later}, &report)
	if b.Outcome != Unknown || len(report.NotDone) != 0 || len(report.Ended) != 1 {
		t.Fatalf("outcome %v, %d not done, %d ended", b.Outcome, len(report.NotDone), len(report.Ended))
	}
}

// S5: A batch of the old term is judged when the stream of the new one has begun already: it gets its place there.
func TestJudgedAfterTheNewStreamBegan(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return isForward(m, 3) }
	six := tb.submit(3, "six")
	tb.settle()
	tb.lose = nil
	tb.node(3).holdApply = true // it does not see the later term yet
	tb.elect(2)
	one, two := tb.submit(3, "one"), tb.submit(3, "two")
	tb.settle()
	tb.expect(six, Pending)
	tb.node(3).holdApply = false
	tb.ticks(10)
	for _, c := range []*client{one, two, six} {
		tb.expect(c, Done)
	}
	tb.expectApplied("one", "two", "six")
}

// S6: The origin restarts; a connection of the boot before delivers its batches late.
func TestLateForwardsOfAnEarlierBoot(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	var late []Message
	tb.lose = func(m *Message) bool {
		if isForward(m, 3) {
			late = append(late, *m)
		}
		return false
	}
	for _, c := range []string{"a", "b", "c"} {
		tb.submit(3, c)
	}
	tb.settle()
	tb.crash(3)
	tb.boot(tb.node(3), 999)
	tb.lose = nil
	tb.flying = append(tb.flying, late...)
	tb.ticks(5)
	fresh := tb.submitAndSettle(3, "d")
	tb.expect(fresh, Done)
	tb.expectApplied("a", "b", "c", "d")
}

// S6: Node 3 was restarted. A batch of its earlier boot comes to lie in the log with the sequence that a batch of this
// boot has, in the same term: that one goes on waiting.
func TestABatchOfAnEarlierBootIsNotMet(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	late := tb.hold(func(m *Message) bool { return isForward(m, 3) })
	tb.submit(3, "a")
	tb.settle()
	tb.crash(3)
	tb.boot(tb.node(3), 999)
	tb.ticks(10)
	fresh := tb.submit(3, "d")
	tb.settle()
	tb.lose = nil
	if len(*late) != 2 {
		t.Fatalf("%d forwards are held, want that of each boot", len(*late))
	}
	tb.flying = append(tb.flying, (*late)[0])
	tb.settle()
	tb.expectApplied("a")
	tb.expect(fresh, Pending)
	tb.flying = append(tb.flying, (*late)[1])
	tb.settle()
	tb.expect(fresh, Done)
	tb.expectApplied("a", "d")
}

// S7: A forward finds no room at the leader and is lost, the next one arrives: the stream is reset and sent again.
func TestGapInAStream(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	first := true
	tb.lose = func(m *Message) bool {
		drop := isForward(m, 2) && first
		first = first && !drop
		return drop
	}
	six := tb.submit(2, "six")
	tb.settle()
	seven := tb.submit(2, "seven")
	other := tb.submit(3, "other")
	tb.settle()
	tb.expect(other, Done) // other streams are not delayed
	tb.expect(seven, Pending)
	if resets := tb.node(1).resets; len(resets) != 1 || resets[0] != 2 {
		t.Fatalf("the leader reset %v, want the stream of 2", resets)
	}
	tb.node(2).in.LinksUp = []raftlog.NodeID{1}
	tb.settle()
	tb.expect(six, Done)
	tb.expect(seven, Done)
	tb.expectApplied("other", "six", "seven")
}

// S8: No leader appends a batch of a node outside its newest configuration.
func TestForwardOfANodeThatIsNoMember(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	leader := tb.node(1)
	leader.in.Messages = append(leader.in.Messages, Message{
		Own: Forward, Message: raft.Message{From: 9, To: 1, Term: leader.engine.core.Term()}, Boot: 5,
		Batches: []ForwardedBatch{{Sequence: 1, Level: Level, Body: []byte("foreign")}},
	})
	tb.ticks(10)
	tb.expectApplied()
}

// S8: The same once the leader has appended what other nodes sent, so that it has looked at its configuration before.
func TestLaterForwardOfANodeThatIsNoMember(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	leader := tb.node(1)
	tb.expect(tb.submitAndSettle(2, "own"), Done)
	leader.in.Messages = append(leader.in.Messages, Message{
		Own: Forward, Message: raft.Message{From: 9, To: 1, Term: leader.engine.core.Term()}, Boot: 5,
		Batches: []ForwardedBatch{{Sequence: 1, Level: Level, Body: []byte("foreign")}},
	})
	tb.ticks(10)
	tb.expectApplied("own")
}

// survivor makes a leader whose majority dies: one batch is appended before that is noticed, one comes after.
func (tb *table) survivor() (appended, queued *client) {
	tb.t.Helper()
	tb.elect(1)
	tb.crash(2)
	tb.crash(3)
	appended = tb.submit(1, "appended")
	tb.settle()
	tb.ticks(2 * DefaultOptions().ElectionTicks)
	if core := tb.node(1).engine.core; core.Leader() != 0 || len(tb.node(1).engine.stream.unmet) != 1 {
		tb.t.Fatalf("the survivor follows %d, %d batches are unmet", core.Leader(), len(tb.node(1).engine.stream.unmet))
	}
	queued = tb.submit(1, "queued")
	tb.settle()
	return appended, queued
}

// S31: The majority stays away: what was appended may be done when it returns, some day; what was only queued never
// was.
func TestAMajorityDiesAndStaysAway(t *testing.T) {
	tb := newTable(t, 3)
	appended, queued := tb.survivor()
	read := tb.read(1)
	tb.ticks(DefaultOptions().WaitTicks + 1)
	tb.expect(queued, NotDone)
	tb.expectRead(read, NotDone)
	tb.expect(appended, Pending)
	tb.ticks(DefaultOptions().UncertainTicks - DefaultOptions().WaitTicks)
	tb.expect(appended, Unknown)
	tb.boot(tb.node(2), 202)
	tb.boot(tb.node(3), 203)
	tb.elect(1)
	tb.expectApplied("appended") // it was uncertain, and this is why; what is not done stays not done
}

// S31: The majority returns in time, and the survivor leads again: its entry is met.
func TestAMajorityReturnsAndTheEntryIsMet(t *testing.T) {
	tb := newTable(t, 3)
	appended, queued := tb.survivor()
	tb.boot(tb.node(2), 202)
	tb.boot(tb.node(3), 203)
	tb.elect(1)
	tb.expect(appended, Done)
	tb.expect(queued, Done)
	tb.expectApplied("appended", "queued")
}

// S31: The majority returns in time, and goes on without the survivor's entry: it is proven not done, and proposed
// again.
func TestAMajorityReturnsWithoutTheEntry(t *testing.T) {
	tb := newTable(t, 3)
	appended, queued := tb.survivor()
	tb.boot(tb.node(2), 202)
	tb.boot(tb.node(3), 203)
	tb.cut(1)
	tb.elect(2)
	tb.lose = nil
	tb.ticks(20)
	tb.expect(appended, Done)
	tb.expect(queued, Done)
	applied := tb.node(1).machine.applied
	if len(applied) != 2 || tb.node(1).machine.count("appended") != 1 || tb.node(1).machine.count("queued") != 1 {
		t.Fatalf("applied %q", applied)
	}
}

// leave tells a node that the client of a batch is gone.
func (tb *table) leave(id raftlog.NodeID, c *client) {
	tb.node(id).in.Left = append(tb.node(id).in.Left, c.Batch)
	tb.settle()
}

// S32: A parked batch whose client left is dropped if it was never sent: the client may have sent it elsewhere.
func TestParkedBatchOfADisconnectedClient(t *testing.T) {
	tb := newTable(t, 3)
	b := tb.submit(2, "incr")
	tb.settle()
	tb.leave(2, b)
	tb.expect(b, NotDone)
	second := tb.submit(3, "incr")
	tb.elect(1)
	tb.expect(second, Done)
	tb.expectApplied("incr")
}

// S32: It was sent, and its leader died before it arrived. When that is proven the client is gone: it is not sent
// again.
func TestALostBatchOfADisconnectedClientIsNotSentAgain(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return isForward(m, 2) }
	b := tb.submit(2, "incr")
	tb.settle()
	tb.leave(2, b)
	tb.expect(b, Pending)
	tb.crash(1)
	tb.lose = nil
	second := tb.submit(3, "incr")
	tb.elect(3)
	tb.expect(b, NotDone)
	tb.expect(second, Done)
	tb.expectApplied("incr")
}

// S32: It was sent and arrives: it cannot be taken back. It ends as any other, without a client.
func TestASentBatchOfADisconnectedClientIsDone(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	late := tb.hold(func(m *Message) bool { return isForward(m, 2) })
	b := tb.submit(2, "incr")
	tb.settle()
	tb.leave(2, b)
	tb.lose = nil
	tb.flying = append(tb.flying, *late...)
	tb.settle()
	tb.expect(b, Done)
	tb.expectApplied("incr")
}
