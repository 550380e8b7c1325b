package raft

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A leader that is left out together with others tells them before it goes; and what ends a handing over.

// leftOut makes node 1 a leader that leaves voters 4 and 5 out together with itself. Node 3 holds that; with node 2 it
// is committed.
func leftOut(t *testing.T) *rig {
	t.Helper()
	g := newRig(t, 5, 1)
	g.lead()
	for _, id := range []raftlog.NodeID{2, 3, 4, 5} {
		g.acknowledge(id, 2)
	}
	joint := &membership.Configuration{Voters: []raftlog.NodeID{2, 3}, Outgoing: []raftlog.NodeID{1, 2, 3, 4, 5}}
	for _, c := range []*membership.Configuration{joint, joint.Final()} {
		if _, err := g.core.ProposeConfiguration(withMembers(c)); err != nil {
			t.Fatal(err)
		}
		g.ready()
		g.sync()
		for _, id := range []raftlog.NodeID{2, 3} {
			if id == 3 || c.Joint() {
				g.step(Message{Kind: AppendReply, From: id, Term: 2, Index: g.core.Last().Index})
			}
		}
	}
	return g
}

// D9.
func TestARemovedLeaderTellsOthersBeforeItHandsOver(t *testing.T) {
	g := leftOut(t)
	sent := g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: 4})
	if g.core.Commit() != 4 || g.core.Role() != Leader || len(only(sent, TimeoutNow)) != 0 {
		t.Fatalf("4 and 5 do not know yet: %v, %v", sent, g.core.Status())
	}
	beat := g.one(g.step(Message{Kind: AppendReply, From: 4, Term: 2, Index: 4}), Heartbeat)
	if beat.To != 4 || beat.Commit != 4 || g.core.Role() != Leader {
		t.Fatalf("%v, %v", beat, g.core.Status())
	}
	sent = g.step(Message{Kind: AppendReply, From: 5, Term: 2, Index: 4})
	if beat = g.one(sent, Heartbeat); beat.To != 5 || beat.Commit != 4 {
		t.Fatalf("%v", beat)
	}
	if order := g.one(sent, TimeoutNow); order.To != 2 || g.core.Role() != Follower {
		t.Fatalf("%v, %v", order, g.core.Status())
	}
}

// D9.
func TestTheFinalMessageDoesNotWaitForSilentNodes(t *testing.T) {
	g := leftOut(t)
	for range 10 {
		g.core.Tick()
		g.step(Message{Kind: HeartbeatReply, From: 2, Term: 2})
		g.step(Message{Kind: HeartbeatReply, From: 3, Term: 2})
	}
	g.one(g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: 4}), TimeoutNow)
	if g.core.Role() != Follower {
		t.Fatalf("%v", g.core.Status())
	}
}

// D9.
func TestTheFinalMessageTakesAnElectionTimeoutAtMost(t *testing.T) {
	g := leftOut(t)
	g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: 4})
	if sent := only(g.hang(9, 2, 3, 4, 5), TimeoutNow); len(sent) != 0 || g.core.Role() != Leader {
		t.Fatalf("4 and 5 are there, and lack the entry: %v, %v", sent, g.core.Status())
	}
	g.one(g.hang(1, 2, 3, 4, 5), TimeoutNow)
	if g.core.Role() != Follower {
		t.Fatalf("%v", g.core.Status())
	}
}

// Each attempt keeps clients waiting for an election timeout.
func TestAFollowerThatCannotFollowAsksForTheLeadOnce(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.acknowledge(2, 2)
	g.acknowledge(3, 2)
	g.propose("a")
	if g.asked(2); g.core.Status().Transferee != 2 {
		t.Fatalf("%v", g.core.Status())
	}
	g.hang(10, 2, 3)
	if g.asked(2); g.core.Status().Transferee != 0 {
		t.Fatal("its log did not move since it asked in vain")
	}
	if g.asked(3); g.core.Status().Transferee != 3 {
		t.Fatal("another one asked")
	}
	g.hang(10, 2, 3)
	g.propose("b")
	g.acknowledge(2, 3)
	if g.asked(2); g.core.Status().Transferee != 2 {
		t.Fatal("its log moves again")
	}
}

// A level follower that did not take over may have missed the message.
func TestALevelFollowerMayAskAgain(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.acknowledge(2, 2)
	g.one(g.asked(2), TimeoutNow)
	g.hang(10, 2, 3)
	g.one(g.asked(2), TimeoutNow)
}

// F19.
func TestAHandOverForAHungDiskEndsWhenTheDiskIsBack(t *testing.T) {
	g := hungLeader(t, 3)
	flying := g.rd.Append.Number
	g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: 3})
	g.hang(theLimit-1, 2, 3)
	g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand}})
	g.ready() // it is not level any more, so it is not told to campaign
	if sent := only(g.hang(1, 2, 3), TimeoutNow); len(sent) != 0 || g.core.Status().Transferee != 2 {
		t.Fatalf("%v, %v", sent, g.core.Status())
	}
	g.core.Appended(flying)
	if g.hang(1, 2, 3); g.core.Status().Transferee != 0 {
		t.Fatalf("%v", g.core.Status())
	}
	g.core.Transfer(3) // an operator's is another matter
	if g.hang(1, 2, 3); g.core.Status().Transferee != 3 {
		t.Fatalf("%v", g.core.Status())
	}
}

// A voter of the old half alone would have to hand over again.
func TestASuccessorStays(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	for _, id := range []raftlog.NodeID{2, 3} {
		g.acknowledge(id, 2)
	}
	joint := &membership.Configuration{Voters: []raftlog.NodeID{1, 3}, Outgoing: []raftlog.NodeID{1, 2, 3}}
	if _, err := g.core.ProposeConfiguration(withMembers(joint)); err != nil {
		t.Fatal(err)
	}
	g.ready()
	g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand}})
	g.ready()
	g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: 4})
	g.step(Message{Kind: AppendReply, From: 3, Term: 2, Index: 4})
	if best := g.core.successor(); best == nil || best.id != 3 {
		t.Fatalf("%v", best)
	}
}
