package engine

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

const year = raftlog.Stamp(365 * 24 * 3600 * 1000)

// expectStamps fails unless all stamps of a node's log lie in a range, and never fall.
func (tb *table) expectStamps(id raftlog.NodeID, low, high raftlog.Stamp) {
	tb.t.Helper()
	last := raftlog.Stamp(0)
	for i := range tb.node(id).log {
		e := &tb.node(id).log[i]
		if e.Stamp < max(low, last) || e.Stamp > high {
			tb.t.Fatalf("entry %v has stamp %d after %d, allowed are %d to %d", e.Mark(), e.Stamp, last, low, high)
		}
		last = e.Stamp
	}
}

// S25: A leader whose clock is a year ahead stamps nothing with it: neither the first entry of its term, nor what
// follows, nor a read.
func TestAFreshLeadersClockIsAYearAhead(t *testing.T) {
	tb := newTable(t, 3)
	tb.node(1).wrong = year
	tb.elect(1)
	for range 20 {
		tb.submit(2, "x")
		tb.ticks(3)
	}
	tb.expectStamps(1, 1000, tb.now)
	read := tb.read(1)
	tb.settle()
	tb.expectRead(read, Done)
	if read.Stamp > tb.now || read.Stamp < tb.now-1000 {
		t.Fatalf("a read at %d, it is %d", read.Stamp, tb.now)
	}
}

// S25: Until others were heard, time stands still.
func TestALeaderThatHeardNoVoterMovesNoTime(t *testing.T) {
	s := newTable(t, 3).node(1)
	if got := s.engine.agreedTime(5000 + year); got != 0 {
		t.Fatalf("it stamps with %d", got)
	}
	s.engine.clocks.heard[2] = clockSample{clock: 4000}
	if got := s.engine.agreedTime(5000 + year); got != 4000 {
		t.Fatalf("with one other it stamps with %d", got)
	}
	alone := newTable(t, 1).node(1)
	if got := alone.engine.agreedTime(5000); got != 5000 {
		t.Fatalf("a single node stamps with %d", got)
	}
}

// One clock of three that stands a year back, a leader's or a follower's, does not keep time from moving.
func TestOneWrongClockDoesNotStopTime(t *testing.T) {
	for _, wrong := range []raftlog.NodeID{1, 2, 3} {
		tb := newTable(t, 3)
		tb.now += 2 * year
		tb.node(wrong).wrong = -year
		tb.elect(1)
		tb.ticks(10)
		tb.submit(1, "x")
		tb.settle()
		last := tb.node(1).log[len(tb.node(1).log)-1]
		if last.Stamp < tb.now-100 || last.Stamp > tb.now {
			t.Fatalf("with node %d a year back an entry is stamped %d, it is %d", wrong, last.Stamp, tb.now)
		}
	}
}

// A leader's clock that jumps while it leads takes no other node's time along.
func TestAJumpOfTheLeadersClockMovesNoTime(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.ticks(10)
	tb.node(1).wrong = year
	tb.submit(1, "x")
	tb.settle()
	tb.ticks(10)
	tb.submit(1, "y")
	tb.settle()
	tb.expectStamps(1, 1000, tb.now)
}

func TestInAJointConfigurationTheLowerHalfsTimeCounts(t *testing.T) {
	e := newTable(t, 5).node(1).engine
	e.clocks.heard = map[raftlog.NodeID]clockSample{2: {clock: 200}, 3: {clock: 300}, 4: {clock: 40}, 5: {clock: 50}}
	c := e.core.Configuration() // of this test alone
	for _, test := range []struct {
		voters, outgoing []raftlog.NodeID
		want             raftlog.Stamp
	}{
		{[]raftlog.NodeID{1, 2, 3}, nil, 200},
		{[]raftlog.NodeID{1, 2}, nil, 100},
		{[]raftlog.NodeID{1, 2, 3}, []raftlog.NodeID{1, 4, 5}, 50},
		{[]raftlog.NodeID{1, 4, 5}, []raftlog.NodeID{1, 2, 3}, 50},
		{[]raftlog.NodeID{2, 3, 4, 5}, nil, 50},
		{[]raftlog.NodeID{1, 2, 3, 4, 5}, nil, 100},
		{[]raftlog.NodeID{1, 2, 9}, nil, 100},
		{[]raftlog.NodeID{1, 9, 10}, nil, 0},
	} {
		c.Voters, c.Outgoing = test.voters, test.outgoing
		if got := e.agreedTime(100); got != test.want {
			t.Errorf("voters %d, outgoing %d: %d, want %d", test.voters, test.outgoing, got, test.want)
		}
	}
}

// Ticks carry another node's clock on, not this node's clock.
func TestWhatWasHeardOfAClockGoesOnWithTheTicks(t *testing.T) {
	e := newTable(t, 3).node(1).engine
	e.clocks.heard = map[raftlog.NodeID]clockSample{2: {clock: 1000, tick: 0}, 3: {clock: 1000, tick: 0}}
	e.tick = 7
	if got := e.agreedTime(year); got != 1070 {
		t.Fatalf("after 7 ticks it is %d", got)
	}
	e.options.TickMillis = 0
	if got := e.agreedTime(year); got != 1000 {
		t.Fatalf("without a length of ticks it is %d", got)
	}
}

// dueAt gives every machine deadlines.
func (tb *table) dueAt(deadlines ...int64) {
	for _, s := range tb.nodes {
		s.machine.deadlines = append([]int64(nil), deadlines...)
	}
}

// countTicks counts the entries of a node's log that carry nothing but time.
func (tb *table) countTicks(id raftlog.NodeID) int {
	n := 0
	for i := range tb.node(id).log {
		if tb.node(id).log[i].Kind == raftlog.EntryTick {
			n++
		}
	}
	return n
}

// The leader of a quiet cluster moves time when something is due, as often as it takes, and not more often.
func TestTheLeaderMovesTimeWhileSomethingIsDue(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	at := int64(tb.now) + 500
	tb.dueAt(at, at, at, at+10_000)
	tb.submit(1, "x") // the appliers look
	tb.ticks(40)
	if n := tb.countTicks(1); n != 0 {
		t.Fatalf("%d ticks before anything is due", n)
	}
	tb.ticks(100)
	for _, s := range tb.nodes {
		if len(s.machine.deadlines) != 1 || tb.countTicks(s.id) != 3 {
			t.Fatalf("node %d has %d deadlines left after %d ticks", s.id, len(s.machine.deadlines), tb.countTicks(s.id))
		}
	}
	tb.elect(2) // a new leader goes on
	tb.ticks(1000)
	if n := tb.countTicks(3); n != 4 {
		t.Fatalf("%d ticks in the end", n)
	}
}

// Without a majority one tick is appended and no more, however long something is due.
func TestOneTickIsUnderWayAtATime(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.dueAt(int64(tb.now)+50, int64(tb.now)+50)
	tb.submit(1, "x")
	tb.settle()
	tb.lose = func(m *Message) bool { return m.Kind == raft.AppendReply }
	tb.ticks(50)
	if n := tb.countTicks(1); n != 1 {
		t.Fatalf("%d ticks are under way", n)
	}
	tb.lose = nil
	tb.ticks(100)
	if n := tb.countTicks(1); n != 2 {
		t.Fatalf("%d ticks in the end", n)
	}
}
