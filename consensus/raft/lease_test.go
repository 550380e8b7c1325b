package raft

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// What the tests of leases agree on: a promise of 126 ms carries a lease of 100.
const (
	testPromiseMillis raftlog.Stamp = 126
	testLeaseMillis   raftlog.Stamp = 100
	testBegin         raftlog.Stamp = 5000
)

// leasing starts node 1 of some voters with leases, at the moment testBegin.
func leasing(t *testing.T, voters int) *rig {
	t.Helper()
	g := newRig(t, voters, 1, 1)
	g.core.options.LeaseMillis = testPromiseMillis
	g.at(testBegin)
	return g
}

// at lets a turn begin at a moment.
func (g *rig) at(elapsed raftlog.Stamp) { g.core.SetClock(Clock{Elapsed: elapsed}) }

// beat ticks until heartbeats leave, and returns their epoch.
func (g *rig) beat() Epoch {
	g.t.Helper()
	for range g.core.options.HeartbeatTicks {
		g.core.Tick()
	}
	if len(only(g.ready(), Heartbeat)) == 0 {
		g.t.Fatal("no heartbeat leaves")
	}
	return g.core.epoch
}

// promises has some voters echo an epoch, with a promise.
func (g *rig) promises(epoch Epoch, millis raftlog.Stamp, from ...raftlog.NodeID) {
	g.t.Helper()
	for _, id := range from {
		g.step(Message{Kind: HeartbeatReply, From: id, Term: g.core.Term(), Epoch: epoch, PromiseMillis: millis})
	}
}

func (g *rig) leased(want bool, when string) {
	g.t.Helper()
	if index, ok := g.core.Lease(); ok != want || ok && index != g.core.Commit() {
		g.t.Errorf("%s: a lease %t (index %d, commit %d), want %t", when, ok, index, g.core.Commit(), want)
	}
}

// holder is a leader of three with a lease that began at testBegin.
func holder(t *testing.T) *rig {
	t.Helper()
	g := leasing(t, 3)
	g.lead()
	g.acknowledge(2, g.core.NoOp())
	g.promises(g.beat(), testPromiseMillis, 2)
	g.leased(true, "a majority has promised")
	return g
}

// S46: A lease begins when the round did, not when its answers arrive, and is shorter than the promises by a fifth.
func TestALeaseBeginsWithItsRoundAndEndsEarly(t *testing.T) {
	g := leasing(t, 3)
	g.lead()
	g.acknowledge(2, g.core.NoOp())
	epoch := g.beat()
	g.at(testBegin + 60)
	g.leased(false, "no voter has promised")
	g.promises(epoch, testPromiseMillis, 2)
	g.leased(true, "a majority has promised")
	g.at(testBegin + testLeaseMillis - 1)
	g.leased(true, "just before its end")
	g.at(testBegin + testLeaseMillis)
	g.leased(false, "at its end")
	next := g.beat()
	g.promises(epoch, testPromiseMillis, 3)
	g.leased(false, "an old round was promised once more")
	g.promises(next, testPromiseMillis, 3)
	g.leased(true, "the next round was promised")
	if epoch, _, ok := g.core.Read(); !ok || epoch != next+1 {
		t.Errorf("a read begins epoch %d", epoch)
	}
}

// S46: A lease that a clock measures which is a ninth too slow is over before a promise that one measures which is a
// ninth too fast. It is no shorter than that by a whole millisecond.
func TestALeaseEndsBeforePromisesByTheWorstClocks(t *testing.T) {
	g := leasing(t, 3)
	for promise := raftlog.Stamp(1); promise <= 10_000; promise++ {
		g.core.options.LeaseMillis = promise
		// One that began at 4.999 ms by its clock notes 4, and so ends up to a millisecond early.
		const slow, fast = 9 - 1, 9 + 1
		lease, shortest := g.core.leaseMillis(), promise-1
		if lease*fast > shortest*slow || (lease+1)*fast <= shortest*slow {
			t.Fatalf("a promise of %d ms carries a lease of %d ms", promise, lease)
		}
	}
}

// S46: Rounds that are not answered cost nothing but their time: the newest one that was promised counts, as far as
// there is room to remember when it began.
func TestALeaseCountsFromTheNewestPromisedRound(t *testing.T) {
	g := leasing(t, 3)
	g.lead()
	g.acknowledge(2, g.core.NoOp())
	var epochs []Epoch
	for i := range raftlog.Stamp(leaseRounds + 1) {
		g.at(testBegin + 10*i)
		epochs = append(epochs, g.beat())
	}
	for i, epoch := range epochs {
		g.promises(epoch, testPromiseMillis, 2)
		want := testBegin + 10*raftlog.Stamp(min(i, leaseRounds-1))
		if g.core.lease.since != want {
			t.Errorf("after round %d the lease began at %d, want %d", i, g.core.lease.since, want)
		}
	}
}

