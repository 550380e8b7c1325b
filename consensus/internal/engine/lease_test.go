package engine

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
)

// leasing is a cluster whose node 1 leads and has a lease.
func leasing(t *testing.T, nodes int) *table {
	t.Helper()
	tb := newTable(t, nodes)
	tb.adjust = func(o *Options) { o.LeaseMillis = 200 }
	for _, s := range tb.nodes {
		tb.boot(s, s.engine.options.Boot+10)
	}
	tb.elect(1)
	tb.expect(tb.submitAndSettle(1, "w"), Done)
	tb.ticks(2 * DefaultOptions().HeartbeatTicks)
	return tb
}

// S46: A leader with a lease answers in the turn that takes the read, and sends nothing. Without one it asks, and has
// no answer while no voter hears it.
func TestReadsByLeaseNeedNoMessage(t *testing.T) {
	tb := leasing(t, 3)
	s := tb.node(1)
	tb.cut(1)
	r := tb.read(1)
	tb.turn(s)
	tb.expectRead(r, Done)
	if len(s.out.Messages) != 0 || s.engine.LeasedReads() == 0 {
		t.Errorf("%d messages, %d leased reads", len(s.out.Messages), s.engine.LeasedReads())
	}
	tb.now += 200
	late := tb.read(1)
	tb.turn(s)
	tb.expectRead(late, Pending)
	if len(s.out.Messages) == 0 {
		t.Error("no voter is asked")
	}
	tb.lose = nil
	tb.ticks(DefaultOptions().HeartbeatTicks)
	tb.expectRead(late, Done)
}

// S46: A read by lease waits for what is committed, if the applier is slow.
func TestAReadByLeaseWaitsForTheApplier(t *testing.T) {
	tb := leasing(t, 3)
	s := tb.node(1)
	s.holdApply = true
	w := tb.submitAndSettle(1, "late")
	tb.expect(w, Pending)
	r := tb.read(1)
	tb.turn(s)
	tb.expectRead(r, Pending)
	s.holdApply = false
	tb.settle()
	tb.expectRead(r, Done)
	if r.applied != 2 {
		t.Errorf("answered from a state with %d commands", r.applied)
	}
}

// S46: A follower's read is a round trip to the leader alone.
func TestAFollowersReadByLeaseNeedsNoThirdNode(t *testing.T) {
	tb := leasing(t, 5)
	tb.lose = func(m *Message) bool { return m.Kind == raft.Heartbeat || m.Kind == raft.HeartbeatReply }
	r := tb.read(2)
	tb.settle()
	tb.expectRead(r, Done)
}

// S46: After a hand-over that was given up, an entry that no client asked for brings the lease back.
func TestAGivenUpHandOverEndsWithAnEntry(t *testing.T) {
	tb := leasing(t, 3)
	tb.lose = func(m *Message) bool { return m.Kind == raft.TimeoutNow }
	tb.node(1).in.HandOver = true
	tb.settle()
	before := tb.node(1).engine.core.Last().Index
	if _, ok := tb.node(1).engine.core.Lease(); ok {
		t.Fatal("a lease while it hands over")
	}
	tb.ticks(4 * DefaultOptions().ElectionTicks)
	if !tb.node(1).engine.leads() {
		t.Fatal("another node leads")
	}
	if _, ok := tb.node(1).engine.core.Lease(); !ok {
		t.Error("no lease")
	}
	if after := tb.node(1).engine.core.Last().Index; after == before {
		t.Error("no entry")
	}
}

// A read by lease costs no allocation: the slice in which reads are taken is used again.
func TestReadsByLeaseAllocateNothing(t *testing.T) {
	tb := leasing(t, 3)
	s := tb.node(1)
	s.in.Now, s.in.Elapsed = tb.now, tb.now-s.started
	var reads [3]Read
	turn := func(count int) func() {
		return func() {
			for i := range count {
				reads[i] = Read{}
				s.in.Reads = append(s.in.Reads, &reads[i])
			}
			s.engine.Turn(&s.in, &s.out)
			in := s.in
			s.in.Reset()
			s.in.Now, s.in.Elapsed = in.Now, in.Elapsed
		}
	}
	turn(len(reads))()
	empty, full := testing.AllocsPerRun(100, turn(0)), testing.AllocsPerRun(100, turn(len(reads)))
	if reads[0].Outcome != Done {
		t.Fatalf("%v", reads[0].Outcome)
	}
	if full > empty {
		t.Errorf("a turn with reads allocates %v times, one without %v", full, empty)
	}
}
