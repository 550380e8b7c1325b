package raft

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// A follower may ask for the lead. The leader hands over as if it had been told to; other nodes take no notice.

func TestAFollowerThatAsksForTheLeadIsToldToCampaign(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.acknowledge(2, 2)
	order := g.one(g.asked(2), TimeoutNow)
	if order.To != 2 || order.Previous != g.core.Last() || g.core.Status().Transferee != 2 {
		t.Fatalf("%v, %v", order, g.core.Status())
	}
}

func TestAFollowerThatAsksIsBroughtLevelFirst(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	if sent := only(g.asked(2), TimeoutNow); len(sent) != 0 {
		t.Fatalf("it was told to campaign with an old log: %v", sent)
	}
	if _, ok := g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand}}); ok {
		t.Fatal("a proposal was taken while leadership is handed over")
	}
	g.one(g.acknowledge(2, 2), TimeoutNow)
}

func TestTheFirstNodeThatAsksGetsTheLead(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.acknowledge(2, 2)
	g.acknowledge(3, 2)
	g.asked(3)
	sent := g.asked(2)
	if g.core.Status().Transferee != 3 || len(only(sent, TimeoutNow)) != 0 {
		t.Fatalf("%v, %v", sent, g.core.Status())
	}
}

func TestANodeThatCannotLeadAsksInVain(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.acknowledge(2, 2)
	if sent := g.asked(9); len(sent) != 0 || g.core.Status().Transferee != 0 {
		t.Errorf("a node outside the configuration asked: %v, %v", sent, g.core.Status())
	}
	g = newRig(t, 3, 1)
	g.step(Message{Kind: Heartbeat, From: 2, Term: 1})
	before := g.core.Observe()
	if sent := g.asked(3); len(sent) != 0 || g.core.Observe() != before {
		t.Fatalf("a follower was asked: %v, %v", sent, g.core.Status())
	}
}

// The core takes only the sender and the term from a message that is not the protocol's.
func TestOtherMessagesChangeOnlyTheTerm(t *testing.T) {
	g := newRig(t, 3, 1)
	g.step(Message{Kind: Heartbeat, From: 2, Term: 1})
	before := g.core.Observe()
	g.core.Hear(2, 1)
	g.core.Hear(3, 0)
	g.core.Hear(1, 9) // its own id: no other node can have sent it
	if sent := g.ready(); len(sent) != 0 || g.core.Observe() != before {
		t.Fatalf("%v, %v", sent, g.core.Status())
	}
	g.lead()
	g.core.Hear(2, 9)
	if g.core.Role() != Follower || g.core.Term() != 9 || g.core.Vote() != 0 {
		t.Errorf("after a message of term 9: %v", g.core.Status())
	}
}