// S46: A voter that promises less than the leader rests on counts as one that promises nothing.
func TestAShortPromiseCarriesNoLease(t *testing.T) {
	g := leasing(t, 3)
	g.lead()
	g.acknowledge(2, g.core.NoOp())
	epoch := g.beat()
	g.promises(epoch, 0, 2, 3)
	g.leased(false, "no promise")
	g.promises(epoch, testPromiseMillis-1, 2, 3)
	g.leased(false, "promises that are too short")
	g.promises(epoch, testPromiseMillis, 3)
	g.leased(true, "one that is long enough")
}

// S46: Only a leader that knows what is committed has a lease: none of a majority that does not answer, none whose
// state is in doubt, and none that leads no more.
func TestOnlyALeaderThatKnowsAllHasALease(t *testing.T) {
	g := leasing(t, 5)
	g.leased(false, "a follower")
	g.lead()
	epoch := g.beat()
	g.promises(epoch, testPromiseMillis, 2, 3)
	g.leased(false, "the entry that begins the term is not committed")
	g.acknowledge(2, g.core.NoOp())
	g.acknowledge(3, g.core.NoOp())
	g.leased(true, "it is")
	g.core.Quarantine(raftlog.Quarantine{Agreed: 1, Differs: 2})
	g.leased(false, "the state is quarantined")
	g.core.Quarantine(raftlog.Quarantine{})
	g.leased(true, "it is not any more")
	g.step(Message{Kind: HeartbeatReply, From: 4, Term: g.core.Term() + 1})
	g.leased(false, "it follows")
}

// S46: A voter keeps its promise whatever it hears of terms and leaders, but for the leader's own word.
func TestAPromiseOutlivesTheTerm(t *testing.T) {
	g := leasing(t, 3)
	g.at(testBegin - 1) // another moment than that of the promise
	g.at(testBegin)
	reply := g.one(g.step(Message{Kind: Heartbeat, From: 2, Term: 1, Epoch: 1}), HeartbeatReply)
	if reply.PromiseMillis != testPromiseMillis {
		t.Fatalf("it promises %d ms", reply.PromiseMillis)
	}
	ask := func(kind MessageKind, term raftlog.Term, hint raftlog.Mark) []Message {
		return g.stepAndSync(Message{Kind: kind, From: 3, Term: term, Previous: g.core.Last(), Hint: hint})
	}
	g.at(testBegin + testPromiseMillis - 1)
	for range 3 * g.core.options.ElectionTicks {
		g.core.Tick()
		if sent := g.ready(); len(sent) > 0 {
			t.Fatalf("it campaigns: %v", sent)
		}
	}
	if sent := ask(PreVote, 2, raftlog.Mark{}); len(sent) > 0 {
		t.Errorf("it would help: %v", sent)
	}
	if sent := ask(Vote, 2, raftlog.Mark{}); len(sent) > 0 {
		t.Errorf("it helps: %v", sent)
	}
	g.core.Hear(3, 3)
	if sent := ask(Vote, 3, raftlog.Mark{}); len(sent) > 0 || g.core.Term() != 3 {
		t.Errorf("it helps in a term of which it heard: %v", sent)
	}
	g.at(testBegin + testPromiseMillis)
	if vote := g.one(ask(Vote, 3, raftlog.Mark{}), VoteReply); vote.Reject {
		t.Errorf("it does not help when the promise is over: %v", vote)
	}
}

// S46: A voter keeps no promise against the leader that it was given to: one whose place is given away.
func TestTheLeadersWordReleasesFromAPromise(t *testing.T) {
	g := leasing(t, 3)
	g.step(Message{Kind: Heartbeat, From: 2, Term: 1, Epoch: 1})
	sent := g.stepAndSync(Message{Kind: Vote, From: 3, Term: 2, Previous: g.core.Last(), Hint: g.core.Last()})
	if vote := g.one(sent, VoteReply); vote.Reject {
		t.Errorf("%v", vote)
	}
	g = leasing(t, 3)
	g.step(Message{Kind: Heartbeat, From: 2, Term: 1, Epoch: 1})
	sent = g.stepAndSync(Message{Kind: TimeoutNow, From: 2, Term: 1, Previous: g.core.Last()})
	if sent = append(sent, g.sync()...); len(only(sent, Vote)) != 2 {
		t.Errorf("it was told to campaign, and does not: %v", sent)
	}
}

