package engine

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// invite puts a blank node at the table; it is number n of the data directories, and gets the next seat.
func (tb *table) invite() membership.Member {
	id := raftlog.NodeID(len(tb.nodes) + 1)
	s := &testNode{id: id}
	tb.nodes = append(tb.nodes, s)
	tb.boot(s, raftlog.Boot(100+id))
	return membership.Member{Incarnation: 1000 + uint64(id), Address: fmt.Sprintf("n%d:1", id)}
}

// request gives a change to a node and lets its turn answer.
func (tb *table) request(id raftlog.NodeID, c membership.Change) *ChangeRequest {
	r := &ChangeRequest{Change: c, Wake: func() {}}
	s := tb.node(id)
	s.in.Changes = append(s.in.Changes, r)
	tb.turn(s)
	return r
}

// change makes a change on the leader and lets it come to its end.
func (tb *table) change(id raftlog.NodeID, c membership.Change) {
	tb.t.Helper()
	if r := tb.request(id, c); r.Err != nil {
		tb.t.Fatal(r.Err)
	}
	tb.ticks(4 * DefaultOptions().HeartbeatTicks)
}

// expectVoters fails unless the nodes know exactly these as committed voters.
func (tb *table) expectVoters(of []raftlog.NodeID, voters ...raftlog.NodeID) {
	tb.t.Helper()
	for _, id := range of {
		c, _ := tb.node(id).engine.core.CommittedConfiguration()
		if c == nil || c.Joint() || !slices.Equal(slices.Sorted(slices.Values(c.Voters)), voters) {
			tb.t.Fatalf("node %d has %+v, want voters %d", id, c, voters)
		}
	}
}

func (tb *table) leader() raftlog.NodeID {
	for _, s := range tb.nodes {
		if !s.down && s.engine.leads() {
			return s.id
		}
	}
	tb.t.Fatal("no node leads")
	return 0
}

// From one node to five and back to one that was not there in the beginning, with a command on every node at each step.
func TestAClusterGrowsAndShrinksWithoutAnErrorForClients(t *testing.T) {
	tb := newTable(t, 1)
	tb.ticks(100)
	commands := 0
	work := func(ids ...raftlog.NodeID) {
		t.Helper()
		var clients []*client
		for _, id := range ids {
			commands++
			clients = append(clients, tb.submit(id, fmt.Sprint(commands)))
		}
		tb.ticks(10)
		for _, c := range clients {
			tb.expect(c, Done)
		}
	}
	work(1)
	tb.change(1, membership.Change{Add: []membership.Member{tb.invite(), tb.invite()}})
	work(1, 2, 3)
	tb.change(1, membership.Change{Add: []membership.Member{tb.invite(), tb.invite()}})
	work(1, 2, 3, 4, 5)
	tb.expectVoters([]raftlog.NodeID{1, 2, 3, 4, 5}, 1, 2, 3, 4, 5)
	tb.change(1, membership.Change{Remove: []raftlog.NodeID{1, 2}}) // the leader is one of them
	tb.expectVoters([]raftlog.NodeID{1, 2, 3, 4, 5}, 3, 4, 5)
	work(3, 4, 5)
	tb.change(tb.leader(), membership.Change{Remove: []raftlog.NodeID{3, 4}})
	work(5)
	tb.expectVoters([]raftlog.NodeID{3, 4, 5}, 5)
	if got := len(tb.node(5).machine.applied); got != commands {
		t.Fatalf("the last node applied %d of %d commands", got, commands)
	}
}

// The leader dies with a change that no other node has. The next leader is asked for the same, and gives the same id:
// the log that promised it to another node is gone.
func TestAChangeThatDiesWithItsLeaderIsMadeByTheNext(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	change := membership.Change{Add: []membership.Member{tb.invite()}}
	tb.cut(1)
	if r := tb.request(1, change); r.Err != nil || r.Accepted.NextID != 5 {
		t.Fatalf("got %+v", r)
	}
	tb.ticks(DefaultOptions().ElectionTicks) // and longer, below
	tb.elect(2)
	tb.change(2, change)
	tb.lose = nil
	tb.ticks(100)
	tb.expectVoters([]raftlog.NodeID{1, 2, 3, 4}, 1, 2, 3, 4)
	if m := membership.Find(tb.node(1).engine.core.Configuration(), 4); m.Incarnation != change.Add[0].Incarnation {
		t.Fatalf("node 4 is %+v", m)
	}
}

