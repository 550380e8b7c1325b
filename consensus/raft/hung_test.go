package raft

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// A leader whose disk hangs, and what must not be taken for that. The story itself is the transcript disk_hangs.

// hang lets time pass on a leader whose disk completes nothing, while these nodes answer.
func (g *rig) hang(ticks int, heard ...raftlog.NodeID) (sent []Message) {
	g.t.Helper()
	for range ticks {
		g.core.Tick()
		for _, id := range heard {
			sent = append(sent, g.step(Message{Kind: HeartbeatReply, From: id, Term: g.core.Term()})...)
		}
		sent = append(sent, g.ready()...)
	}
	return sent
}

// hungLeader is the leader of a cluster that proposed a command, which its disk does not complete. The no-op at 2 is
// on all disks.
func hungLeader(t *testing.T, voters int) *rig {
	t.Helper()
	g := newRig(t, voters, 1)
	g.lead()
	for _, id := range g.core.Configuration().Voters[1:] {
		g.acknowledge(id, 2)
	}
	if _, ok := g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand, Body: []byte("a")}}); !ok {
		t.Fatal("the proposal was refused")
	}
	g.ready()
	return g
}

// theLimit is when a disk that was quick before counts as one that hangs.
const theLimit = hungElections * 10 // testOptions has 10 ticks

// F19.
func TestAHungLeaderHandsOverToTheLongestLog(t *testing.T) {
	g := hungLeader(t, 5)
	g.step(Message{Kind: AppendReply, From: 4, Term: 2, Index: 3})
	g.step(Message{Kind: AppendReply, From: 3, Term: 2, Index: 3})
	if sent := only(g.hang(theLimit-1, 2, 3, 4), TimeoutNow); len(sent) != 0 {
		t.Fatalf("too early: %v", sent)
	}
	if order := g.one(g.hang(1, 2, 3, 4), TimeoutNow); order.To != 3 {
		t.Fatalf("3 and 4 hold most, 3 is the first of them: %v", order)
	}
	g.hang(10, 2, 3, 4)
	if g.core.Role() != Follower || g.core.Term() != 2 || g.core.Leader() != 0 {
		t.Fatalf("no node took over, and it is %v", g.core.Status())
	}
}

// F19.
func TestAHungLeaderStaysWithoutABetterSuccessor(t *testing.T) {
	for name, play := range map[string]func(g *rig) (heard []raftlog.NodeID){
		"no other disk is ahead": func(*rig) []raftlog.NodeID { return []raftlog.NodeID{2, 3, 4, 5} },
		"the others are too few": func(g *rig) []raftlog.NodeID {
			g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: 3})
			return []raftlog.NodeID{2, 3}
		},
		"who is ahead is silent": func(g *rig) []raftlog.NodeID {
			g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: 3})
			return []raftlog.NodeID{3, 4, 5}
		},
	} {
		g := hungLeader(t, 5)
		heard := play(g)
		sent := g.hang(10*theLimit, heard...)
		if g.core.Role() != Leader || len(only(sent, TimeoutNow)) != 0 {
			t.Errorf("%s: %v, %v", name, g.core.Status(), only(sent, TimeoutNow))
		}
	}
	alone := newRig(t, 1, 1)
	alone.core.Tick()
	alone.ready()
	alone.sync() // its vote; now it leads, and its first entry is on its way to the disk
	if alone.hang(10 * theLimit); alone.core.Role() != Leader {
		t.Errorf("alone: %v", alone.core.Status())
	}
}

// F20.
func TestADiskThatCompletesSomethingIsNotOneThatHangs(t *testing.T) {
	g := hungLeader(t, 3)
	for round := range 10 {
		flying := g.rd.Append.Number
		index, _ := g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand}})
		g.ready() // there is always something on its way to the disk
		g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: index})
		if sent := only(g.hang(theLimit-1, 2, 3), TimeoutNow); len(sent) != 0 || g.core.Role() != Leader {
			t.Fatalf("round %d: %v, %v", round, sent, g.core.Status())
		}
		g.core.Appended(flying)
		g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand}})
		g.ready()
	}
}

// F20: Disks that are all a little slower than the limit must not make every leader hand over to the next: what a
// completion took the next one may take twice. A disk that was quick again has no credit left.
func TestPatienceGrowsWithASlowDiskAndIsBounded(t *testing.T) {
	for took, want := range map[int]int{0: theLimit, theLimit / 2: theLimit, 15: 30, 39: 78, 40: 80, 1000: 80} {
		g := hungLeader(t, 3)
		flying := g.rd.Append.Number
		g.hang(took, 2, 3)
		g.core.Appended(flying)
		index, _ := g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand}})
		g.ready()
		g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: index})
		if sent := only(g.hang(want-1, 2, 3), TimeoutNow); len(sent) != 0 {
			t.Fatalf("after a completion of %d ticks it hands over before %d", took, want)
		}
		g.one(g.hang(1, 2, 3), TimeoutNow)
	}
}

