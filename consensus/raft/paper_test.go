package raft

import (
	"slices"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The rules of figure 2 of the Raft paper (extended version, 2014), in its order, one test each. The section that
// explains the rule stands in the comment.

// Paper 5.1.
func TestALaterTermInAnyMessageMakesAFollower(t *testing.T) {
	kinds := []MessageKind{Append, Heartbeat, AppendReply, HeartbeatReply, VoteReply, Install, InstallReply}
	for _, kind := range kinds {
		g := newRig(t, 3, 1)
		g.lead()
		m := Message{Kind: kind, From: 2, Term: 9}
		if kind == Install {
			m.Snapshot = &raftlog.SnapshotMark{Mark: raftlog.Mark{Term: 5, Index: 5}}
		}
		g.step(m)
		if g.core.Role() != Follower || g.core.Term() != 9 || g.core.Vote() != 0 {
			t.Errorf("after %v of term 9: %v", kind, g.core.Status())
		}
	}
}

// Paper 5.1.
func TestAnEarlierTermIsRefusedAndTold(t *testing.T) {
	answers := map[MessageKind]MessageKind{
		Append: HeartbeatReply, Heartbeat: HeartbeatReply, Vote: VoteReply, PreVote: PreVoteReply,
	}
	for kind, answer := range answers {
		g := newRig(t, 3, 1, 4)
		reply := g.one(g.stepAndSync(Message{Kind: kind, From: 2, Term: 3}), answer)
		granted := (answer == VoteReply || answer == PreVoteReply) && !reply.Reject
		if reply.Term != 4 || granted || g.core.Leader() != 0 {
			t.Errorf("%v of term 3 in term 4: %v, %v", kind, reply, g.core.Status())
		}
	}
}

// Paper 5.2.
func TestOneVoteATermFirstComeFirstServed(t *testing.T) {
	g := newRig(t, 3, 1)
	last := raftlog.Mark{Term: 1, Index: 1}
	first := g.one(g.stepAndSync(Message{Kind: Vote, From: 2, Term: 2, Previous: last}), VoteReply)
	second := g.one(g.stepAndSync(Message{Kind: Vote, From: 3, Term: 2, Previous: last}), VoteReply)
	again := g.one(g.stepAndSync(Message{Kind: Vote, From: 2, Term: 2, Previous: last}), VoteReply)
	if first.Reject || !second.Reject || again.Reject || g.core.Vote() != 2 {
		t.Fatalf("%v, %v, %v", first, second, again)
	}
}

// Paper 5.4.1: The voter's log ends at index 3, term 2. The candidate's must be at least as up to date: term first,
// then length.
func TestOnlyAnUpToDateLogWins(t *testing.T) {
	cases := []struct {
		last raftlog.Mark
		want bool
	}{
		{raftlog.Mark{Term: 2, Index: 3}, true},
		{raftlog.Mark{Term: 2, Index: 4}, true},
		{raftlog.Mark{Term: 2, Index: 2}, false},
		{raftlog.Mark{Term: 3, Index: 1}, true},
		{raftlog.Mark{Term: 3, Index: 9}, true},
		{raftlog.Mark{Term: 1, Index: 9}, false},
		{raftlog.Mark{Term: 1, Index: 3}, false},
		{raftlog.Mark{}, false},
	}
	for _, c := range cases {
		for kind, answer := range map[MessageKind]MessageKind{Vote: VoteReply, PreVote: PreVoteReply} {
			g := newRig(t, 3, 1, 2, 2)
			reply := g.one(g.stepAndSync(Message{Kind: kind, From: 2, Term: 5, Previous: c.last}), answer)
			if reply.Reject == c.want {
				t.Errorf("%v for a log ending at %v: %v", kind, c.last, reply)
			}
		}
	}
}

// Paper 5.3.
func TestAnAppendWhosePreviousEntryIsMissingIsRejected(t *testing.T) {
	for _, previous := range []raftlog.Mark{{Term: 2, Index: 4}, {Term: 1, Index: 3}, {Term: 3, Index: 3}} {
		g := newRig(t, 3, 1, 2, 2)
		sent := g.stepAndSync(Message{
			Kind: Append, From: 2, Term: 3, Previous: previous, Entries: entriesOf(previous, 3),
		})
		reply := g.one(sent, AppendReply)
		if !reply.Reject || reply.Previous != previous || g.core.Last() != (raftlog.Mark{Term: 2, Index: 3}) {
			t.Errorf("previous %v: %v, the log ends at %v", previous, reply, g.core.Last())
		}
	}
}

// Paper 5.3, figure 7: Figure 7 of the paper: the leader of term 8 has the log 1 1 1 4 4 5 5 6 6 6. Whatever a follower
// holds, it ends up with that. (The paper's followers a to f; their first entry is the configuration here.)
func TestEveryFollowerIsBroughtInStep(t *testing.T) {
	leader := []raftlog.Term{1, 1, 1, 4, 4, 5, 5, 6, 6, 6}
	followers := map[string][]raftlog.Term{
		"a": {1, 1, 1, 4, 4, 5, 5, 6, 6},
		"b": {1, 1, 1, 4},
		"c": {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6},
		"d": {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7},
		"e": {1, 1, 1, 4, 4, 4, 4},
		"f": {1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3},
	}
	for name, terms := range followers {
		g := newRig(t, 3, terms...)
		messages := 0
		for next := len(leader); ; messages++ {
			previous := raftlog.Mark{Term: leader[next-1], Index: raftlog.Index(next)}
			reply := g.one(g.stepAndSync(Message{
				Kind: Append, From: 2, Term: 8, Previous: previous,
				Entries: entriesOf(previous, append(slices.Clone(leader[next:]), 8)...),
			}), AppendReply)
			if !reply.Reject {
				break
			}
			for next = int(reply.Hint.Index); leader[next-1] > reply.Hint.Term; next-- {
			}
		}
		if want := append(slices.Clone(leader), 8); !slices.Equal(g.terms(), want) {
			t.Errorf("follower %s: %v, want %v", name, g.terms(), want)
		}
		if messages > 2 {
			t.Errorf("follower %s needed %d rejections, there are at most two terms to skip", name, messages)
		}
	}
}

// Paper 5.3.
func TestConflictingEntriesAreReplacedAndMatchingOnesKept(t *testing.T) {
	cases := []struct {
		previous raftlog.Mark
		entries  []raftlog.Term
		want     []raftlog.Term
	}{
		{raftlog.Mark{Term: 2, Index: 3}, []raftlog.Term{3}, []raftlog.Term{1, 2, 2, 3}},
		{raftlog.Mark{Term: 2, Index: 2}, []raftlog.Term{3}, []raftlog.Term{1, 2, 3}},
		{raftlog.Mark{Term: 1, Index: 1}, []raftlog.Term{3, 3, 3}, []raftlog.Term{1, 3, 3, 3}},
		{raftlog.Mark{Term: 1, Index: 1}, []raftlog.Term{2}, []raftlog.Term{1, 2, 2}},
		{raftlog.Mark{Term: 1, Index: 1}, nil, []raftlog.Term{1, 2, 2}},
		{raftlog.Mark{Term: 1, Index: 1}, []raftlog.Term{2, 2, 3}, []raftlog.Term{1, 2, 2, 3}},
	}
	for _, c := range cases {
		g := newRig(t, 3, 1, 2, 2)
		reply := g.one(g.stepAndSync(Message{
			Kind: Append, From: 2, Term: 3, Previous: c.previous, Entries: entriesOf(c.previous, c.entries...),
		}), AppendReply)
		if want := c.previous.Index + raftlog.Index(len(c.entries)); reply.Reject || reply.Index != want {
			t.Errorf("%+v: %v, want index %d", c, reply, want)
		}
		if !slices.Equal(g.terms(), c.want) {
			t.Errorf("%+v: the log is %v", c, g.terms())
		}
	}
}

// Paper 5.3.
func TestAFollowerCommitsNoMoreThanTheMessageProves(t *testing.T) {
	cases := []struct{ leaders, want raftlog.Index }{{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 3}, {100, 3}}
	for _, c := range cases {
		g := newRig(t, 3, 1, 1, 1, 1, 1)
		g.step(Message{
			Kind: Append, From: 2, Term: 1, Previous: raftlog.Mark{Term: 1, Index: 2}, Commit: c.leaders,
			Entries: entriesOf(raftlog.Mark{Term: 1, Index: 2}, 1),
		})
		if g.core.Commit() != c.want {
			t.Errorf("the leader's commit is %d: %d, want %d", c.leaders, g.core.Commit(), c.want)
		}
	}
}

// Paper 5.2.
func TestAFollowerWithoutALeaderCampaignsAtARandomTime(t *testing.T) {
	seen := map[int]bool{}
	for seed := range uint64(200) {
		g := newRig(t, 3, 1)
		o := testOptions(1)
		o.Seed = seed
		g.core = New(o, Restored{Term: 1, Entries: []raftlog.Entry{*g.core.log.at(1)}})
		ticks := 0
		for ; g.core.Role() == Follower; ticks++ {
			g.core.Tick()
		}
		if ticks < o.ElectionTicks || ticks >= 2*o.ElectionTicks {
			t.Fatalf("seed %d: campaign after %d ticks, want within [%d, %d)", seed, ticks, o.ElectionTicks, 2*o.ElectionTicks)
		}
		seen[ticks] = true
	}
	if len(seen) != 10 {
		t.Fatalf("%d different timeouts in 200 draws, want all 10", len(seen))
	}
}

// Paper 5.2.
func TestACandidateRaisesTheTermVotesForItselfAndAsksAll(t *testing.T) {
	g := newRig(t, 5, 1)
	g.timeout()
	g.step(Message{Kind: PreVoteReply, From: 2, Term: 2})
	g.step(Message{Kind: PreVoteReply, From: 3, Term: 2})
	op := g.rd.Append
	if g.core.Role() != Candidate || op.Term != 2 || op.Vote != 1 || len(only(op.Promises, Vote)) != 4 {
		t.Fatalf("%v, %v", g.core.Status(), op)
	}
}

// Paper 5.2.
func TestAMajorityOfVotesWins(t *testing.T) {
	for voters := 1; voters <= 7; voters++ {
		g := newRig(t, voters, 1)
		granted := 1
		g.core.becomeCandidate(raftlog.Mark{})
		g.ready()
		g.sync()
		for id := 2; id <= voters && g.core.Role() == Candidate; id++ {
			g.stepAndSync(Message{Kind: VoteReply, From: raftlog.NodeID(id), Term: 2})
			granted++
		}
		if g.core.Role() != Leader || granted != voters/2+1 {
			t.Errorf("%d voters: %v with %d votes", voters, g.core.Role(), granted)
		}
	}
}

// Paper 5.2.
func TestACandidateFollowsTheLeaderOfItsTerm(t *testing.T) {
	for _, kind := range []MessageKind{Append, Heartbeat} {
		g := newRig(t, 3, 1)
		g.core.becomeCandidate(raftlog.Mark{})
		g.step(Message{Kind: kind, From: 2, Term: 2, Previous: raftlog.Mark{Term: 1, Index: 1}})
		if g.core.Role() != Follower || g.core.Leader() != 2 || g.core.Vote() != 1 {
			t.Errorf("after %v: %v", kind, g.core.Status())
		}
	}
}

// Paper 5.2.
func TestACandidateThatHearsNothingCampaignsAgain(t *testing.T) {
	g := newRig(t, 3, 1)
	g.core.becomeCandidate(raftlog.Mark{})
	g.ready()
	g.sync()
	request := only(g.timeout(), PreVote)
	if len(request) != 2 || request[0].Term != 3 || g.core.Term() != 2 {
		t.Fatalf("%v", request)
	}
}

// Paper 5.2.
func TestALeaderSendsHeartbeatsWhenIdle(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.core.Tick()
	g.core.Tick()
	if beats := only(g.ready(), Heartbeat); len(beats) != 2 {
		t.Fatalf("%v after %d ticks", beats, g.core.options.HeartbeatTicks)
	}
}

// Paper 5.3.
func TestALeaderAppendsAndSendsWhatClientsAsk(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.acknowledge(2, 2)
	g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand, Body: []byte("x")}})
	m := g.one(g.ready(), Append) // node 3 has not answered its probe
	if m.To != 2 || m.Previous != (raftlog.Mark{Term: 2, Index: 2}) || string(m.Entries[0].Body) != "x" {
		t.Fatalf("%v", m)
	}
	if len(g.rd.Append.Entries) != 1 {
		t.Fatalf("the leader's own disk gets %v", g.rd.Append)
	}
}