// The leader dies when one other node has the change. The next leader carries it to its end without being asked again.
func TestAChangeThatSurvivesItsLeaderIsCarriedOn(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	member := tb.invite()
	tb.lose = func(m *Message) bool { return m.From == 1 && m.To != 2 || m.To == 1 }
	if r := tb.request(1, membership.Change{Add: []membership.Member{member}, Remove: []raftlog.NodeID{1}}); r.Err != nil {
		t.Fatal(r.Err)
	}
	tb.settle()
	tb.crash(1)
	tb.lose = nil
	tb.elect(2)
	tb.ticks(30)
	tb.expectVoters([]raftlog.NodeID{2, 3, 4}, 2, 3, 4)
}

// S24: {L,R,A} becomes {L,A,B}. The joint configuration is committed, the final one reaches only R, and L dies. R has
// the longest log: it leads without counting itself, and the others keep a link to it as long as they must answer it.
func TestARemovedNodeLeadsTheOthersToTheEnd(t *testing.T) {
	const left, right, a, b = 1, 2, 3, 4
	tb := newTable(t, 3)
	tb.elect(left)
	member := tb.invite()
	final := func(m *Message) bool {
		return slices.ContainsFunc(m.Entries, func(e raftlog.Entry) bool {
			if e.Kind != raftlog.EntryConfiguration {
				return false
			}
			c := configurationOf(&e)
			return !c.Joint() && !c.Includes(right)
		})
	}
	tb.lose = func(m *Message) bool { return final(m) && m.To != right }
	change := membership.Change{Add: []membership.Member{member}, Remove: []raftlog.NodeID{right}}
	if r := tb.request(left, change); r.Err != nil {
		t.Fatal(r.Err)
	}
	for range 100 {
		if tb.ticks(1); membership.LeftOut(tb.node(right).engine.core.Configuration(), right) {
			break
		}
	}
	if c, _ := tb.node(right).engine.core.CommittedConfiguration(); !c.Joint() {
		t.Fatalf("the scene is not set: %+v", c)
	}
	tb.crash(left)
	tb.lose = nil
	c := tb.submit(a, "c")
	led := false
	tb.lose = func(m *Message) bool {
		led = led || m.From == right && m.Kind == raft.Append
		return m.From != right && m.Kind == raft.PreVote // the others could win as well
	}
	for range 100 {
		if tb.ticks(1); led {
			break
		}
	}
	if !led {
		t.Fatal("it does not lead")
	}
	tb.lose = nil
	tb.ticks(100)
	tb.expect(c, Done)
	tb.expectVoters([]raftlog.NodeID{right, a, b}, left, a, b)
	if s := tb.node(right).engine.Status(); !s.Removed || s.Role == raft.Leader {
		t.Fatalf("who is left out is %+v", s.State)
	}
}

func TestChangesAreTheLeadersToMake(t *testing.T) {
	tb := newTable(t, 3)
	change := membership.Change{Remove: []raftlog.NodeID{3}}
	if r := tb.request(2, change); !errors.Is(r.Err, raft.ErrNotLeader) || r.Accepted != nil {
		t.Fatalf("a follower answers %+v", r)
	}
	tb.lose = func(m *Message) bool { return m.Kind == raft.AppendReply }
	tb.elect(1)
	if r := tb.request(1, change); !errors.Is(r.Err, raft.ErrTooEarly) {
		t.Fatalf("a new leader answers %v", r.Err)
	}
	tb.lose = nil
	tb.ticks(10)
	tb.cut(1)
	first, second := tb.request(1, change), tb.request(1, membership.Change{Remove: []raftlog.NodeID{2}})
	if first.Err != nil || !errors.Is(second.Err, membership.ErrChangeInProgress) {
		t.Fatalf("two at once: %v, %v", first.Err, second.Err)
	}
	if again := tb.request(1, change); again.Err != nil || again.Accepted != first.Accepted || again.Index != first.Index {
		t.Fatalf("the same again: %+v", again)
	}
	tb.node(1).in.HandOver, tb.lose = true, nil
	tb.turn(tb.node(1))
	if r := tb.request(1, membership.Change{}); r.Err != nil {
		t.Fatalf("nothing to change, while handing over: %v", r.Err)
	}
	if r := tb.request(1, membership.Change{Update: []membership.Member{{ID: 1, Address: "x:1"}}}); r.Err == nil {
		t.Fatal("a leader that hands over made a change")
	}
}

