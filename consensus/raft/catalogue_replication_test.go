package raft

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Replication, commit, reads and membership: the mistakes that others made, one test each.

// B5.
func TestALeadersOwnCopyCountsWhenItIsDurable(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.acknowledge(2, 2)
	index, _ := g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand, Body: []byte("x")}})
	g.ready()
	op := g.rd.Append.Number
	g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: index})
	if g.core.Commit() >= index {
		t.Fatal("committed with one durable copy of three")
	}
	g.core.Appended(op)
	if g.core.Commit() != index {
		t.Fatalf("commit %d with two durable copies, want %d", g.core.Commit(), index)
	}
}

// B5.
func TestAMajorityOfOthersCommitsWithoutTheLeadersDisk(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	index, _ := g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand, Body: []byte("x")}})
	g.ready()
	for _, id := range []raftlog.NodeID{2, 3} {
		g.step(Message{Kind: AppendReply, From: id, Term: 2, Index: index})
	}
	if g.core.Commit() != index || g.core.Durable() >= index {
		t.Fatalf("commit %d, durable %d, entry %d", g.core.Commit(), g.core.Durable(), index)
	}
}

// B6.
func TestAnAcknowledgementLeavesWhenTheEntriesAreDurable(t *testing.T) {
	g := newRig(t, 3, 1)
	m := Message{
		Kind: Append, From: 2, Term: 1, Previous: raftlog.Mark{Term: 1, Index: 1},
		Entries: entriesOf(raftlog.Mark{Term: 1, Index: 1}, 1),
	}
	if sent := g.step(m); len(sent) != 0 || len(g.rd.Append.Promises) != 1 {
		t.Fatalf("left at once: %v", sent)
	}
	// The same again, while the disk is busy: nothing new to write, and nothing to say but what waits already.
	first := g.rd.Append
	if sent := g.step(m); len(sent) != 0 || g.rd.Append.Number != 0 {
		t.Fatalf("left at once: %v; %v", sent, g.rd.Append)
	}
	g.core.Appended(first.Number)
	// And once everything is durable there is nothing to wait for.
	if reply := g.one(g.step(m), AppendReply); reply.Index != 2 || g.rd.Append.Number != 0 {
		t.Fatalf("%v, %v", reply, g.rd.Append)
	}
}

// B8.
func TestALateRejectionMovesNothingBack(t *testing.T) {
	g := newRig(t, 3, 1, 1, 1)
	g.lead()
	g.acknowledge(2, 4)
	for _, previous := range []raftlog.Index{0, 1, 3, 4, 5, 99} {
		sent := g.step(Message{
			Kind: AppendReply, From: 2, Term: 2, Reject: true, Previous: raftlog.Mark{Term: 1, Index: previous},
		})
		p := g.core.peer(2)
		if p.match != 4 || p.next != 5 || p.state != Replicate || len(sent) != 0 {
			t.Fatalf("a rejection of %d: match %d, next %d, %v, sends %v", previous, p.match, p.next, p.state, sent)
		}
	}
	if g.acknowledge(2, 2); g.core.peer(2).match != 4 {
		t.Fatal("an older acknowledgement lowers match")
	}
}

// B12.
func TestACommitIndexBeyondTheLogIsNeverTaken(t *testing.T) {
	g := newRig(t, 3, 1, 1)
	g.step(Message{Kind: Append, From: 2, Term: 1, Previous: raftlog.Mark{Term: 1, Index: 2}, Commit: 50})
	if g.core.Commit() != 2 {
		t.Fatalf("commit %d, the log ends at 2", g.core.Commit())
	}
	// A heartbeat's commit index is one that this node acknowledged. Beyond the log it proves that the disk forgot.
	m := Message{Kind: Heartbeat, From: 2, To: 1, Term: 1, Commit: 3}
	if !panics(func() { g.core.Step(&m) }) {
		t.Fatal("the loss of acknowledged entries went unnoticed")
	}
}

