package raft

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// Elections, terms and votes: the mistakes that others made, one test each.

// A1.
func TestTermAndVoteBecomeDurableTogether(t *testing.T) {
	g := newRig(t, 3, 1)
	g.step(Message{Kind: Vote, From: 2, Term: 5, Previous: raftlog.Mark{Term: 1, Index: 1}})
	if op := g.rd.Append; op.Number != 1 || op.Term != 5 || op.Vote != 2 {
		t.Fatalf("%v", op)
	}
	g.sync()
	g.step(Message{
		Kind: Append, From: 2, Term: 5, Previous: raftlog.Mark{Term: 1, Index: 1},
		Entries: entriesOf(raftlog.Mark{Term: 1, Index: 1}, 5),
	})
	if op := g.rd.Append; op.Term != 5 || op.Vote != 2 || len(op.Entries) != 1 {
		t.Fatalf("an operation about entries leaves the vote out: %v", op)
	}
}

// A2.
func TestAVoteLeavesWhenItIsDurable(t *testing.T) {
	g := newRig(t, 3, 1)
	sent := g.step(Message{Kind: Vote, From: 2, Term: 2, Previous: raftlog.Mark{Term: 1, Index: 1}})
	if len(sent) != 0 || len(g.rd.Append.Promises) != 1 {
		t.Fatalf("left at once: %v; waiting: %v", sent, g.rd.Append.Promises)
	}
	// The request comes again before the disk is done: one answer waits for both.
	first := g.rd.Append.Number
	sent = g.step(Message{Kind: Vote, From: 2, Term: 2, Previous: raftlog.Mark{Term: 1, Index: 1}})
	if len(sent) != 0 || g.rd.Append.Number != 0 {
		t.Fatalf("left at once: %v; %v", sent, g.rd.Append)
	}
	g.core.Appended(first)
	sent = g.step(Message{Kind: Vote, From: 2, Term: 2, Previous: raftlog.Mark{Term: 1, Index: 1}})
	if reply := g.one(sent, VoteReply); reply.Reject {
		t.Fatalf("%v", reply)
	}
}

// A3.
func TestSteppingDownKeepsTheVote(t *testing.T) {
	g := newRig(t, 3, 1)
	g.core.becomeCandidate(raftlog.Mark{})
	g.ready()
	g.sync()
	for _, voter := range []raftlog.NodeID{2, 3} {
		g.step(Message{Kind: VoteReply, From: voter, Term: 2, Reject: true})
	}
	last := raftlog.Mark{Term: 1, Index: 1}
	reply := g.one(g.stepAndSync(Message{Kind: Vote, From: 3, Term: 2, Previous: last}), VoteReply)
	if g.core.Role() != Follower || g.core.Vote() != 1 || !reply.Reject {
		t.Fatalf("%v, %v", g.core.Status(), reply)
	}
}

// A4.
func TestTwoLeadersInATermEndTheProcess(t *testing.T) {
	follower := newRig(t, 3, 1)
	follower.step(Message{Kind: Heartbeat, From: 2, Term: 2})
	leader := newRig(t, 3, 1)
	leader.lead()
	for name, g := range map[string]*rig{"follower": follower, "leader": leader} {
		for _, kind := range []MessageKind{Append, Heartbeat} {
			m := Message{Kind: kind, From: 3, To: 1, Term: 2, Previous: raftlog.Mark{Term: 1, Index: 1}}
			if !panics(func() { g.core.Step(&m) }) {
				t.Errorf("a %s takes %v from a second leader of its term", name, kind)
			}
		}
	}
}

// A8: TestOneWayLinksDoNotKeepAStaleLeader: nothing that leader 1 sends arrives, everything sent to it does.
func TestOneWayLinksDoNotKeepAStaleLeader(t *testing.T) {
	c := newCluster()
	c.voters(3)
	c.elect(1)
	for range 60 {
		for _, n := range c.nodes {
			c.tick(n, 1)
		}
		c.settle(func(m *Message) bool { return m.From != 1 })
	}
	leader := c.leader()
	if leader == nil || leader.id == 1 || c.node(1).core.Role() == Leader || len(c.rules.violations) > 0 {
		t.Fatalf("leader %v, violations %v", leader, c.rules.violations)
	}
}