// S8: The batches of a removed node's clients end when the node applies its removal: what was sent and not met is
// proven not done, what waits is not sent, reads are not asked for. None of it takes time.
func TestWhatWaitsOnARemovedNodeEndsWithItsRemoval(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.lose = func(m *Message) bool { return isForward(m, 3) || m.Own == ReadIndex }
	before := tb.submit(3, "sent")
	read := tb.read(3)
	tb.settle()
	tb.expect(before, Pending)
	if r := tb.request(1, membership.Change{Remove: []raftlog.NodeID{3}}); r.Err != nil {
		t.Fatal(r.Err)
	}
	tb.settle()
	tb.ticks(DefaultOptions().HeartbeatTicks)
	tb.lose = nil
	tb.expect(before, NotDone)
	tb.expectRead(read, NotDone)
	after, late := tb.submit(3, "later"), tb.read(3)
	tb.settle()
	tb.expect(after, NotDone)
	tb.expectRead(late, NotDone)
	tb.ticks(longestResendTicks)
	if n := tb.node(1).machine.count("sent") + tb.node(1).machine.count("later"); n != 0 {
		t.Fatalf("%d commands were done all the same", n)
	}
}

// The applier learns of the removal before it is told of a batch that the turn has just sent.
func TestABatchSentAfterTheRemovalWasAppliedIsNotDone(t *testing.T) {
	o := DefaultOptions()
	o.ID, o.Boot = 2, 102
	a := NewApplier(o, &journal{}, SnapshotState{})
	c := clusterOf(2)
	removed := *c
	removed.Voters, removed.Members = []raftlog.NodeID{1}, c.Members[:1]
	first := FirstEntry(c, 1000)
	second := FirstEntry(&removed, 1000)
	second.Index = 2
	var report Applied
	a.Apply([]raftlog.Entry{first, second}, &report)
	b := &Batch{Body: []byte("x")}
	a.Register([]Sent{{Batch: b, Term: 1, Sequence: 1}}, &report)
	if len(report.NotDone) != 1 || report.NotDone[0] != b {
		t.Fatalf("the report is %+v", report)
	}
}

// A node that is added receives the log from its beginning, of which it is no member. It is not removed.
func TestANewNodeIsNotRemovedWhileItCatchesUp(t *testing.T) {
	tb := newTable(t, 1)
	tb.ticks(100)
	for range 50 {
		tb.submit(1, "c")
		tb.settle()
	}
	member := tb.invite()
	if r := tb.request(1, membership.Change{Add: []membership.Member{member}}); r.Err != nil {
		t.Fatal(r.Err)
	}
	for range 200 {
		tb.deliver()
		tb.turn(tb.node(1))
		tb.turn(tb.node(2))
		if tb.node(2).engine.State().Removed {
			t.Fatal("it believes that it was removed")
		}
	}
	tb.ticks(20)
	tb.expectVoters([]raftlog.NodeID{1, 2}, 1, 2)
}

// D9: The leader keeps its link to a removed node until that node knows; then no node has a link to it.
func TestARemovedNodeIsServedUntilItKnows(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	linked := func(id raftlog.NodeID) bool {
		return slices.ContainsFunc(tb.node(id).peers, func(m membership.Member) bool { return m.ID == 3 })
	}
	tb.lose = func(m *Message) bool { return m.To == 3 }
	if r := tb.request(1, membership.Change{Remove: []raftlog.NodeID{3}}); r.Err != nil {
		t.Fatal(r.Err)
	}
	tb.ticks(10)
	if !linked(1) || linked(2) {
		t.Fatalf("links to node 3: of the leader %v, of node 2 %v", linked(1), linked(2))
	}
	tb.lose = nil
	tb.ticks(2 * DefaultOptions().ElectionTicks) // what was lost is sent again
	if !tb.node(3).engine.State().Removed {
		t.Fatal("it does not know")
	}
	tb.ticks(5 * DefaultOptions().ElectionTicks)
	if linked(1) {
		t.Fatal("the leader holds the link for ever")
	}
}

// clusterOf is a configuration of voters 1..n, whose incarnations are their ids.
func clusterOf(n int) *membership.Configuration {
	c := &membership.Configuration{ClusterID: 5, HashSeed: 6, NextID: raftlog.NodeID(n + 1)}
	for id := raftlog.NodeID(1); id <= raftlog.NodeID(n); id++ {
		address := string(rune('a' + id))
		m := membership.Member{ID: id, Incarnation: uint64(id), Address: address + ":1", Attributes: []byte(address + ":2")}
		c.Members = append(c.Members, m)
		c.Voters = append(c.Voters, id)
	}
	return c
}
