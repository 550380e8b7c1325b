package members_test

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
	*blackbox.Cluster
	fences    fences
	leader    *blackbox.Node
	old       []*blackbox.Node
	fresh     []*blackbox.Node
	operator  *blackbox.Client
	reply     string
	remaining blackbox.MemberList
}

// beginExchange begins to replace the two followers of a cluster of three.
func beginExchange(t *testing.T, before func(*exchange)) *exchange {
	t.Helper()
	c := blackbox.NewClusterAndSpares(t, 3, 2, unhurried...)
	e := &exchange{Cluster: c, fences: fence(t, c)}
	c.StartAll()
	blackbox.Burden(t, c.Nodes[0], fillerValues)
	e.leader = blackbox.Leader(t, c.Nodes)
	e.old, e.fresh = c.Others(e.leader), []*blackbox.Node{c.StartSpare(), c.StartSpare()}
	before(e)
	command, reply := blackbox.Replacement(t, e.old, e.fresh)
	e.reply, e.operator = reply, e.leader.Operator(t)
	if err := e.operator.Send(command); err != nil {
		t.Fatal(err)
	}
	e.remaining = blackbox.VotersOf(append([]*blackbox.Node{e.leader}, e.fresh...))
	return e
}

// loseOld kills the majority of the old voters, and demands that no write is acknowledged from now on.
func (e *exchange) loseOld(t *testing.T) {
	t.Helper()
	e.fences.away(e.old...)
	for _, n := range e.old {
		n.Process.Kill()
	}
	e.fences.open(append(e.old, e.fresh...)...)
	for _, n := range []*blackbox.Node{e.leader, e.fresh[0]} {
		connection := n.Connect(t)
		if r := connection.Must(t, "SET", "unsafe", "yes"); r.Fate() == blackbox.Done {
			t.Errorf("node %d: with the majority of the old voters dead a write was answered %v", n.Number, r)
		}
		if r := connection.Must(t, "GET", "unsafe"); r.Fate() == blackbox.Done {
			t.Errorf("node %d: with the majority of the old voters dead a read was answered %v", n.Number, r)
		}
	}
	if list, err := e.leader.Members(); err != nil || !list[e.old[0].Port] || !list[e.old[1].Port] {
		t.Errorf("the old voters are gone from the members without having agreed: %v, %v", list, err)
	}
}

// returnOld starts the dead ones again: the change continues by itself and ends, with any leader.
func (e *exchange) returnOld(t *testing.T) {
	t.Helper()
	for _, n := range e.old {
		e.Start(n)
	}
	reply, err := e.operator.Receive()
	if err != nil {
		t.Fatal(err)
	}
	blackbox.Expect(t, reply, e.reply)
	e.Drop(e.old...)
	e.Nodes = append(e.Nodes, e.fresh...)
	blackbox.AwaitMembers(t, e.Nodes, e.remaining)
	for _, n := range e.Nodes {
		n.Process.AwaitReady(blackbox.ReadyLimit)
		connection := n.Connect(t)
		blackbox.Expect(t, connection.Must(t, "SET", "after", "all"), "+OK")
		blackbox.Expect(t, connection.Must(t, "DBSIZE"), e.leader.Connect(t).Must(t, "DBSIZE").String())
	}
}

// D18: Two of three voters are being replaced, and die while their successors catch up. Learners do not count towards a
// majority, however much they have. The cluster waits, and continues when the old voters return.
func TestMembers_LearnersDoNotReplaceALostMajority(t *testing.T) {
	e := beginExchange(t, func(e *exchange) { e.fences.slowly(e.fresh...) })
	for _, n := range e.fresh {
		blackbox.AwaitMember(t, e.leader, n, false)
	}
	e.fences.away(e.fresh...)
	e.loseOld(t)
	e.returnOld(t)
}

// S24: They die in the middle of the exchange itself, with the new voters all there. A majority of the new ones decides
// nothing by itself.
func TestMembers_TheExchangeWaitsForItsOldMajority(t *testing.T) {
	e := beginExchange(t, func(e *exchange) { e.fences.to(e.old, torture.Slow, exchangeDelay) })
	const both = 5 // three old voters and three new ones, one of whom is both
	blackbox.Eventually(t, blackbox.EffectLimit, "voters are being exchanged", func() bool {
		list, err := e.leader.Members()
		return err == nil && list.Voting() == both
	})
	e.loseOld(t)
	if list, err := e.leader.Members(); err != nil || list.Voting() != both {
		t.Fatalf("the exchange ended without a majority: %v, %v", list, err)
	}
	e.returnOld(t)
}