// F19, F20: The limit is HungTicks, and never less than two election timeouts. A disk whose last completion was slow
// has four times as long at most.
func TestTheLimitOfAHungDiskIsAnOption(t *testing.T) {
	for _, c := range []struct{ option, took, want int }{
		{0, 0, 20}, {19, 0, 20}, {20, 0, 20}, {21, 0, 21}, {200, 0, 200}, {200, 99, 200}, {200, 101, 202},
		{200, 400, 800}, {200, 401, 800},
	} {
		g := hungLeader(t, 3)
		g.core.options.HungTicks = c.option
		flying := g.rd.Append.Number
		g.hang(c.took, 2, 3)
		g.core.Appended(flying)
		index, _ := g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand}})
		g.ready()
		g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: index})
		if sent := only(g.hang(c.want-1, 2, 3), TimeoutNow); len(sent) != 0 || g.core.Role() != Leader {
			t.Fatalf("HungTicks %d, after a completion of %d: it gives its place up before %d", c.option, c.took, c.want)
		}
		if sent := only(g.hang(1, 2, 3), TimeoutNow); len(sent) != 1 {
			t.Fatalf("HungTicks %d, after a completion of %d: it keeps its place at %d", c.option, c.took, c.want)
		}
	}
}

// F20: One disk below all nodes, or one cause: all stall at the same time, one a little ahead of the leader's. No other
// leader could do better, and a candidate would need that disk for its own vote.
func TestDisksThatStallTogetherKeepTheirLeader(t *testing.T) {
	g := hungLeader(t, 3)
	g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: 3})
	g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand}}) // on its way to all disks, of which none completes it
	g.ready()
	sent := g.hang(10*theLimit, 2, 3)
	if g.core.Role() != Leader || len(only(sent, TimeoutNow)) != 0 {
		t.Fatalf("%v, %v", g.core.Status(), only(sent, TimeoutNow))
	}
	g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: 4}) // its disk is back, the leader's is not
	g.one(g.hang(1, 2, 3), TimeoutNow)
}

// F19: A disk that moves, if slowly, is better than one that hangs: between its completions it may look as if it
// stalled.
func TestASlowDiskIsBetterThanOneThatHangs(t *testing.T) {
	g := hungLeader(t, 3)
	const every = 15 // ticks for each completion: longer than an election timeout
	for done := raftlog.Index(3); g.core.Role() == Leader; done++ {
		if done > 8 {
			t.Fatalf("a leader whose disk hangs leads on: %v", g.core.Status())
		}
		g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand}})
		g.ready()
		g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: done})
		g.hang(every, 2, 3)
	}
}

// F19.
func TestADiskThatComesBackKeepsTheLeader(t *testing.T) {
	g := hungLeader(t, 3)
	flying := g.rd.Append.Number
	g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: 3})
	g.one(g.hang(theLimit, 2, 3), TimeoutNow)
	g.hang(9, 2, 3)
	g.core.Appended(flying)
	if g.hang(100, 2, 3); g.core.Role() != Leader {
		t.Fatalf("%v", g.core.Status())
	}
	if _, ok := g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand}}); !ok {
		t.Fatal("proposals are still refused")
	}
}

// F19: A follower whose disk hangs asks for no votes, not even on a leader's word: its own vote could not count.
func TestAFollowerWhoseDiskHangsDoesNotCampaign(t *testing.T) {
	g := newRig(t, 3, 1)
	at := raftlog.Mark{Term: 1, Index: 1}
	g.step(Message{Kind: Append, From: 2, Term: 1, Previous: at, Entries: entriesOf(at, 1)})
	flying := g.rd.Append.Number
	for range 9 {
		g.core.Tick()
	}
	g.step(Message{Kind: Heartbeat, From: 2, Term: 1})
	g.core.Tick()
	g.step(Message{Kind: TimeoutNow, From: 2, Term: 1, Previous: raftlog.Mark{Term: 1, Index: 2}})
	for range 100 {
		g.core.Tick()
		if sent := g.ready(); len(sent) != 0 || g.core.Role() != Follower || g.core.Term() != 1 {
			t.Fatalf("%v, %v", sent, g.core.Status())
		}
	}
	if g.core.Leader() != 0 {
		t.Fatal("it still believes in a leader that it has not heard for long")
	}
	g.core.Appended(flying)
	if sent := g.timeout(); len(only(sent, PreVote)) != 2 {
		t.Fatalf("the disk is back: %v", sent)
	}
}

// F20: A disk that does something else first, such as a seal that takes as long, has not hung meanwhile: the operation
// behind it has its own time. What completed before that says nothing.
func TestASealBeforeAnOperationIsACompletion(t *testing.T) {
	for seal, want := range map[int]int{15: 30, 0: theLimit} {
		g := hungLeader(t, 3)
		flying := g.rd.Append.Number
		g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: 3})
		g.hang(seal, 2, 3)
		g.core.Appended(flying - 1)
		g.hang(1, 2, 3)
		g.core.Appended(flying - 2)
		if sent := only(g.hang(want-2, 2, 3), TimeoutNow); len(sent) != 0 || g.core.Role() != Leader {
			t.Fatalf("behind a seal of %d ticks it gives its place up before %d", seal, want)
		}
		g.one(g.hang(1, 2, 3), TimeoutNow)
	}
}
