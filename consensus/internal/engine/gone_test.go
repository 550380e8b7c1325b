package engine

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// suspecting is a cluster that node 1 leads, and of which node 2 is told that a process of node 1 is gone. It returns
// whether node 2 asks soon whether it could win.
func suspecting(t *testing.T, boot raftlog.Boot, prepare func(tb *table, s *testNode)) bool {
	t.Helper()
	tb := newTable(t, 3)
	tb.elect(1)
	s := tb.node(2)
	leader := Arrival{From: 1, Boot: 101, Incarnation: 5, Start: 1, Term: s.engine.core.Term()}
	if err := tb.arrive(2, leader); err != nil {
		t.Fatal(err)
	}
	if prepare != nil {
		prepare(tb, s)
	}
	s.in.Gone = append(s.in.Gone, Gone{Node: 1, Boot: boot})
	tb.turn(s)
	s.in.Ticks = DefaultOptions().HeartbeatTicks
	tb.turn(s)
	return s.engine.core.Role() == raft.PreCandidate
}

// The end of the leader's process begins an election. A17: That of an earlier process on its node does not, nor that of
// another node; and what comes in the same turn as the news may be later than it.
func TestTheEndOfTheLeadersProcessIsHeeded(t *testing.T) {
	if !suspecting(t, 101, nil) {
		t.Error("the leader's process is gone, and nothing happens")
	}
	if suspecting(t, 100, nil) {
		t.Error("an earlier process is gone")
	}
	if suspecting(t, 101, func(tb *table, s *testNode) {
		later := Arrival{From: 1, Boot: 102, Incarnation: 5, Start: 2, Term: s.engine.core.Term()}
		if err := tb.arrive(2, later); err != nil {
			t.Fatal(err)
		}
	}) {
		t.Error("a later process has introduced itself")
	}
	heard := func(m Message) func(tb *table, s *testNode) {
		return func(tb *table, s *testNode) {
			m.From, m.To, m.Term = 1, 2, s.engine.core.Term()
			s.in.Messages = append(s.in.Messages, m)
		}
	}
	if suspecting(t, 101, heard(Message{Message: raft.Message{Kind: raft.Heartbeat}})) {
		t.Error("a heartbeat came in the same turn")
	}
	if !suspecting(t, 101, func(tb *table, s *testNode) {
		s.in.Messages = append(s.in.Messages, Message{Message: raft.Message{Kind: raft.HeartbeatReply, From: 3, To: 2}})
	}) {
		t.Error("something of another node came in the same turn, and nothing happens")
	}
	if !suspecting(t, 101, func(tb *table, s *testNode) { delete(s.engine.boots, 1) }) {
		t.Error("the leader has not introduced itself yet, its process is gone, and nothing happens")
	}
}