// B13.
func TestATruncationStaysAboveTheCommitIndex(t *testing.T) {
	g := newRig(t, 3, 1, 1, 1, 1)
	g.step(Message{Kind: Append, From: 2, Term: 1, Previous: raftlog.Mark{Term: 1, Index: 2}, Commit: 2})
	m := Message{
		Kind: Append, From: 3, Term: 2, Previous: raftlog.Mark{Term: 1, Index: 2}, Commit: 2,
		Entries: entriesOf(raftlog.Mark{Term: 1, Index: 2}, 2),
	}
	g.step(m)
	if g.core.Commit() != 2 || !slices.Equal(g.terms(), []raftlog.Term{1, 1, 2}) {
		t.Fatalf("commit %d, log %v", g.core.Commit(), g.terms())
	}
	// In this term entry 3 is proven. A leader that contradicts itself is no leader to follow.
	m.To, m.Entries = 1, nil
	m.Previous, m.Term = raftlog.Mark{Term: 1, Index: 2}, 2
	m.Entries = []raftlog.Entry{commandEntry(3, 1, "other")}
	if !panics(func() { g.core.Step(&m) }) {
		t.Fatal("an entry that the term's leader had proven was truncated in the same term")
	}
}

// B15.
func TestEntriesAtTheLimitOfAMessage(t *testing.T) {
	limit := testOptions(1).MaxMessageBytes - raftlog.EntryHeaderBytes
	for _, bodyBytes := range []int{limit - 1, limit, limit + 1, 10 * limit} {
		c := newCluster()
		c.voters(3)
		leader := c.elect(1)
		index := c.propose(leader, "before", strings.Repeat("x", bodyBytes), "after")
		c.settle(nil)
		for _, n := range c.nodes {
			if n.core.Last().Index != index+2 || leader.core.Commit() != index+2 {
				t.Fatalf("%d bytes: %v", bodyBytes, n.core.Status())
			}
		}
	}
}

// C3.
func TestEpochsOfAnEarlierTermConfirmNothing(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	for range 3 {
		g.core.Read()
	}
	g.stepAndSync(Message{Kind: Heartbeat, From: 2, Term: 3})
	g.lead() // term 4
	epoch, _, _ := g.core.Read()
	g.ready()
	for _, term := range []raftlog.Term{2, 3} {
		g.step(Message{Kind: HeartbeatReply, From: 2, Term: term, Epoch: 3})
	}
	if g.rd.Confirmed != 0 || epoch != 1 {
		t.Fatalf("epoch %d, confirmed %d", epoch, g.rd.Confirmed)
	}
	g.step(Message{Kind: HeartbeatReply, From: 3, Term: 4, Epoch: 1})
	if g.rd.Confirmed != epoch {
		t.Fatalf("confirmed %d, want %d", g.rd.Confirmed, epoch)
	}
}

// C4.
func TestReadsEndWithTheLead(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.core.Read()
	g.step(Message{Kind: Append, From: 2, Term: 5, Previous: raftlog.Mark{Term: 1, Index: 1}})
	if _, _, ok := g.core.Read(); ok || g.rd.Confirmed != 0 {
		t.Fatalf("a follower registers a read or confirms one: %v, %d", ok, g.rd.Confirmed)
	}
}

func TestASingleVoterConfirmsItsReadsAtOnce(t *testing.T) {
	g := newRig(t, 1, 1)
	g.core.Tick()
	g.ready()
	g.sync()
	g.ready()
	g.sync()
	epoch, index, ok := g.core.Read()
	g.ready()
	if !ok || g.rd.Confirmed != epoch || index != 2 {
		t.Fatalf("epoch %d at %d, confirmed %d, ok %v", epoch, index, g.rd.Confirmed, ok)
	}
}

