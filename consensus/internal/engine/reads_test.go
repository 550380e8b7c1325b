package engine

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// reader is a read and what its client saw.
type reader struct {
	*Read
	woken   int
	applied int // commands applied at the moment of waking
}

func (tb *table) read(id raftlog.NodeID) *reader {
	s := tb.node(id)
	r := &reader{Read: &Read{}}
	r.Wake = func() { r.woken++; r.applied = len(s.machine.applied) }
	s.in.Reads = append(s.in.Reads, r.Read)
	return r
}

func (tb *table) expectRead(r *reader, o Outcome) {
	tb.t.Helper()
	if r.Outcome != o || (o == Pending) != (r.woken == 0) || r.woken > 1 {
		tb.t.Fatalf("read: %v, woken %d times, want %v", r.Outcome, r.woken, o)
	}
}

func TestReadsOnAnyNodeSeeWhatWasAcknowledged(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	w := tb.submit(2, "w")
	tb.settle()
	tb.expect(w, Done)
	for id := raftlog.NodeID(1); id <= 3; id++ {
		r := tb.read(id)
		tb.settle() // no time passes: reads are a matter of round trips
		tb.expectRead(r, Done)
		if r.applied != 1 {
			t.Fatalf("node %d answered from a state with %d commands", id, r.applied)
		}
	}
}

// C1: a follower's request confirms its reads if it and the leader are a quorum, and only then.
func TestARequestOfOneOfThreeVotersNeedsNoEcho(t *testing.T) {
	for voters, want := range map[int]Outcome{3: Done, 4: Pending, 5: Pending} {
		tb := newTable(t, voters)
		tb.elect(1)
		tb.expect(tb.submitAndSettle(2, "w"), Done)
		tb.lose = func(m *Message) bool { return m.Own == 0 && m.Kind == raft.HeartbeatReply }
		r := tb.read(3)
		tb.settle()
		tb.expectRead(r, want)
		tb.lose = nil
		tb.ticks(DefaultOptions().HeartbeatTicks + 1)
		tb.settle()
		tb.expectRead(r, Done)
		if r.applied != 1 {
			t.Fatalf("of %d voters, node 3 answered from a state with %d commands", voters, r.applied)
		}
	}
}

// C1.
func TestADeposedLeaderAnswersNoRead(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.cut(1)
	tb.elect(2)
	w := tb.submitAndSettle(2, "w")
	tb.expect(w, Done)
	r := tb.read(1)
	tb.settle()
	tb.expectRead(r, Pending)
	tb.ticks(DefaultOptions().WaitTicks + 1)
	tb.expectRead(r, NotDone)
}

// C2.
func TestAFreshLeaderWaitsForItsNoOp(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.submitAndSettle(1, "w")
	tb.elect(2)
	r := tb.read(3)
	tb.settle()
	tb.expectRead(r, Done)
	if r.applied != 1 {
		t.Fatal("the read missed what the leader before had acknowledged")
	}
}

// C3: A reply to an older attempt must not answer a younger read: each attempt has a number of its own.
func TestReplyToAnOlderAttempt(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	late := tb.hold(func(m *Message) bool { return m.Own == ReadIndexReply && m.To == 3 })
	first := tb.read(3)
	tb.settle()
	tb.submitAndSettle(1, "w")
	tb.ticks(DefaultOptions().ReadRetryTicks)
	second := tb.read(3)
	tb.settle()
	tb.flying = append(tb.flying, (*late)[0]) // the reply to the attempt before "w"
	tb.settle()
	tb.expectRead(first, Pending)
	tb.expectRead(second, Pending)
	tb.lose = nil
	tb.ticks(DefaultOptions().ReadRetryTicks + 1)
	tb.expectRead(first, Done)
	tb.expectRead(second, Done)
}

// C3: The same across a restart within a term: the numbers of requests begin elsewhere in each boot.
func TestReplyToAnEarlierBoot(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	late := tb.hold(func(m *Message) bool { return m.Own == ReadIndexReply && m.To == 3 })
	tb.read(3)
	tb.settle()
	tb.submitAndSettle(1, "w")
	tb.crash(3)
	tb.boot(tb.node(3), 999)
	tb.ticks(10) // it follows 1 again, in the same term
	r := tb.read(3)
	tb.settle()
	tb.flying = append(tb.flying, (*late)[0])
	tb.settle()
	tb.expectRead(r, Pending)
}

// C5.
func TestAFollowersReadSurvivesALeaderChange(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return m.Own == ReadIndex }
	r := tb.read(3)
	tb.settle()
	tb.expectRead(r, Pending)
	tb.lose = nil
	tb.crash(1)
	tb.elect(2)
	tb.ticks(5)
	tb.expectRead(r, Done)
}

// S11: An append left before the read joined; its echo arrives after. It does not confirm the read.
func TestEchoOfAnEarlierMessage(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.read(1)
	tb.turn(tb.node(1)) // messages with its epoch are flying
	tb.deliver()
	tb.turn(tb.node(2))
	tb.turn(tb.node(3)) // and so are their echoes
	r := tb.read(1)
	tb.node(1).in.Ticks = 0
	tb.turn(tb.node(1)) // the read joins
	echoes := tb.flying
	tb.flying = nil
	for _, m := range echoes {
		if m.To == 1 {
			tb.node(1).in.Messages = append(tb.node(1).in.Messages, m)
		}
	}
	tb.turn(tb.node(1))
	tb.expectRead(r, Pending)
}

