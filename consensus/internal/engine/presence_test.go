package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// awayTicks is enough for a voter that was cut off to be called absent, and for all nodes to be told.
var awayTicks = DefaultOptions().AbsentTicks + 2*observeTicks

// expectAbsent fails unless each of the nodes shows exactly these voters as absent.
func (tb *table) expectAbsent(on []raftlog.NodeID, absent ...raftlog.NodeID) {
	tb.t.Helper()
	for _, id := range on {
		if got := tb.node(id).engine.Status().Absent; !slices.Equal(got, absent) {
			tb.t.Fatalf("node %d shows %d as absent, want %d", id, got, absent)
		}
	}
}

func TestAllNodesThatHearTheLeaderSeeASilentVoterAbsent(t *testing.T) {
	tb := newTable(t, 5)
	tb.elect(1)
	tb.cut(4)
	tb.ticks(DefaultOptions().AbsentTicks - DefaultOptions().HeartbeatTicks)
	tb.expectAbsent([]raftlog.NodeID{1, 2, 3, 4, 5})
	tb.ticks(3 * observeTicks)
	tb.expectAbsent([]raftlog.NodeID{1, 2, 3, 5}, 4)
	tb.expectAbsent([]raftlog.NodeID{4})
}

// A voter that does not hear the leader serves no client, although the leader hears that it asks for votes.
func TestAVoterThatDoesNotHearTheLeaderIsAbsent(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	asked := false
	tb.lose = func(m *Message) bool {
		asked = asked || m.Kind == raft.PreVote && m.From == 3 && m.To == 1
		return m.From == 1 && m.To == 3
	}
	tb.ticks(awayTicks)
	if !asked {
		t.Fatal("it asked for no votes")
	}
	tb.expectAbsent([]raftlog.NodeID{1, 2}, 3)
	tb.lose = nil
	tb.ticks(awayTicks)
	tb.expectAbsent([]raftlog.NodeID{1, 2, 3})
}

// A voter that is back answers heartbeats at once, and commands on it wait until it has what it missed.
func TestAVoterThatIsBackIsPresentOnceItHoldsWhatItMissed(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.cut(3)
	tb.expect(tb.submitAndSettle(1, "missed"), Done)
	tb.ticks(awayTicks)
	tb.expectAbsent([]raftlog.NodeID{1, 2}, 3)
	tb.lose = func(m *Message) bool { return m.Kind == raft.Append && m.To == 3 }
	tb.ticks(awayTicks)
	tb.expectAbsent([]raftlog.NodeID{1, 2, 3}, 3)
	tb.lose = nil
	tb.ticks(2*DefaultOptions().ElectionTicks + 2*observeTicks)
	tb.expectAbsent([]raftlog.NodeID{1, 2, 3})
}

// Client libraries remember for a while that a node refused them: it is not shown before they have forgotten.
func TestAVoterThatIsBackIsPresentAfterItWasHeardForAWhile(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.cut(3)
	tb.ticks(awayTicks)
	tb.expectAbsent([]raftlog.NodeID{1, 2}, 3)
	tb.lose = nil
	tb.ticks(DefaultOptions().AbsentTicks - observeTicks)
	tb.expectAbsent([]raftlog.NodeID{1, 2, 3}, 3)
	tb.ticks(3 * observeTicks)
	tb.expectAbsent([]raftlog.NodeID{1, 2, 3})
}

// One that returns and is gone again before it has caught up has to catch up with more the next time.
func TestAReturnThatFailedCountsForNothing(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.cut(3)
	tb.expect(tb.submitAndSettle(1, "missed"), Done)
	tb.ticks(awayTicks)
	tb.lose = func(m *Message) bool { return m.Kind == raft.Append && m.To == 3 }
	tb.ticks(2 * observeTicks)
	leader := tb.node(1).engine
	first := leader.presence.returning[3].needed
	tb.cut(3)
	tb.ticks(awayTicks)
	if _, ok := leader.presence.returning[3]; first == 0 || ok {
		t.Fatalf("3 had to reach %d, and returns still: %v", first, ok)
	}
	tb.expect(tb.submitAndSettle(1, "more"), Done)
	tb.lose = func(m *Message) bool { return m.Kind == raft.Append && m.To == 3 }
	tb.ticks(2 * observeTicks)
	if second := leader.presence.returning[3].needed; second <= first {
		t.Fatalf("3 has to reach %d, as before, %d", second, first)
	}
}

// A new leader has observed nothing itself. Absent voters stay absent, present ones stay present, and the leader that
// is gone joins them when its time is up: counted from the new leader's beginning.
func TestANewLeaderGoesOnWithTheListItHeard(t *testing.T) {
	tb := newTable(t, 5)
	tb.elect(1)
	tb.cut(5)
	tb.ticks(awayTicks)
	tb.expectAbsent([]raftlog.NodeID{1, 2, 3, 4}, 5)
	tb.crash(1)
	tb.elect(2)
	rest := []raftlog.NodeID{2, 3, 4}
	tb.expectAbsent(rest, 5)
	tb.ticks(DefaultOptions().AbsentTicks - 5)
	tb.expectAbsent(rest, 5)
	if _, returns := tb.node(2).engine.presence.returning[5]; returns {
		t.Fatal("a voter that the new leader never heard is taken to return")
	}
	tb.ticks(2 * observeTicks)
	tb.expectAbsent(rest, 1, 5)
}