// In a joint configuration an epoch needs a majority of both halves.
func TestReadsInAJointConfigurationNeedBothHalves(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.acknowledge(2, 2)
	joint := &membership.Configuration{Voters: []raftlog.NodeID{4, 5, 6}, Outgoing: []raftlog.NodeID{1, 2, 3}}
	if _, err := g.core.ProposeConfiguration(withMembers(joint)); err != nil {
		t.Fatal(err)
	}
	epoch, _, _ := g.core.Read()
	for _, echo := range []struct {
		from raftlog.NodeID
		want Epoch
	}{{2, 0}, {3, 0}, {4, 0}, {5, epoch}} {
		g.step(Message{Kind: HeartbeatReply, From: echo.from, Term: 2, Epoch: epoch})
		if g.rd.Confirmed != echo.want {
			t.Fatalf("after the echo of %d: confirmed %d, want %d", echo.from, g.rd.Confirmed, echo.want)
		}
	}
}

// D1.
func TestNoChangeBeforeAnEntryOfTheOwnTermIsCommitted(t *testing.T) {
	g := newRig(t, 3, 1, 1)
	g.lead()
	next := &membership.Configuration{Voters: []raftlog.NodeID{1, 2, 3, 4}, Outgoing: []raftlog.NodeID{1, 2, 3}}
	if _, err := g.core.ProposeConfiguration(withMembers(next)); err != ErrTooEarly {
		t.Fatalf("%v, want %v", err, ErrTooEarly)
	}
}

// D2.
func TestNoSecondChangeWhileOneIsUnderWay(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.acknowledge(2, 2)
	joint := &membership.Configuration{Voters: []raftlog.NodeID{1, 2}, Outgoing: []raftlog.NodeID{1, 2, 3}}
	if _, err := g.core.ProposeConfiguration(withMembers(joint)); err != nil {
		t.Fatal(err)
	}
	g.ready()
	other := &membership.Configuration{Voters: []raftlog.NodeID{1, 3}, Outgoing: []raftlog.NodeID{1, 2, 3}}
	if _, err := g.core.ProposeConfiguration(withMembers(other)); err != membership.ErrChangeInProgress {
		t.Fatalf("uncommitted: %v", err)
	}
	g.sync()
	g.acknowledge(2, 3)
	if g.rd.Propose == nil || g.rd.Propose.Joint() || !slices.Equal(g.rd.Propose.Voters, joint.Voters) {
		t.Fatalf("the joint configuration is committed; proposed %v", g.rd.Propose)
	}
	if _, err := g.core.ProposeConfiguration(withMembers(other)); err == nil {
		t.Fatal("a joint configuration was followed by something else than its end")
	}
	if g.ready(); g.rd.Propose != nil {
		t.Fatal("the end was asked for twice")
	}
}

// D9: TestARemovedNodeLearnsItAndKeepsQuiet removes node 3 and lets much time pass.
func TestARemovedNodeLearnsItAndKeepsQuiet(t *testing.T) {
	c := newCluster()
	c.voters(3)
	leader := c.elect(1)
	err := c.reconfigure(leader, &membership.Configuration{
		Voters: []raftlog.NodeID{1, 2}, Outgoing: []raftlog.NodeID{1, 2, 3},
	})
	for range 200 {
		c.settle(nil)
		for _, n := range c.nodes {
			c.tick(n, 1)
		}
	}
	removed := c.node(3).core
	if err != nil || removed.Commit() < 4 || removed.Role() != Follower || removed.mayCampaign() {
		t.Fatalf("%v, %v", err, removed.Status())
	}
	if leader.core.Role() != Leader || leader.core.Term() != 2 || len(leader.core.peers) != 1 {
		t.Fatalf("%v", leader.core.Status())
	}
}

