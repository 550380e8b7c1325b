package main_test

import (
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/torture"
)

// exchangeDelay holds everything back that a leader sends to old voters, so that a test sees the exchange of voters
// while it is not committed.
const exchangeDelay = 400 * time.Millisecond

// unhurried are times of elections with which a leader outlives exchangeDelay, while clients are told soon that nothing
// is acknowledged.
var unhurried = []string{"--heartbeat-millis", "50", "--election-millis", "1500",
	"--uncertain-after-millis", "1500", "--leader-wait-millis", "1500"}

// exchange is a cluster of three, two of which are being replaced.
type exchange struct {
	*cluster
	fences    fences
	leader    *node
	old       []*node
	fresh     []*node
	operator  *blackbox.Client
	reply     string
	remaining memberList
}

// beginExchange begins to replace the two followers of a cluster of three.
func beginExchange(t *testing.T, before func(*exchange)) *exchange {
	t.Helper()
	c := newClusterAndSpares(t, 3, 2, unhurried...)
	e := &exchange{cluster: c, fences: c.fence()}
	c.startAll()
	burden(t, c.nodes[0], fillerValues)
	e.leader = leader(t, c.nodes)
	e.old, e.fresh = c.others(e.leader), []*node{c.spare(), c.spare()}
	before(e)
	command, reply := replacement(t, e.old, e.fresh)
	e.reply, e.operator = reply, e.leader.operator(t)
	if err := e.operator.Send(command); err != nil {
		t.Fatal(err)
	}
	e.remaining = votersOf(append([]*node{e.leader}, e.fresh...))
	return e
}

// loseOld kills the majority of the old voters, and demands that nobody acknowledges a write from now on.
func (e *exchange) loseOld(t *testing.T) {
	t.Helper()
	e.fences.away(e.old...)
	for _, n := range e.old {
		n.process.Kill()
	}
	e.fences.open(append(e.old, e.fresh...)...)
	for _, n := range []*node{e.leader, e.fresh[0]} {
		connection := n.connect(t)
		if r := connection.Must(t, "SET", "unsafe", "yes"); r.Fate() == blackbox.Done {
			t.Errorf("node %d: with the majority of the old voters dead a write was answered %v", n.number, r)
		}
		if r := connection.Must(t, "GET", "unsafe"); r.Fate() == blackbox.Done {
			t.Errorf("node %d: with the majority of the old voters dead a read was answered %v", n.number, r)
		}
	}
	if list, err := e.leader.members(); err != nil || !list[e.old[0].port] || !list[e.old[1].port] {
		t.Errorf("the old voters are gone from the members without having agreed: %v, %v", list, err)
	}
}

// returnOld starts the dead ones again: the change goes on by itself and ends, whoever leads.
func (e *exchange) returnOld(t *testing.T) {
	t.Helper()
	for _, n := range e.old {
		e.start(n)
	}
	reply, err := e.operator.Receive()
	if err != nil {
		t.Fatal(err)
	}
	expect(t, reply, e.reply)
	e.drop(e.old...)
	e.nodes = append(e.nodes, e.fresh...)
	awaitMembers(t, e.nodes, e.remaining)
	for _, n := range e.nodes {
		n.process.AwaitReady(readyLimit)
		connection := n.connect(t)
		expect(t, connection.Must(t, "SET", "after", "all"), "+OK")
		expect(t, connection.Must(t, "DBSIZE"), e.leader.connect(t).Must(t, "DBSIZE").String())
	}
}

// Two of three are being replaced, and die while those that follow them catch up. Learners count for nothing, however
// much they have; the cluster waits, and goes on where it was when the old ones return.
func TestMembers_D18_AClusterThatLosesItsMajorityWhileLearnersCatchUpGoesOnWhenItReturns(t *testing.T) {
	e := beginExchange(t, func(e *exchange) { e.fences.slowly(e.fresh...) })
	for _, n := range e.fresh {
		awaitMember(t, e.leader, n, false)
	}
	e.fences.away(e.fresh...)
	e.loseOld(t)
	e.returnOld(t)
}

// They die in the middle of the exchange itself, with the new voters all there. A majority of the new ones decides
// nothing by itself.
func TestMembers_S24_AClusterThatLosesItsOldMajorityInTheExchangeGoesOnWhenItReturns(t *testing.T) {
	e := beginExchange(t, func(e *exchange) { e.fences.to(e.old, torture.Slow, exchangeDelay) })
	const both = 5 // three old voters and three new ones, one of whom is both
	blackbox.Eventually(t, effectLimit, "voters are being exchanged", func() bool {
		list, err := e.leader.members()
		return err == nil && list.voting() == both
	})
	e.loseOld(t)
	if list, err := e.leader.members(); err != nil || list.voting() != both {
		t.Fatalf("the exchange ended although nobody could agree: %v, %v", list, err)
	}
	e.returnOld(t)
}
