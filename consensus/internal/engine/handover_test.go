package engine

import (
	"fmt"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// handOver asks a node to give leadership away, and lets the messages of that travel.
func (tb *table) handOver(id raftlog.NodeID) {
	tb.node(id).in.HandOver = true
	tb.settle()
}

func (tb *table) expectLeader(id raftlog.NodeID) {
	tb.t.Helper()
	for _, s := range tb.nodes {
		if !s.down && s.engine.core.Leader() != id {
			tb.t.Fatalf("node %d follows %d, want %d", s.id, s.engine.core.Leader(), id)
		}
	}
}

// Commands arrive on every node before, during and after the transfer, which takes several turns.
func TestHandOverEndsNoCommandInAnError(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	var clients []*client
	submit := func() {
		for id := raftlog.NodeID(1); id <= 3; id++ {
			clients = append(clients, tb.submit(id, fmt.Sprint(len(clients))))
		}
	}
	submit()
	tb.node(1).in.HandOver = true
	for range 20 {
		tb.deliver()
		for _, s := range tb.nodes {
			tb.turn(s)
		}
		submit()
	}
	tb.settle() // no time passes: a transfer is a matter of round trips
	tb.expectLeader(2)
	for _, c := range clients {
		tb.expect(c, Done)
		if n := tb.node(1).machine.count(string(c.Body)); n != 1 {
			t.Fatalf("%q was applied %d times", c.Body, n)
		}
	}
}

func TestReadsWaitForTheNewLeader(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.node(1).in.HandOver = true
	var readers []*reader
	for range 10 {
		tb.deliver()
		for _, s := range tb.nodes {
			readers = append(readers, tb.read(s.id))
			tb.turn(s)
		}
	}
	tb.settle()
	for _, r := range readers {
		tb.expectRead(r, Done)
	}
}

// The chosen one dies at the worst moment: the leader has stopped appending. It goes on within an election timeout, and
// then asks the other one.
func TestHandOverToANodeThatDiesDelaysCommandsByAnElectionTimeout(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return m.Kind == raft.TimeoutNow && m.To == 2 }
	tb.handOver(1)
	tb.crash(2)
	clients := []*client{tb.submit(1, "own"), tb.submit(3, "forwarded")}
	tb.settle()
	for _, c := range clients {
		tb.expect(c, Pending)
	}
	tb.ticks(DefaultOptions().ElectionTicks + 1)
	for _, c := range clients {
		tb.expect(c, Done)
	}
	tb.expectLeader(3)
}

// No voter can take over: each voter is asked once, commands pass between the attempts, and the leader leads on.
func TestHandOverThatFailsAsksEachVoterOnce(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	var asked []raftlog.NodeID
	tb.lose = func(m *Message) bool {
		if m.Kind == raft.TimeoutNow && !slices.Contains(asked, m.To) {
			asked = append(asked, m.To)
		}
		return m.Kind == raft.TimeoutNow
	}
	tb.handOver(1)
	for range 4 {
		c := tb.submit(3, "c")
		tb.ticks(DefaultOptions().ElectionTicks + 1)
		tb.expect(c, Done)
	}
	if !slices.Equal(asked, []raftlog.NodeID{2, 3}) || tb.node(1).engine.handOver.wanted {
		t.Fatalf("%d were asked; wanted still: %v", asked, tb.node(1).engine.handOver.wanted)
	}
	tb.expectLeader(1)
	tb.lose = nil
	tb.handOver(1) // asked again, it tries again
	tb.expectLeader(2)
}

func TestHandOverChoosesALiveVoterWithTheLongestLog(t *testing.T) {
	missed := 3 * DefaultOptions().HeartbeatTicks
	voter := func(id raftlog.NodeID, match raftlog.Index, silent int) raft.FollowerStatus {
		return raft.FollowerStatus{ID: id, Voter: true, Match: match, SilentTicks: silent}
	}
	for name, c := range map[string]struct {
		followers     []raft.FollowerStatus
		absent, tried []raftlog.NodeID
		want          raftlog.NodeID
	}{
		"the lowest id of equals": {[]raft.FollowerStatus{voter(2, 9, 0), voter(3, 9, 0)}, nil, nil, 2},
		"the longer log":          {[]raft.FollowerStatus{voter(2, 8, 0), voter(3, 9, 4)}, nil, nil, 3},
		"heard before longer":     {[]raft.FollowerStatus{voter(2, 8, 0), voter(3, 9, missed)}, nil, nil, 2},
		"silent before absent": {
			[]raft.FollowerStatus{voter(2, 8, missed), voter(3, 9, 0)}, []raftlog.NodeID{3}, nil, 2,
		},
		"the absent one if need be": {[]raft.FollowerStatus{voter(3, 9, 0)}, []raftlog.NodeID{3}, nil, 3},
		"not the one tried":         {[]raft.FollowerStatus{voter(2, 9, 0), voter(3, 7, 0)}, nil, []raftlog.NodeID{2}, 3},
		"no learner":                {[]raft.FollowerStatus{{ID: 2, Match: 9}}, nil, nil, 0},
		"none when all were tried":  {[]raft.FollowerStatus{voter(2, 9, 0)}, nil, []raftlog.NodeID{2}, 0},
		"none when it is alone":     {nil, nil, nil, 0},
	} {
		e := &Engine{options: DefaultOptions()}
		e.presence.absent, e.handOver.tried = c.absent, c.tried
		if got := e.successor(c.followers); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestHandOverIsVoidOnAFollower(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.handOver(2)
	tb.expectLeader(1)
	if tb.node(2).engine.handOver.wanted {
		t.Fatal("a follower keeps an intent, and would give away what it wins later")
	}
	alone := newTable(t, 1)
	alone.ticks(100)
	alone.handOver(1)
	alone.expect(alone.submitAndSettle(1, "x"), Done)
}

// The intent belongs to a term: a node that lost its place on the way and wins it back keeps it.
func TestAnIntentToHandOverEndsWithTheTerm(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return m.Kind == raft.TimeoutNow }
	tb.handOver(1)
	leader := tb.node(1)
	if h := &leader.engine.handOver; !h.wanted || !slices.Equal(h.tried, []raftlog.NodeID{2}) {
		t.Fatalf("the intent is %+v", h)
	}
	leader.in.Messages = append(leader.in.Messages, Message{
		Message: raft.Message{Kind: raft.HeartbeatReply, From: 2, To: 1, Term: leader.engine.core.Term() + 1},
	})
	tb.lose = nil
	tb.turn(leader)
	tb.elect(1)
	tb.ticks(2 * DefaultOptions().ElectionTicks)
	tb.expectLeader(1)
}

func TestTakeOverAsksTheLeader(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	c := tb.submit(2, "c")
	tb.node(3).in.TakeOver = true
	tb.settle()
	tb.expectLeader(3)
	tb.expect(c, Done)
	tb.node(3).in.TakeOver = true // it leads: nothing to ask
	tb.settle()
	tb.expectLeader(3)
}

func TestTakeOverWithoutALeaderAsksNoNode(t *testing.T) {
	tb := newTable(t, 3)
	tb.node(2).in.TakeOver = true
	tb.turn(tb.node(2))
	if len(tb.flying) != 0 {
		t.Fatalf("sent: %v", tb.flying)
	}
}
