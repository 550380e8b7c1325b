package raft

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// A follower may ask for the lead. The leader hands over as if it had been told to; everyone else takes no notice.

func TestAFollowerThatAsksForTheLeadIsToldToCampaign(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.acknowledge(2, 2)
	told := g.one(g.step(Message{Kind: AskTransfer, From: 2, Term: 2}), TimeoutNow)
	if told.To != 2 || told.Previous != g.core.Last() || g.core.Status().Transferee != 2 {
		t.Fatalf("%v, %v", told, g.core.Status())
	}
}

func TestAFollowerThatAsksIsBroughtLevelFirst(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	if sent := only(g.step(Message{Kind: AskTransfer, From: 2, Term: 2}), TimeoutNow); len(sent) != 0 {
		t.Fatalf("it was told to campaign with an old log: %v", sent)
	}
	if _, ok := g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand}}); ok {
		t.Fatal("a proposal was taken while leadership is handed over")
	}
	g.one(g.acknowledge(2, 2), TimeoutNow)
}

func TestTheFirstWhoAsksGetsTheLead(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.acknowledge(2, 2)
	g.acknowledge(3, 2)
	g.step(Message{Kind: AskTransfer, From: 3, Term: 2})
	sent := g.step(Message{Kind: AskTransfer, From: 2, Term: 2})
	if g.core.Status().Transferee != 3 || len(only(sent, TimeoutNow)) != 0 {
		t.Fatalf("%v, %v", sent, g.core.Status())
	}
}

func TestWhoMayNotLeadAsksInVain(t *testing.T) {
	for name, m := range map[string]Message{
		"a stranger":           {Kind: AskTransfer, From: 9, Term: 2},
		"a word of an old day": {Kind: AskTransfer, From: 2, Term: 1},
	} {
		g := newRig(t, 3, 1)
		g.lead()
		g.acknowledge(2, 2)
		if sent := g.step(m); len(sent) != 0 || g.core.Status().Transferee != 0 {
			t.Errorf("%s: %v, %v", name, sent, g.core.Status())
		}
	}
	g := newRig(t, 3, 1)
	g.step(Message{Kind: Heartbeat, From: 2, Term: 1})
	before := g.core.Observe()
	if sent := g.step(Message{Kind: AskTransfer, From: 3, Term: 1}); len(sent) != 0 || g.core.Observe() != before {
		t.Fatalf("a follower was asked: %v, %v", sent, g.core.Status())
	}
}

// Who is absent is for the owner of the core; the core itself takes only the term from it.
func TestPresenceChangesNothingWithinATerm(t *testing.T) {
	g := newRig(t, 3, 1)
	g.step(Message{Kind: Heartbeat, From: 2, Term: 1})
	before := g.core.Observe()
	m := Message{Kind: Presence, From: 2, Term: 1, Request: 1, Absent: []raftlog.NodeID{3}}
	if sent := g.step(m); len(sent) != 0 || g.core.Observe() != before {
		t.Fatalf("%v, %v", sent, g.core.Status())
	}
}
