package main_test

import (
	"strconv"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// The life of a cluster: it begins with one node, two are added, two join by themselves, the leader is removed, and two
// more. Clients write all the time. Those of nodes that stay see no error; those of nodes that leave are told the truth
// until their node stops; nothing that was acknowledged is lost.
func TestMembers_D3_D8_AClusterGrowsFromOneToFiveAndShrinksToTwoUnderLoad(t *testing.T) {
	c := newClusterAndSpares(t, 1, 4)
	c.startAll()
	w := newWriting()
	w.stopWith(t)
	growByAdding(t, c, w)
	growByJoining(t, c, w)

	first := leader(t, c.nodes)
	leaving := append([]*node{first}, c.others(first)[:2]...)
	l := newLoad(seedOf(t), []int{leaving[0].port, leaving[1].port, leaving[2].port}, len(leaving))
	l.begin(settledWrites)
	all := c.nodes
	c.drop(leaving...)
	w.begin(c.nodes, nil)
	staying := c.nodes
	c.nodes = all

	w.awaitAnswered(t, settledWrites)
	c.remove(leaving[1], leaving[0])
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	w.awaitAnswered(t, settledWrites)
	c.remove(staying[0], leaving[1], leaving[2])
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	w.awaitAnswered(t, settledWrites)
	for _, gone := range leaving {
		awaitFact(t, gone, "raft_state", "removed")
		gone.process.Kill()
	}
	w.awaitAnswered(t, settledWrites)
	w.end(t)
	if err := l.end(); err != nil {
		t.Errorf("a client of a node that left: %v", err)
	}
	for _, n := range c.nodes {
		w.verify(t, n)
		l.verify(t, n.port)
	}
}

// settledWrites are so many that whatever goes on has begun.
const settledWrites = 50

// growByAdding makes a cluster of three of one, while clients write on the first node.
func growByAdding(t *testing.T, c *cluster, w *writing) {
	t.Helper()
	first := c.nodes[0]
	w.begin(c.nodes, nil)
	w.awaitAnswered(t, settledWrites)
	for range 2 {
		c.add(first, c.spare())
		w.awaitAnswered(t, settledWrites)
	}
	w.end(t)
	for _, n := range c.nodes {
		n.process.AwaitReady(readyLimit)
		w.verify(t, n)
	}
	awaitMembers(t, c.nodes, votersOf(c.nodes))
}

// growByJoining makes a cluster of five of three: one node asks the leader, another one a follower.
func growByJoining(t *testing.T, c *cluster, w *writing) {
	t.Helper()
	w.begin(c.nodes, nil)
	w.awaitAnswered(t, settledWrites)
	leads := leader(t, c.nodes)
	for _, asked := range []*node{leads, c.others(leads)[0]} {
		joiner := c.spare("--join", blackbox.Address(asked.port))
		joiner.process.AwaitReady(readyLimit)
		c.nodes = append(c.nodes, joiner)
		w.awaitAnswered(t, settledWrites)
	}
	w.end(t)
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	for _, n := range c.nodes {
		w.verify(t, n)
	}
}

// A number that a member had is never given to another one: what the first one confirmed must not count for the second.
func TestMembers_D11_NumbersOfMembersAreNotUsedAgain(t *testing.T) {
	c := newClusterAndSpares(t, 1, 3)
	c.startAll()
	seen := map[int]bool{1: true}
	for range 3 {
		added := c.spare()
		c.add(c.nodes[0], added)
		facts, err := info(added.port, "raft")
		number, wrong := strconv.Atoi(facts["raft_node_id"])
		if err != nil || wrong != nil || seen[number] {
			t.Fatalf("the new member has number %q (%v), when %v were given", facts["raft_node_id"], err, seen)
		}
		seen[number] = true
		c.remove(c.nodes[0], added)
		added.process.Kill()
	}
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	expect(t, c.nodes[0].connect(t).Must(t, "SET", "a", "1"), "+OK")
}