// D16.
func TestImpossibleConfigurationsAreRefused(t *testing.T) {
	voters := []raftlog.NodeID{1, 2, 3}
	refused := map[string]*membership.Configuration{
		"no voters":            {},
		"no voters left":       {Outgoing: voters},
		"a voter twice":        {Voters: []raftlog.NodeID{1, 2, 3, 3}},
		"a learner twice":      {Voters: voters, Learners: []raftlog.NodeID{4, 4}},
		"voter and learner":    {Voters: voters, Learners: []raftlog.NodeID{3}},
		"voters without joint": {Voters: []raftlog.NodeID{1, 2, 3, 4}},
		"another old half":     {Voters: []raftlog.NodeID{1, 2}, Outgoing: []raftlog.NodeID{1, 2, 4}},
		"a voter promoted":     {Voters: voters, Promote: []raftlog.NodeID{3}},
		"a stranger promoted":  {Voters: voters, Learners: []raftlog.NodeID{4}, Promote: []raftlog.NodeID{5}},
		"a promotion twice":    {Voters: voters, Learners: []raftlog.NodeID{4}, Promote: []raftlog.NodeID{4, 4}},
		"a learner retired":    {Voters: voters, Learners: []raftlog.NodeID{4}, Retire: []raftlog.NodeID{4}},
		"all retired":          {Voters: voters, Retire: voters},
		"an intent in a joint": {Voters: []raftlog.NodeID{1, 2}, Outgoing: voters, Retire: []raftlog.NodeID{2}},
		"another cluster":      {Voters: voters, ClusterID: 1},
		"another seed":         {Voters: voters, HashSeed: 1},
	}
	for name, configuration := range refused {
		g := newRig(t, 3, 1)
		g.lead()
		g.acknowledge(2, 2)
		before := g.core.Last()
		if _, err := g.core.ProposeConfiguration(withMembers(configuration)); err == nil || g.core.Last() != before {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFollowerRefusesProposals(t *testing.T) {
	g := newRig(t, 3, 1)
	_, ok := g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand}})
	_, err := g.core.ProposeConfiguration(withMembers(&membership.Configuration{Voters: []raftlog.NodeID{1}}))
	if ok || err != ErrNotLeader || g.core.Last().Index != 1 {
		t.Fatalf("%v, %v", ok, err)
	}
}

func TestStampsNeverGoBackAlongTheLog(t *testing.T) {
	g := newRig(t, 3, 1)
	g.core.SetClock(Clock{Entry: raftlog.Time{Stamp: 100}})
	g.lead()
	var stamps []raftlog.Stamp
	for _, now := range []raftlog.Stamp{100, 90, 120, 1, 121} {
		g.core.SetClock(Clock{Entry: raftlog.Time{Stamp: now}})
		g.propose(fmt.Sprint(now))
	}
	for _, e := range g.core.Entries(2, g.core.Last().Index, maxInt) {
		stamps = append(stamps, e.Stamp)
	}
	if want := []raftlog.Stamp{100, 100, 100, 120, 120, 121}; !slices.Equal(stamps, want[:len(stamps)]) {
		t.Fatalf("%v, want %v", stamps, want)
	}
}

// F18: A follower without room in its journal takes less than it is sent. It must not be pressed with one window after
// the other, as fast as it can refuse them: the next probe waits for a heartbeat.
func TestAFollowerWithoutRoomIsProbedAtThePaceOfHeartbeats(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	for range 4 {
		g.propose("x")
	}
	term := g.core.Term()
	probe := g.one(g.step(Message{Kind: AppendReply, From: 2, Term: term, Reject: true,
		Previous: raftlog.Mark{Term: 1, Index: 1}}), Append)
	if len(probe.Entries) < 2 {
		t.Fatalf("the probe is %v", probe)
	}
	// It took one of them, then nothing more.
	again := g.one(g.acknowledge(2, probe.Previous.Index+1), Append)
	if again.Previous.Index != probe.Previous.Index+1 {
		t.Fatalf("after what it took comes %v", again)
	}
	if sent := only(g.acknowledge(2, again.Previous.Index), Append); len(sent) != 0 {
		t.Fatalf("a node that took nothing is sent %v", sent)
	}
	for range g.core.options.HeartbeatTicks {
		g.core.Tick()
	}
	g.ready()
	g.one(g.step(Message{Kind: HeartbeatReply, From: 2, Term: term}), Append)
	g.acknowledge(2, g.core.Last().Index) // there is room again
	if state := g.core.peer(2).state; state != Replicate {
		t.Fatalf("state %v after everything was taken", state)
	}
}