// A refusal carries no index. Taken for an answer, its zero would let the read see a state of long ago.
func TestARefusedReadIndexIsNoAnswer(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.lose = func(m *Message) bool {
		if m.Own == ReadIndexReply {
			m.Reject, m.Index = true, 0
		}
		return false
	}
	r := tb.read(3)
	tb.settle()
	tb.expectRead(r, Pending)
	tb.lose = nil
	tb.ticks(DefaultOptions().ReadRetryTicks + 1)
	tb.expectRead(r, Done)
}

// Without a leader reads wait, up to a number; one more is refused at once. Those that ended make room. The number
// counts reads of all ages: fresh ones, those that wait for the leader, and those that wait for the applier.
func TestWaitingReadsAreBounded(t *testing.T) {
	const limit = 3
	tb := newTable(t, 3)
	node := tb.node(1)
	node.engine.options.MaxWaitingReads = limit
	full := func(state string) {
		t.Helper()
		var inside []*reader
		for range limit {
			inside = append(inside, tb.read(1))
			tb.settle()
		}
		for _, r := range inside {
			tb.expectRead(r, Pending)
		}
		refused := tb.read(1)
		tb.settle()
		tb.expectRead(refused, Overloaded)
		if n := len(node.engine.AllReads()); n != limit || node.engine.reads.open != limit {
			t.Fatalf("%s: %d reads are open, %d counted", state, n, node.engine.reads.open)
		}
		tb.ticks(DefaultOptions().WaitTicks + 1)
		for _, r := range inside {
			tb.expectRead(r, NotDone)
		}
		if n := node.engine.reads.open; n != 0 {
			t.Fatalf("%s: %d reads are counted when all have ended", state, n)
		}
	}
	tb.cut(1, 2, 3)
	full("no leader")
	tb.lose = nil
	tb.elect(2)
	tb.lose = func(m *Message) bool { return m.Own == ReadIndexReply }
	full("no answer of the leader")
	tb.lose = nil
	node.holdApply = true
	tb.submitAndSettle(2, "w")
	full("a slow applier")
	node.holdApply = false
	last := tb.read(1)
	tb.ticks(20)
	tb.expectRead(last, Done)
}

// A read has its index, and the applier does not come to it: the read ends at its deadline, not a tick before. Nothing
// of it is left, however long the applier takes.
func TestAReadThatWaitsForASlowApplierEnds(t *testing.T) {
	for _, id := range []raftlog.NodeID{1, 2} {
		tb := newTable(t, 3)
		tb.elect(1)
		s := tb.node(id)
		s.holdApply = true
		w := tb.submit(3, "w")
		tb.ticks(10)
		tb.expect(w, Done)
		r := tb.read(id)
		tb.ticks(DefaultOptions().WaitTicks) // the first of them comes with the read
		tb.expectRead(r, Pending)
		if n := len(s.engine.reads.ready); n != 1 {
			t.Fatalf("%d groups have their index", n)
		}
		tb.ticks(1)
		tb.expectRead(r, NotDone)
		for range 5 {
			tb.expectRead(tb.readFor(id, DefaultOptions().WaitTicks+1), NotDone)
		}
		if n := len(s.engine.reads.ready); n != 0 {
			t.Fatalf("%d groups are left, without a read", n)
		}
	}
}

// readFor asks for a read and lets time pass.
func (tb *table) readFor(id raftlog.NodeID, ticks int) *reader {
	r := tb.read(id)
	tb.ticks(ticks)
	return r
}

// A leader keeps so many requests of followers and no more; those that it drops are asked again.
func TestALeaderKeepsBoundedReadRequests(t *testing.T) {
	tb := newTable(t, 5)
	tb.elect(1)
	leader := tb.node(1)
	tb.cut(1)
	for request := range uint64(maxRemoteReads + 10) {
		leader.in.Messages = append(leader.in.Messages, Message{
			Own: ReadIndex, Message: raft.Message{From: 2, To: 1, Term: leader.engine.core.Term()}, Request: request,
		})
	}
	tb.turn(leader)
	tb.turn(leader)
	if n := len(leader.engine.reads.remotes) + len(leader.engine.reads.asked); n != maxRemoteReads {
		t.Fatalf("the leader keeps %d requests, the limit is %d", n, maxRemoteReads)
	}
	leader.in.Messages = append(leader.in.Messages, Message{
		Own: ReadIndex, Message: raft.Message{From: 2, To: 1, Term: leader.engine.core.Term()}, Request: 1,
	})
	tb.turn(leader)
	if n := len(leader.engine.reads.remotes); n != maxRemoteReads {
		t.Fatalf("the leader keeps %d requests, the limit is %d", n, maxRemoteReads)
	}
}

// The applier is held up for long. It is asked once to look for deadlines, and not once more every so often.
func TestAHeldUpApplierHasBoundedWork(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	s := tb.node(2)
	s.holdApply = true
	tb.ticks(100 * deadlineTicks)
	if n := len(s.work); n > 3 {
		t.Fatalf("%d pieces of work wait for the applier", n)
	}
	s.holdApply = false
	tb.lose = func(m *Message) bool { return m.Own == Forward }
	b := tb.submit(2, "b")
	tb.ticks(DefaultOptions().UncertainTicks + 2*deadlineTicks)
	tb.expect(b, Unknown)
}
