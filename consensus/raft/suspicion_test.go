package raft

import (
	"slices"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// following is node 1 of some voters, right after it heard leader 2 of term 1.
func following(t *testing.T, voters int) *rig {
	t.Helper()
	g := newRig(t, voters, 1, 1)
	g.hear()
	return g
}

// hear has leader 2 say that it lives.
func (g *rig) hear() {
	g.t.Helper()
	g.step(Message{Kind: Heartbeat, From: 2, Term: 1})
}

// campaigns ticks, and returns in which ticks, counted from 1, the node asked whether it could win.
func (g *rig) campaigns(ticks int) (at []int) {
	g.t.Helper()
	for tick := range ticks {
		g.core.Tick()
		if len(only(g.ready(), PreVote)) > 0 {
			at = append(at, tick+1)
		}
	}
	return at
}

// helps asks whether the node would vote for node 3.
func (g *rig) helps() bool {
	g.t.Helper()
	sent := g.step(Message{Kind: PreVote, From: 3, Term: g.core.Term() + 1, Previous: g.core.Last()})
	return len(sent) == 1 && !sent[0].Reject
}

// A node that is told that its leader's process is gone asks at once whether it could win, and raises no term for that.
// Its election timeout would come much later.
func TestAFollowerAsksSoonWhenItsLeaderIsGone(t *testing.T) {
	g := following(t, 3)
	g.core.Suspect(2)
	if at := g.campaigns(suspicionSpreadTicks); len(at) != 1 || g.core.Term() != 1 || g.core.Leader() != 0 {
		t.Fatalf("campaigns in ticks %v, %v", at, g.core.Status())
	}
	g.step(Message{Kind: PreVoteReply, From: 3, Term: 2})
	if g.sync(); g.core.Role() != Candidate || g.core.Term() != 2 {
		t.Fatalf("it could win, and is %v", g.core.Status())
	}
}

// Voters wait for each other, in order of ID; the leader that is gone, and learners, are none of them.
func TestVotersThatSuspectAskOneAfterTheOther(t *testing.T) {
	configuration := &membership.Configuration{Voters: []raftlog.NodeID{1, 2, 3, 5}, Learners: []raftlog.NodeID{4}}
	for _, c := range []struct{ id, leader, before raftlog.NodeID }{
		{2, 1, 0}, {1, 2, 0}, {3, 1, 1}, {3, 2, 1}, {5, 1, 2}, {5, 2, 2}, {5, 3, 2},
	} {
		for seed := range uint64(20) {
			o := testOptions(c.id)
			o.Seed, o.ElectionTicks = seed, 100
			core := New(o, Restored{Term: 1, Entries: []raftlog.Entry{configurationEntry(1, 1, configuration)}})
			core.Step(&Message{Kind: Heartbeat, From: c.leader, To: c.id, Term: 1})
			core.Suspect(c.leader)
			ticks := 0
			for ; core.Role() == Follower; ticks++ {
				core.Tick()
			}
			first := 1 + int(c.before)*suspicionStaggerTicks
			if ticks < first || ticks >= first+suspicionSpreadTicks {
				t.Errorf("node %d asks %d ticks after leader %d is gone, want %d or a little more", c.id, ticks, c.leader,
					first)
			}
		}
	}
}

// A17: The leader's next word ends the suspicion: the node stands by it again, and waits as long as ever.
func TestALeaderThatIsHeardAgainIsNotSuspected(t *testing.T) {
	g := following(t, 3)
	g.core.Suspect(2)
	g.hear()
	if g.helps() {
		t.Error("it helps another node")
	}
	if at := g.campaigns(g.core.options.ElectionTicks - 1); len(at) != 0 {
		t.Errorf("it campaigns in ticks %v", at)
	}
	g = following(t, 3)
	g.core.Suspect(2)
	g.campaigns(suspicionSpreadTicks)
	g.hear()
	if g.core.Role() != Follower || g.core.Leader() != 2 || g.helps() {
		t.Errorf("it asked whether it could win, then heard the leader: %v", g.core.Status())
	}
}

// A voter that has heard that the leader is gone helps another one, though it heard the leader a moment ago. One that
// has not heard that does not.
func TestAVoterHelpsWhenItsLeaderIsGone(t *testing.T) {
	g := following(t, 3)
	vote := Message{Kind: Vote, From: 3, Term: 2, Previous: g.core.Last()}
	if g.helps() || len(g.stepAndSync(vote)) > 0 || g.core.Term() != 1 {
		t.Fatalf("it helps to depose a leader that it hears: %v", g.core.Status())
	}
	g.core.Suspect(2)
	if !g.helps() {
		t.Error("it would not help")
	}
	if reply := g.one(g.stepAndSync(vote), VoteReply); reply.Reject || g.core.Vote() != 3 {
		t.Errorf("it does not help: %v", reply)
	}
	if at := g.campaigns(g.core.options.ElectionTicks - 1); len(at) != 0 {
		t.Errorf("it has voted, and campaigns in ticks %v", at)
	}
}

// A17: Only the leader that a node follows can be suspected, and a node whose leader is not known has its timeout.
func TestASuspicionOfAnotherNodeCountsForNothing(t *testing.T) {
	leads := newRig(t, 3, 1, 1)
	leads.lead()
	for name, g := range map[string]*rig{
		"another leads": following(t, 3), "no leader is known": newRig(t, 3, 1, 1), "it leads": leads,
	} {
		for _, id := range []raftlog.NodeID{0, 1, 3, 9} {
			g.core.Suspect(id)
		}
		before := g.core.suspicion
		if before != (suspicion{}) || len(g.campaigns(suspicionSpreadTicks)) > 0 {
			t.Errorf("%s: %+v", name, before)
		}
	}
}

// A17: However often a link comes and goes: one suspicion counts in an election timeout, and costs at most
// suspicionCampaigns questions.
func TestSuspicionsAreBounded(t *testing.T) {
	g := following(t, 3)
	rest := g.core.options.ElectionTicks
	g.core.Suspect(2)
	for tick := range rest + 1 {
		g.hear()
		g.core.Suspect(2)
		if counts := g.core.suspects(); counts != (tick == rest) {
			t.Fatalf("after %d ticks: a second suspicion counts: %t", tick, counts)
		}
		g.core.Tick()
		g.ready()
	}
	g.step(Message{Kind: Heartbeat, From: 3, Term: 2})
	if g.core.Suspect(3); !g.core.suspects() {
		t.Error("the next leader is not suspected")
	}
	g = following(t, 3)
	g.core.options.ElectionTicks = 100
	g.core.resetElectionTimer()
	g.core.Suspect(2)
	if at := g.campaigns(100); len(at) != suspicionCampaigns {
		t.Errorf("it asks in ticks %v", at)
	}
}

// S46: A promise outlives the leader's process: whatever a node is told of connections, it helps no other one, and does
// not campaign. The wait for a turn begins when the promise ends: all voters have promised at the same moment.
func TestAPromiseOutlivesASuspicion(t *testing.T) {
	g := leasing(t, 3)
	g.at(testBegin - 1)
	g.at(testBegin)
	g.step(Message{Kind: Heartbeat, From: 2, Term: 1, Epoch: 1})
	g.core.Suspect(2)
	g.at(testBegin + testPromiseMillis - 1)
	if at := g.campaigns(3 * g.core.options.ElectionTicks); len(at) > 0 || g.helps() {
		t.Fatalf("it is bound, and campaigns in ticks %v", at)
	}
	if sent := g.stepAndSync(Message{Kind: Vote, From: 3, Term: 2, Previous: g.core.Last()}); len(sent) > 0 {
		t.Fatalf("it is bound, and votes: %v", sent)
	}
	g.core.electionTicks = 0
	g.at(testBegin + testPromiseMillis)
	if !g.helps() {
		t.Error("it does not help when the promise is over")
	}
	g.core.suspicion.delayTicks = 1
	if at := g.campaigns(1); !slices.Equal(at, []int{1}) {
		t.Errorf("the promise is over, and it campaigns in ticks %v", at)
	}
}

// Nodes that may not campaign, or leave that to others, help them all the same.
func TestNodesThatDoNotCampaignStillHelp(t *testing.T) {
	learner := &rig{t: t, core: New(testOptions(1), Restored{Term: 1, Entries: []raftlog.Entry{configurationEntry(1, 1,
		&membership.Configuration{Voters: []raftlog.NodeID{2, 3, 4}, Learners: []raftlog.NodeID{1}})}})}
	learner.hear()
	quarantined := following(t, 3)
	quarantined.core.Quarantine(raftlog.Quarantine{Agreed: 1, Differs: 2})
	for name, g := range map[string]*rig{"a learner": learner, "a quarantined node": quarantined} {
		g.core.Suspect(2)
		if at := g.campaigns(g.core.options.ElectionTicks - 1); len(at) != 0 {
			t.Errorf("%s campaigns in ticks %v", name, at)
		}
		if !g.helps() {
			t.Errorf("%s does not help", name)
		}
	}
}

// The leader's process ends: its followers hear of it within a tick of each other, and one election is enough, long
// before an election timeout.
func TestOneElectionFollowsTheEndOfALeader(t *testing.T) {
	for _, voters := range []int{3, 5, 7} {
		for seed := range uint64(200) {
			c := newCluster()
			c.options = func(id raftlog.NodeID) Options {
				o := testOptions(id)
				o.Seed, o.ElectionTicks = seed, 30
				return o
			}
			c.voters(voters)
			c.elect(1)
			c.crash(c.node(1), 0)
			lost := func(m *Message) bool { return m.From != 1 && m.To != 1 }
			heard, ticks := newRandom(seed, 0), 0
			for c.leader() == nil && ticks < 30 {
				ticks++
				for _, n := range c.nodes[1:] {
					if ticks == 2 || ticks == 1 && heard.below(2) == 0 {
						c.do(n, func(r *Raft) { r.Suspect(1) })
					}
				}
				for _, n := range c.nodes[1:] {
					c.tick(n, 1)
					c.settle(lost)
				}
			}
			limit := 2 + suspicionStaggerTicks*(voters-2) + suspicionSpreadTicks
			if ticks > limit || len(c.rules.violations) > 0 {
				t.Errorf("%d voters, seed %d: a leader after %d ticks, the limit is %d; violations %v", voters, seed, ticks,
					limit, c.rules.violations)
			}
			if l := c.leader(); l != nil && l.core.Term() != 3 {
				t.Errorf("%d voters, seed %d: term %d, one election leads to 3", voters, seed, l.core.Term())
			}
		}
	}
}
