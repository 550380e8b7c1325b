package raft

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// summoned is a follower of node 2 that has been told to campaign. Its disk has not answered yet.
func summoned(t *testing.T) (g *rig, last raftlog.Mark) {
	t.Helper()
	g = newRig(t, 3, 1, 1)
	last = raftlog.Mark{Term: 1, Index: 2}
	g.step(Message{Kind: Heartbeat, From: 2, Term: 1})
	sent := g.step(Message{Kind: TimeoutNow, From: 2, Term: 1, Previous: last})
	if g.core.Role() != Follower || len(sent) != 0 || g.rd.Append.Number == 0 || len(g.rd.Append.Entries) != 0 {
		t.Fatalf("%v, %v, %v", g.core.Status(), sent, g.rd.Append)
	}
	return g, last
}

// A13: a hand-over to a node whose disk has begun to hang changes nothing: no term rises, and no old request leaves.
func TestAHandOverToAHungDiskChangesNothing(t *testing.T) {
	for name, late := range map[string]struct {
		ticks     int
		campaigns bool
	}{
		"in time": {testOptions(1).ElectionTicks/2 - 1, true},
		"late":    {testOptions(1).ElectionTicks / 2, false},
	} {
		g, last := summoned(t)
		operation := g.rd.Append.Number
		for range late.ticks {
			g.core.Tick()
			reply := g.one(g.step(Message{Kind: Heartbeat, From: 2, Term: 1}), HeartbeatReply)
			if reply.Term != 1 || g.core.Term() != 1 {
				t.Fatalf("%s: it speaks of term %d", name, reply.Term)
			}
		}
		g.core.Appended(operation)
		g.ready()
		if got := g.core.Role() == Candidate; got != late.campaigns {
			t.Fatalf("%s: %v", name, g.core.Status())
		}
		requests := only(g.rd.Append.Promises, Vote)
		if late.campaigns && (len(requests) != 2 || requests[0].Hint != last) || !late.campaigns && len(requests) != 0 {
			t.Fatalf("%s: %v", name, g.rd.Append)
		}
	}
}

// A13: between the word and the disk's answer leader, term or log move on.
func TestASummonsThatWasOvertakenCountsForNothing(t *testing.T) {
	for name, m := range map[string]Message{
		"a later term": {Kind: Heartbeat, From: 3, Term: 2},
		"a longer log": {
			Kind: Append, From: 2, Term: 1, Previous: raftlog.Mark{Term: 1, Index: 2},
			Entries: entriesOf(raftlog.Mark{Term: 1, Index: 2}, 1),
		},
	} {
		g, _ := summoned(t)
		operation := g.rd.Append.Number
		g.step(m)
		g.core.Appended(operation)
		if g.ready(); g.core.Role() != Follower {
			t.Fatalf("%s: %v", name, g.core.Status())
		}
	}
}
