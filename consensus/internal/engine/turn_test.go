package engine

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// patienceOf finds out after how many ticks of silence a follower of the table campaigns: the draw is the same in two
// tables alike.
func patienceOf(t *testing.T, id raftlog.NodeID) int {
	t.Helper()
	tb := newTable(t, 3)
	tb.elect(1)
	tb.cut(id)
	for ticks := range 3 * DefaultOptions().ElectionTicks {
		if tb.node(id).engine.core.Role() != raft.Follower {
			return ticks
		}
		tb.ticks(1, id)
	}
	t.Fatal("a follower without a leader does not campaign")
	return 0
}

// The turn is late: the heartbeat that would have come in time, and the tick that ends the follower's patience, are
// found together.
func TestAHeartbeatCountsBeforeTheTicksThatPassedWithIt(t *testing.T) {
	patience := patienceOf(t, 2)
	tb := newTable(t, 3)
	tb.elect(1)
	tb.cut(2)
	tb.ticks(patience-1, 2)
	follower := tb.node(2)
	follower.in.Messages = append(follower.in.Messages, Message{
		Message: raft.Message{Kind: raft.Heartbeat, From: 1, To: 2, Term: follower.engine.core.Term()},
	})
	follower.in.Ticks = 1
	tb.turn(follower)
	if role := follower.engine.core.Role(); role != raft.Follower || follower.engine.core.Leader() != 1 {
		t.Fatalf("a %v of leader %d, with a heartbeat in its mailbox", role, follower.engine.core.Leader())
	}
	tb.ticks(patience-DefaultOptions().ElectionTicks, 2) // the heartbeat bought time, and no more than a heartbeat does
	tb.ticks(2*DefaultOptions().ElectionTicks, 2)
	if role := follower.engine.core.Role(); role == raft.Follower {
		t.Fatal("it waits for ever")
	}
}

// The same for a leader, whose followers' answers and last tick of patience are found together.
func TestAnAnswerCountsBeforeTheTicksThatPassedWithIt(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.ticks(1)
	tb.cut(1)
	leader := tb.node(1)
	lonely := 2 * DefaultOptions().ElectionTicks // as long as a leader goes on that hears no majority
	for leader.silence() < lonely-1 {
		tb.ticks(1, 1)
	}
	leader.in.Messages = append(leader.in.Messages, Message{
		Message: raft.Message{Kind: raft.HeartbeatReply, From: 2, To: 1, Term: leader.engine.core.Term()},
	})
	leader.in.Ticks = 1
	tb.turn(leader)
	if !leader.engine.leads() {
		t.Fatal("a leader stepped down with a majority's answer in its mailbox")
	}
	tb.ticks(3*DefaultOptions().ElectionTicks, 1)
	if leader.engine.leads() {
		t.Fatal("a leader without followers leads for ever")
	}
}

// silence is how long a leader's most recently heard follower has been silent.
func (s *testNode) silence() int {
	ticks := 1 << 30
	for _, f := range s.engine.core.Status().Followers {
		ticks = min(ticks, f.SilentTicks)
	}
	return ticks
}