// Paper 5.3, paper 5.4.
func TestALeaderCommitsWhatAMajorityHolds(t *testing.T) {
	g := newRig(t, 5, 1)
	g.lead()
	x := g.propose("x")
	g.acknowledge(2, x)
	if g.core.Commit() != 0 {
		t.Fatalf("two of five: commit %d", g.core.Commit())
	}
	g.acknowledge(3, x)
	if g.core.Commit() != x || g.rd.Commit != x {
		t.Fatalf("three of five: commit %d, told %d", g.core.Commit(), g.rd.Commit)
	}
}

// Paper 5.4.2: With entries of term 2 on a majority the leader of term 3 commits none of them, until one of its own is
// there too.
func TestEntriesOfEarlierTermsAreCommittedOnlyIndirectly(t *testing.T) {
	g := newRig(t, 3, 1, 2, 2)
	g.lead()
	g.acknowledge(2, 3)
	if g.core.Commit() != 0 {
		t.Fatalf("commit %d by counting entries of term 2", g.core.Commit())
	}
	g.acknowledge(2, 4)
	if g.core.Commit() != 4 {
		t.Fatalf("commit %d, want 4 with the no-op", g.core.Commit())
	}
}

// Thesis 6.3.
func TestALeaderBeginsItsTermWithANoOp(t *testing.T) {
	g := newRig(t, 3, 1, 1)
	g.lead()
	e := g.core.Entries(3, 3, maxInt)
	if len(e) != 1 || e[0].Kind != raftlog.EntryNoOp || e[0].Term != 2 || g.core.NoOp() != 3 {
		t.Fatalf("%v, no-op %d", e, g.core.NoOp())
	}
}

// Thesis 4.1.
func TestOnlyOneUncommittedConfigurationAtATime(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	learner := &membership.Configuration{Voters: []raftlog.NodeID{1, 2, 3}, Learners: []raftlog.NodeID{4}}
	if _, err := g.core.ProposeConfiguration(withMembers(learner)); err != ErrTooEarly {
		t.Fatalf("before the no-op is committed: %v", err)
	}
	g.acknowledge(2, 2)
	index, err := g.core.ProposeConfiguration(withMembers(learner))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.core.ProposeConfiguration(withMembers(learner)); err != membership.ErrChangeInProgress {
		t.Fatalf("while the first is not committed: %v", err)
	}
	if c := g.core.Configuration(); !slices.Equal(c.Learners, learner.Learners) || c.Index != index || learner.Index != 0 {
		t.Fatalf("appended at %d, in force is %v of entry %d", index, c, c.Index)
	}
}