// A9: TestABrokenLinkBesideAGoodOneStopsNoLeader: nodes 1 and 3 cannot talk to each other, node 2 can to both.
func TestABrokenLinkBesideAGoodOneStopsNoLeader(t *testing.T) {
	c := newCluster()
	c.voters(3)
	c.elect(1)
	term := c.node(1).core.Term()
	for range 20 * 10 {
		for _, n := range c.nodes {
			c.tick(n, 1)
		}
		c.settle(func(m *Message) bool { return m.From+m.To != 4 })
	}
	if n := c.node(1).core; n.Role() != Leader || n.Term() != term || len(c.rules.violations) > 0 {
		t.Fatalf("after 20 election timeouts: %v, violations %v", n.Status(), c.rules.violations)
	}
}

// A10.
func TestANodeThatWasAwayForAHundredElectionsChangesNothing(t *testing.T) {
	c := newCluster()
	c.voters(3)
	c.elect(1)
	for range 100 * 15 {
		for _, n := range c.nodes {
			c.tick(n, 1)
		}
		c.settle(func(m *Message) bool { return m.From != 3 && m.To != 3 })
	}
	term := c.node(1).core.Term()
	for range 50 {
		for _, n := range c.nodes {
			c.tick(n, 1)
		}
		c.settle(nil)
	}
	if c.leader() != c.node(1) || c.node(3).core.Term() != term || term != 2 {
		t.Fatalf("%v, %v", c.node(1).core.Status(), c.node(3).core.Status())
	}
}

// A11.
func TestATermLearnedFromAMessageIsMadeDurable(t *testing.T) {
	g := newRig(t, 3, 1)
	g.step(Message{Kind: HeartbeatReply, From: 2, Term: 9})
	if op := g.rd.Append; op.Number != 1 || op.Term != 9 || op.Vote != 0 {
		t.Fatalf("%v", op)
	}
}

// A15.
func TestEqualSeedsStillElect(t *testing.T) {
	for seed := range uint64(50) {
		c := newCluster()
		plain := c.options
		c.options = func(id raftlog.NodeID) Options {
			o := plain(id)
			o.Seed = seed
			return o
		}
		c.voters(3)
		elected := false
		for round := 0; round < 400 && !elected; round++ {
			// Equal seeds draw equal timeouts; the message that arrives first breaks the tie.
			for _, n := range c.nodes {
				c.tick(n, 1)
			}
			c.settle(nil)
			elected = c.leader() != nil
		}
		if !elected || len(c.rules.violations) > 0 {
			t.Fatalf("seed %d: elected %v, violations %v", seed, elected, c.rules.violations)
		}
	}
}

// A16: TestACompletionOfAnEarlierTermCountsForNothing: the only voter campaigns twice before its disk answers once;
// between the two a leader came and went.
func TestACompletionOfAnEarlierTermCountsForNothing(t *testing.T) {
	g := newRig(t, 1, 1)
	g.core.Tick()
	g.ready()
	first := g.rd.Append
	g.step(Message{Kind: Heartbeat, From: 2, Term: 3})
	g.core.becomeCandidate(raftlog.Mark{})
	g.ready()
	second := g.rd.Append
	g.core.Appended(first.Number)
	if g.core.Role() != Candidate || second.Term != 4 {
		t.Fatalf("by its vote of term %d it is %v of term %d", first.Term, g.core.Role(), g.core.Term())
	}
	g.core.Appended(second.Number)
	if g.core.Role() != Leader {
		t.Fatalf("its vote of term 4 is durable, and it is %v", g.core.Role())
	}
}

// A leader does not answer pre-votes, and a follower answers them without promising anything.
func TestAPreVoteChangesNothing(t *testing.T) {
	g := newRig(t, 3, 1)
	for range 9 {
		g.core.Tick()
	}
	ticks := g.core.electionTicks
	sent := g.step(Message{Kind: PreVote, From: 2, Term: 7, Previous: raftlog.Mark{Term: 1, Index: 1}})
	reply := g.one(sent, PreVoteReply)
	if reply.Reject || reply.Term != 7 || g.core.Term() != 1 || g.core.Vote() != 0 || g.rd.Append.Number != 0 {
		t.Fatalf("%v, %v, %v", reply, g.core.Status(), g.rd.Append)
	}
	if g.core.electionTicks != ticks {
		t.Fatal("the election timer was reset")
	}
}

