package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Changes whose fate was, or will be, decided by more than one leader; and what accepted ones become later.

// D3: What stands in the way of a change may be lost with the leader whose word it is, and an earlier leader, who has
// the change, lead again: that is no ground for saying that it was not made.
func TestNothingIsRefusedForWhatMayYetBeLost(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.ticks(10)
	tb.cut(1)
	first, other := tb.invite(), tb.invite()
	other.Address = first.Address
	if r := tb.request(1, membership.Change{Add: []membership.Member{first}, Learner: true}); r.Err != nil {
		t.Fatal(r.Err)
	}
	again := tb.request(1, membership.Change{Add: []membership.Member{other}, Learner: true})
	if !errors.Is(again.Err, raft.ErrTooEarly) || !strings.Contains(again.Err.Error(), first.Address) {
		t.Fatalf("while the other one is on one disk, it is answered: %v", again.Err)
	}
	tb.lose = nil
	tb.ticks(20)
	again = tb.request(1, membership.Change{Add: []membership.Member{other}, Learner: true})
	if !errors.Is(again.Err, membership.ErrInUse) {
		t.Fatalf("when the other one is committed, it is answered: %v", again.Err)
	}
}

// D3: A leader that has just been elected does not know yet what its own log has come to.
func TestNothingIsRefusedByALeaderThatHasNotCommittedYet(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.ticks(10)
	held := tb.hold(func(m *Message) bool { return m.Kind == raft.AppendReply && m.To == 2 })
	tb.now += 10
	tb.node(2).in.TakeOver = true
	tb.settle()
	for range 300 {
		if tb.ticks(1); tb.node(2).engine.leads() {
			break
		}
	}
	if r := tb.request(2, membership.Change{Remove: []raftlog.NodeID{1, 2, 3}}); !errors.Is(r.Err, raft.ErrTooEarly) {
		t.Fatalf("it answers %v, %d acknowledgements held", r.Err, len(*held))
	}
}
