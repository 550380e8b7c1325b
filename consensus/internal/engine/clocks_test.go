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

// S25: A node that knows no log time and has heard no other voter moves no time.
func TestALeaderThatHeardNoVoterMovesNoTime(t *testing.T) {
	e := newTable(t, 3).node(1).engine
	e.clocks = clocks{voters: map[raftlog.NodeID]*voterClock{}, elapsed: 10, wall: 5000 + year, floor: -10}
	last := raftlog.Time{Stamp: 700, Offset: 3}
	if got := e.clocks.at(e.resume(last)); got != last {
		t.Fatalf("it stamps with %+v", got)
	}
	e.clocks.hear(2).note(4000, 10)
	if got := e.clocks.at(e.resume(last)); got != (raftlog.Time{Stamp: 4010 - 3, Offset: 3}) {
		t.Fatalf("with one other it stamps with %+v", got)
	}
	alone := newTable(t, 1).node(1).engine
	alone.clocks.elapsed, alone.clocks.wall = 10, 5000
	if got := alone.clocks.at(alone.resume(last)); got != (raftlog.Time{Stamp: 5010 - 3, Offset: 3}) {
		t.Fatalf("a single node stamps with %+v", got)
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

// agree is what the voters of a configuration with some wall clocks agree on.
type agreement struct {
	wall         raftlog.Stamp
	heard, agree bool
}

func TestInAJointConfigurationTheLowerHalfsTimeCounts(t *testing.T) {
	e := newTable(t, 5).node(1).engine
	clock := &e.clocks
	clock.elapsed, clock.wall = 10, 100
	for id, wall := range map[raftlog.NodeID]raftlog.Stamp{2: 200, 3: 2300, 4: 40, 5: 50} {
		clock.hear(id).note(wall, 10)
	}
	c := e.core.Configuration() // of this test alone
	for _, test := range []struct {
		voters, outgoing []raftlog.NodeID
		want             agreement
	}{
		{[]raftlog.NodeID{1, 2, 3}, nil, agreement{200, true, true}},
		{[]raftlog.NodeID{1, 2}, nil, agreement{100, true, true}},
		{[]raftlog.NodeID{1, 3}, nil, agreement{100, true, false}},
		{[]raftlog.NodeID{1, 2, 3}, []raftlog.NodeID{1, 4, 5}, agreement{50, true, true}},
		{[]raftlog.NodeID{1, 4, 5}, []raftlog.NodeID{1, 2, 3}, agreement{50, true, true}},
		{[]raftlog.NodeID{1, 4, 5}, []raftlog.NodeID{3}, agreement{50, true, false}},
		{[]raftlog.NodeID{2, 3, 4, 5}, nil, agreement{50, true, true}},
		{[]raftlog.NodeID{1, 2, 3, 4, 5}, nil, agreement{100, true, true}},
		{[]raftlog.NodeID{1, 2, 9}, nil, agreement{100, true, true}},
		{[]raftlog.NodeID{1, 9, 10}, nil, agreement{}},
		{[]raftlog.NodeID{1, 2, 3}, []raftlog.NodeID{1, 9, 10}, agreement{0, false, false}},
	} {
		c.Voters, c.Outgoing = test.voters, test.outgoing
		var got agreement
		if got.wall, got.heard, got.agree = e.agreedClock(); got != test.want {
			t.Errorf("voters %d, outgoing %d: %+v, want %+v", test.voters, test.outgoing, got, test.want)
		}
	}
}

// The clocks of a majority agree up to agreeMillis, and not beyond.
func TestClocksAgreeUpToASecond(t *testing.T) {
	for apart, want := range map[raftlog.Stamp]bool{agreeMillis - 1: true, agreeMillis: true, agreeMillis + 1: false} {
		c := clocks{voters: map[raftlog.NodeID]*voterClock{}, elapsed: 10, wall: 5000}
		c.hear(2).note(5000+apart, 10)
		c.hear(3).note(5000+2*apart, 10)
		if _, _, agree := c.median([]raftlog.NodeID{1, 2, 3}, 1); agree != want {
			t.Errorf("clocks %d ms apart agree: %v", apart, agree)
		}
	}
}

// Of the answers of a voter the fastest counts, for one to two seconds; a voter that is silent for three does not
// count.
func TestAVotersClockIsThatOfItsFastestAnswer(t *testing.T) {
	c := clocks{voters: map[raftlog.NodeID]*voterClock{}, wall: 5000}
	expect := func(at, want raftlog.Stamp, heard bool) {
		t.Helper()
		c.elapsed = at
		if got, ok, _ := c.median([]raftlog.NodeID{2}, 1); got != want || ok != heard {
			t.Fatalf("at %d it is %d (%v), want %d", at, got, ok, want)
		}
	}
	c.hear(2).note(900, 10)
	c.hear(2).note(990, 20)
	c.hear(2).note(950, 30)
	expect(30, 990, true)
	c.hear(2).note(940, 10+windowMillis)
	expect(10+windowMillis, 990, true)
	c.hear(2).note(930, 9+2*windowMillis)
	expect(9+2*windowMillis, 990, true)
	c.hear(2).note(930, 10+2*windowMillis) // the clock was set back, or every answer is slow
	expect(10+2*windowMillis, 940, true)
	c.hear(2).note(930, 10+3*windowMillis)
	expect(10+3*windowMillis, 930, true)
	expect(10+3*windowMillis+staleMillis-1, 930, true)
	expect(10+3*windowMillis+staleMillis, 0, false)
}

// expectTime compares the time of the last entry of a node's log with log time as it ought to be, and wall time.
func (tb *table) expectTime(what string, id raftlog.NodeID, stamp, wall raftlog.Stamp) {
	tb.t.Helper()
	const slack = 30 // of some turns
	tb.submit(id, what)
	tb.settle()
	log := tb.node(id).log
	e := &log[len(log)-1]
	if e.Stamp > stamp || e.Stamp < stamp-slack || e.Time().Wall() > wall || e.Time().Wall() < wall-slack {
		tb.t.Fatalf("%s: the last entry has log time %d, wall time %d, want %d, %d", what, e.Stamp, e.Time().Wall(),
			stamp, wall)
	}
	if offset := tb.node(id).machine.offset; offset != int64(e.Offset) {
		tb.t.Fatalf("%s: the machine has offset %d, the entry %d", what, offset, e.Offset)
	}
}

// Row by row what clocks do, and what log time and wall time are then.
func TestLogTimeFollowsElapsedTimeAndWallTimeTheClocks(t *testing.T) {
	const hour = raftlog.Stamp(3600_000)
	tb := newTable(t, 3)
	tb.now += 2 * year
	began := tb.now
	tb.elect(1)
	tb.expectTime("a first leader", 1, tb.now, tb.now)
	for _, wrong := range []raftlog.Stamp{hour, -hour, year, -year} {
		tb.node(3).wrong = wrong
		tb.ticks(400)
		tb.expectTime("one clock is wrong", 1, tb.now, tb.now)
		tb.node(2).wrong = wrong
		tb.ticks(90)
		tb.expectTime("clocks of a majority are wrong, not long", 1, tb.now, tb.now)
		tb.ticks(310)
		tb.expectTime("clocks of a majority are wrong", 1, tb.now, tb.now+wrong)
		tb.elect(2)
		tb.expectTime("another leader", 2, tb.now, tb.now+wrong)
		tb.ticks(400)
		tb.expectTime("another leader, later", 2, tb.now, tb.now+wrong)
		tb.node(3).wrong, tb.node(2).wrong = 0, 0
		tb.ticks(400)
		tb.expectTime("right again", 2, tb.now, tb.now)
		tb.elect(1)
	}
	tb.node(2).wrong, tb.node(3).wrong = hour, -hour
	tb.ticks(400)
	tb.expectTime("no two clocks agree", 1, tb.now, tb.now)
	if !tb.node(1).engine.State().Clock.Apart && tb.ticksUntilApart() {
		t.Fatal("the leader does not say that the clocks are apart")
	}
	if tb.now-began < 3000 {
		t.Fatal("it was too short")
	}
}

// ticksUntilApart lets time pass until the leader must say that clocks are apart, and reports whether it does not.
func (tb *table) ticksUntilApart() bool {
	tb.ticks(disagreeMillis/10 + 50)
	return !tb.node(1).engine.State().Clock.Apart
}

// restartAll stops all nodes for a while, in which their clocks are set.
func (tb *table) restartAll(stop, wrong raftlog.Stamp) {
	for _, s := range tb.nodes {
		s.down = true
	}
	tb.flying = nil
	tb.now += stop
	for _, s := range tb.nodes {
		s.wrong = wrong
		tb.boot(s, raftlog.Boot(900+uint64(s.id)+uint64(tb.now)))
	}
}

// A stop of all nodes counts by the wall clocks that are found at the start. Log time does not go back, wall time does.
func TestAStopOfAllNodesCountsByTheClocks(t *testing.T) {
	const hour = raftlog.Stamp(3600_000)
	for _, test := range []struct {
		name                  string
		before, after, counts raftlog.Stamp
	}{
		{"clocks are right", 0, 0, 60_000},
		{"clocks were an hour ahead", hour, 0, 0},
		{"clocks were an hour behind", -hour, 0, 60_000 + hour},
		{"clocks are an hour ahead", 0, hour, 60_000 + hour},
		{"clocks are a year behind", 0, -year, 0},
		{"clocks are wrong as before", hour, hour, 60_000},
	} {
		tb := newTable(t, 3)
		tb.now += 2 * year
		for _, s := range tb.nodes {
			s.wrong = test.before
		}
		tb.elect(1)
		tb.ticks(300)
		began := tb.now
		tb.expectTime(test.name+": before", 1, began+test.before, began+test.before)
		tb.restartAll(60_000, test.after)
		tb.elect(2)
		ran := tb.now - began - 60_000
		tb.expectTime(test.name, 2, began+test.before+test.counts+ran, tb.now+test.after)
		tb.ticks(300)
		ran = tb.now - began - 60_000
		tb.expectTime(test.name+": later", 2, began+test.before+test.counts+ran, tb.now+test.after)
	}
}

// One node goes on while the others are started anew, one after the other or both at once: log time goes on with it,
// and not by the clocks, which are set meanwhile.
func TestLogTimeGoesOnWithANodeThatRuns(t *testing.T) {
	tb := newTable(t, 3)
	tb.now += 2 * year
	tb.elect(1)
	tb.ticks(100)
	for _, s := range tb.nodes[1:] {
		s.down = true
	}
	tb.flying = nil
	tb.ticks(200)
	for _, s := range tb.nodes {
		s.wrong = year
	}
	for _, s := range tb.nodes[1:] {
		tb.boot(s, raftlog.Boot(900+s.id))
	}
	tb.elect(2)
	tb.expectTime("led by a node that was started anew", 2, tb.now, tb.now)
	tb.ticks(400)
	tb.expectTime("later", 2, tb.now, tb.now+year)
}

// What a voter told in a campaign of long ago does not count: this node's clock may have carried it on too fast since.
func TestLogTimeOfAnOldCampaignDoesNotCount(t *testing.T) {
	for age, want := range map[raftlog.Stamp]raftlog.Stamp{staleVoteMillis - 1: 900, staleVoteMillis: 500} {
		e := newTable(t, 3).node(1).engine
		e.clocks = clocks{voters: map[raftlog.NodeID]*voterClock{}, elapsed: age, known: true}
		e.clocks.carriedOn.note(500, 0)
		e.clocks.hear(2).noteLogTime(900, 0)
		if got := e.resume(raftlog.Time{}); got.logTime != want {
			t.Errorf("after %d ms it resumes with %d, want %d", age, got.logTime, want)
		}
	}
}

// A voter told a candidate that log time was 900. Another node won, began its term with 500, and let the offset make up
// for that: 900 and that offset would be a wall time that is ahead of all clocks.
func TestLogTimeOfAnEarlierTermDoesNotCount(t *testing.T) {
	for _, own := range []bool{false, true} {
		e := newTable(t, 3).node(1).engine
		e.clocks = clocks{voters: map[raftlog.NodeID]*voterClock{}, elapsed: 10, known: true, term: 1}
		e.clocks.carriedOn.note(900, 0)
		e.clocks.hear(2).noteLogTime(900, 0)
		if own {
			e.clocks.beginTerm(2) // as leadClock does
			e.clocks.carriedOn.note(500, 10)
		} else {
			e.clocks.follow(2, 500)
		}
		if got := e.resume(raftlog.Time{}); got.logTime != 500 {
			t.Errorf("own term %v: it resumes with %d, want 500", own, got.logTime)
		}
		e.clocks.hear(3).noteLogTime(700, 10) // told in the next campaign
		if got := e.resume(raftlog.Time{}); got.logTime != 700 {
			t.Errorf("own term %v: it resumes with %d, want 700", own, got.logTime)
		}
	}
}

// In a quiet cluster a key has a deadline: now and then an entry carries time, so that a stop of all nodes forgets
// little.
func TestAQuietLeaderCarriesTimeNowAndThen(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.submit(1, "x")
	tb.settle()
	tb.ticks(3 * tickEveryMillis / 10)
	if n := tb.countTicks(1); n != 0 {
		t.Fatalf("%d ticks, and nothing has a deadline", n)
	}
	tb.dueAt(int64(tb.now) + int64(year))
	tb.submit(1, "y")
	tb.settle()
	tb.ticks(3*tickEveryMillis/10 + 20)
	if n := tb.countTicks(1); n != 3 {
		t.Fatalf("%d ticks in three periods", n)
	}
}

// A node says by how much its clock is wrong once it knows the time, in whole seconds.
func TestANodeSaysThatItsClockIsWrong(t *testing.T) {
	tb := newTable(t, 3)
	tb.now += year
	tb.elect(1)
	for wrong, want := range map[raftlog.Stamp]int64{0: 0, 900: 0, -900: 0, 1200: 1, -1200: -1, 3600_000: 3600} {
		tb.node(2).wrong = wrong
		tb.ticks(20)
		if got := tb.node(2).engine.State().Clock.AheadSeconds; got != want {
			t.Errorf("%d ms ahead it says %d s", wrong, got)
		}
		if got := tb.node(1).engine.State().Clock.AheadSeconds; got != 0 {
			t.Errorf("another node says %d s of its own", got)
		}
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