// S46: A process keeps what an earlier one of its node may have promised.
func TestAPromiseOutlivesItsProcess(t *testing.T) {
	restored := Restored{
		Term: 1, PromisedMillis: testPromiseMillis,
		Entries: []raftlog.Entry{configurationEntry(1, 1, &membership.Configuration{Voters: []raftlog.NodeID{1, 2, 3}})},
	}
	g := &rig{t: t, core: New(testOptions(1), restored)} // without leases of its own
	granted := func(elapsed raftlog.Stamp) bool {
		g.at(elapsed)
		return len(g.stepAndSync(Message{Kind: PreVote, From: 3, Term: 2, Previous: g.core.Last()})) > 0
	}
	if granted(testBegin) || granted(testBegin+testPromiseMillis-1) {
		t.Error("it forgets the promise")
	}
	if !granted(testBegin + testPromiseMillis) {
		t.Error("it keeps the promise for too long")
	}
	if sent := g.step(Message{Kind: Heartbeat, From: 2, Term: 1, Epoch: 1}); sent[0].PromiseMillis != 0 {
		t.Errorf("it promises %v", sent)
	}
}

// S46: A leader that tells another node to campaign has no lease from the beginning of the hand-over on. The word may
// be on its way for long: the lease comes back behind an entry that the candidate lacks, when that is committed.
func TestAHandOverEndsTheLease(t *testing.T) {
	g := holder(t)
	g.acknowledge(2, g.core.Last().Index)
	if !g.core.Transfer(2) || len(only(g.ready(), TimeoutNow)) != 1 {
		t.Fatal("the hand-over does not begin")
	}
	g.leased(false, "it hands over")
	if g.core.LeaseWaits() {
		t.Error("it cannot append while it hands over")
	}
	for range g.core.options.ElectionTicks {
		g.core.Tick()
		g.step(Message{Kind: HeartbeatReply, From: 3, Term: g.core.Term()})
	}
	if g.core.Status().Transferee != 0 || g.core.Role() != Leader {
		t.Fatalf("%v", g.core.Status())
	}
	g.promises(g.beat(), testPromiseMillis, 2, 3)
	g.leased(false, "node 2 may still be elected")
	if !g.core.LeaseWaits() {
		t.Error("it does not ask for an entry")
	}
	index := g.propose("x")
	g.leased(false, "no voter has the entry")
	if g.core.LeaseWaits() {
		t.Error("it asks for an entry that is there")
	}
	g.acknowledge(3, index)
	g.leased(true, "a majority refuses node 2 now")
}

// S46: A hand-over that never came to the word ends the lease for as long as it lasts.
func TestAHandOverWithoutTheWordKeepsNoLeaseAway(t *testing.T) {
	g := holder(t)
	g.propose("behind") // node 2 lacks it
	if !g.core.Transfer(2) || len(only(g.ready(), TimeoutNow)) != 0 {
		t.Fatal("node 2 is told to campaign")
	}
	g.leased(false, "it hands over")
	for range g.core.options.ElectionTicks {
		g.core.Tick()
		g.step(Message{Kind: HeartbeatReply, From: 3, Term: g.core.Term()})
	}
	g.promises(g.beat(), testPromiseMillis, 3)
	g.leased(true, "it has given that up")
}

// S46: What the voters of one configuration have promised counts no more in the next, which needs both of its halves.
func TestAChangeOfVotersEndsTheLease(t *testing.T) {
	g := holder(t)
	g.acknowledge(2, g.core.Last().Index)
	learners := *g.core.Configuration()
	learners.Learners, learners.Promote = []raftlog.NodeID{4, 5}, []raftlog.NodeID{4, 5}
	learners.Retire = []raftlog.NodeID{2, 3}
	change := func(c *membership.Configuration) raftlog.Index {
		index, err := g.core.ProposeConfiguration(c)
		if err != nil {
			t.Fatal(err)
		}
		g.ready()
		g.sync()
		g.leased(false, "a configuration begins")
		return index
	}
	index := change(&learners)
	g.promises(g.beat(), testPromiseMillis, 4, 5)
	g.leased(false, "learners have promised")
	g.promises(g.core.epoch, testPromiseMillis, 2)
	g.leased(true, "a majority of the voters has")
	g.acknowledge(2, index)
	change(learners.Exchange())
	epoch := g.beat()
	g.promises(epoch, testPromiseMillis, 2, 3)
	g.leased(false, "the old half has promised")
	g.promises(epoch, testPromiseMillis, 4)
	g.leased(true, "both halves have")
}

// A node without leases promises nothing, and begins no rounds.
func TestWithoutLeasesNothingIsPromised(t *testing.T) {
	g := newRig(t, 3, 1, 1)
	g.at(testBegin)
	if sent := g.step(Message{Kind: Heartbeat, From: 2, Term: 1, Epoch: 1}); sent[0].PromiseMillis != 0 {
		t.Errorf("%v", sent)
	}
	g = newRig(t, 3, 1, 1)
	g.at(testBegin)
	g.lead()
	g.acknowledge(2, g.core.NoOp())
	if g.beat() != 0 {
		t.Error("a heartbeat begins an epoch")
	}
	g.promises(0, testPromiseMillis, 2, 3)
	g.leased(false, "there are none")
}