// S12: Requests for votes are promises too: what they say about log and term must outlive a crash.
func TestRequestsForVotesWaitForTheDisk(t *testing.T) {
	g := newRig(t, 3, 1)
	g.timeout()
	sent := g.step(Message{Kind: PreVoteReply, From: 2, Term: 2})
	if len(sent) != 0 || len(only(g.rd.Append.Promises, Vote)) != 2 {
		t.Fatalf("left at once: %v; waiting: %v", sent, g.rd.Append.Promises)
	}
	// A vote may arrive early, from a request of an earlier life: the own vote is missing all the same.
	g.core.Step(&Message{Kind: VoteReply, From: 2, To: 1, Term: 2})
	if g.core.Role() != Candidate {
		t.Fatalf("%v with a vote that is not on its disk", g.core.Role())
	}
}

// Thesis 4.2.3.
func TestAVoteIsNotGivenAgainstALeaderThatIsHeard(t *testing.T) {
	heard := Message{Kind: Heartbeat, From: 2, Term: 1}
	request := Message{Kind: Vote, From: 3, Term: 2, Previous: raftlog.Mark{Term: 1, Index: 1}}
	g := newRig(t, 3, 1)
	g.step(heard)
	if sent := g.stepAndSync(request); len(sent) != 0 || g.core.Term() != 1 || g.core.Leader() != 2 {
		t.Fatalf("%v, %v", sent, g.core.Status())
	}
	// The leader itself asked for the campaign: then it is right to vote.
	request.Hint = raftlog.Mark{Term: 1, Index: 1}
	if reply := g.one(g.stepAndSync(request), VoteReply); reply.Reject || g.core.Term() != 2 {
		t.Fatalf("%v, %v", reply, g.core.Status())
	}
	// It heard no node for an election timeout: then as well.
	g = newRig(t, 3, 1)
	g.step(heard)
	g.core.leaderTicks = g.core.options.ElectionTicks
	request.Hint = raftlog.Mark{}
	if reply := g.one(g.stepAndSync(request), VoteReply); reply.Reject || g.core.Vote() != 3 {
		t.Fatalf("%v, %v", reply, g.core.Status())
	}
}

// Thesis 4.2.3: A leader is a node that hears its leader, however long ago its term began. A node that missed some
// heartbeats must not depose it; the voter to which it hands over may.
func TestALeaderGivesNoVoteAgainstItself(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	term := g.core.Term()
	for range 3 * g.core.options.ElectionTicks { // it hears the others all the time
		g.step(Message{Kind: HeartbeatReply, From: 2, Term: term})
		g.core.Tick()
		g.ready()
	}
	last := g.core.Last()
	request := Message{Kind: Vote, From: 3, Term: term + 1, Previous: last}
	if sent := g.stepAndSync(request); len(sent) != 0 || g.core.Role() != Leader || g.core.Term() != term {
		t.Fatalf("%v, %v", sent, g.core.Status())
	}
	asked := only(g.step(Message{Kind: PreVote, From: 3, Term: term + 1, Previous: last}), PreVoteReply)
	if len(asked) > 0 && !asked[0].Reject || g.core.Role() != Leader {
		t.Fatalf("%v, %v", asked, g.core.Status())
	}
	request.Hint = last
	if reply := g.one(g.stepAndSync(request), VoteReply); reply.Reject || g.core.Role() != Follower {
		t.Fatalf("%v, %v", reply, g.core.Status())
	}
}

// A8.
func TestAPreCandidateGivesItsLeaderUp(t *testing.T) {
	g := newRig(t, 3, 1)
	g.step(Message{Kind: Heartbeat, From: 2, Term: 1})
	g.timeout()
	last := raftlog.Mark{Term: 1, Index: 1}
	reply := g.one(g.step(Message{Kind: PreVote, From: 3, Term: 2, Previous: last}), PreVoteReply)
	if g.core.Role() != PreCandidate || g.core.Leader() != 0 || reply.Reject {
		t.Fatalf("%v, %v", g.core.Status(), reply)
	}
}