func TestANewLeaderDoesNotCallItselfAbsent(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	leader := &tb.node(1).engine.presence
	tb.node(2).in.Messages = append(tb.node(2).in.Messages, Message{
		Own: Presence, Message: raft.Message{From: 1, To: 2, Term: leader.term}, Request: leader.number + 1,
		Absent: []raftlog.NodeID{2},
	})
	tb.settle()
	tb.expectAbsent([]raftlog.NodeID{2}, 2)
	tb.crash(1)
	tb.elect(2)
	tb.expectAbsent([]raftlog.NodeID{2, 3})
}

func TestALostListIsToldAgain(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return m.From == 3 || m.Own == Presence }
	tb.ticks(awayTicks)
	tb.expectAbsent([]raftlog.NodeID{1}, 3)
	tb.expectAbsent([]raftlog.NodeID{2})
	tb.lose = func(m *Message) bool { return m.From == 3 }
	tb.ticks(DefaultOptions().ElectionTicks + observeTicks)
	tb.expectAbsent([]raftlog.NodeID{1, 2}, 3)
}

func TestANewConnectionIsToldTheListAtOnce(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.settle()
	leader := tb.node(1)
	leader.in.LinksUp = []raftlog.NodeID{3}
	tb.turn(leader)
	sent := slices.ContainsFunc(tb.flying, func(m Message) bool { return m.Own == Presence && m.To == 3 })
	if !sent || slices.ContainsFunc(tb.flying, func(m Message) bool { return m.Own == Presence && m.To == 2 }) {
		t.Fatalf("3 connected anew; sent: %v", tb.flying)
	}
}

func TestALateListDoesNotReplaceANewerOne(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	term := tb.node(1).engine.core.Term()
	say := func(term raftlog.Term, number uint64, absent ...raftlog.NodeID) {
		tb.node(2).in.Messages = append(tb.node(2).in.Messages, Message{
			Own: Presence, Message: raft.Message{From: 1, To: 2, Term: term}, Request: number, Absent: absent,
		})
		tb.turn(tb.node(2))
	}
	say(term, 9, 3)
	tb.expectAbsent([]raftlog.NodeID{2}, 3)
	say(term, 8)
	say(term-1, 99)
	tb.expectAbsent([]raftlog.NodeID{2}, 3)
	say(term, 10)
	tb.expectAbsent([]raftlog.NodeID{2})
}

func TestARemovedVoterIsNotAbsent(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.cut(3)
	tb.ticks(awayTicks)
	tb.expectAbsent([]raftlog.NodeID{1, 2}, 3)
	tb.leaveOut(1, 3)
	tb.ticks(2 * observeTicks)
	tb.expectAbsent([]raftlog.NodeID{1, 2})
}

// leaveOut lets the leader propose a configuration without a node.
func (tb *table) leaveOut(leader, id raftlog.NodeID) {
	tb.t.Helper()
	core := tb.node(leader).engine.core
	joint := *core.Configuration()
	joint.Outgoing = slices.Clone(joint.Voters)
	joint.Voters = slices.DeleteFunc(slices.Clone(joint.Voters), func(v raftlog.NodeID) bool { return v == id })
	if _, err := core.ProposeConfiguration(&joint); err != nil {
		tb.t.Fatal(err)
	}
	tb.settle()
	if c := core.Configuration(); c.Joint() || c.Includes(id) {
		tb.t.Fatalf("node %d is still in %+v", id, c)
	}
}

func TestOnlyALeaderShowsFollowersAndSeldom(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.ticks(5 * observeTicks)
	leader := tb.node(1).engine
	before := leader.State().Observation
	tb.ticks(5 * observeTicks)
	if changes := leader.State().Observation - before; changes == 0 || changes > 5 {
		t.Fatalf("%d observations in %d ticks", changes, 5*observeTicks)
	}
	followers := leader.Status().Followers
	if len(followers) != 2 || followers[0].ID != 2 || followers[0].Match != leader.core.Last().Index ||
		followers[1].SilentTicks > DefaultOptions().HeartbeatTicks {
		t.Fatalf("the followers are %+v", followers)
	}
	if f := tb.node(2).engine.Status().Followers; f != nil {
		t.Fatalf("a follower shows %+v", f)
	}
	tb.cut(1)
	tb.ticks(2 * DefaultOptions().ElectionTicks)
	if f := leader.Status().Followers; f != nil {
		t.Fatalf("a deposed leader shows %+v", f)
	}
}

func TestAbsenceIsNotShorterThanThreeHeartbeats(t *testing.T) {
	o := DefaultOptions()
	o.ID, o.Boot = 1, 1
	for ticks, valid := range map[int]bool{0: false, 3*o.HeartbeatTicks - 1: false, 3 * o.HeartbeatTicks: true} {
		o.AbsentTicks = ticks
		if err := o.Validate(); (err == nil) != valid || !valid && !strings.Contains(err.Error(), "AbsentTicks") {
			t.Errorf("%d ticks: %v", ticks, err)
		}
	}
}
