package members_test

import (
	"strconv"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// D3, D8: The life of a cluster. It begins with one node, two are added, two join by themselves, the leader is removed,
// and then two more. Clients write all the time. Clients of nodes that stay see no error; clients of nodes that leave
// get true replies until their node stops. No acknowledged write is lost.
func TestMembers_GrowFromOneToFiveAndShrinkUnderLoad(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 1, 4)
	c.StartAll()
	w := blackbox.NewWriters()
	w.StopWith(t)
	growByAdding(t, c, w)
	growByJoining(t, c, w)

	first := blackbox.Leader(t, c.Nodes)
	leaving := append([]*blackbox.Node{first}, c.Others(first)[:2]...)
	l := blackbox.NewLoad(blackbox.SeedOf(t), []int{leaving[0].Port, leaving[1].Port, leaving[2].Port}, len(leaving))
	l.Begin(settledWrites)
	all := c.Nodes
	c.Drop(leaving...)
	w.Begin(c.Nodes, nil)
	staying := c.Nodes
	c.Nodes = all

	w.AwaitAnswered(t, settledWrites)
	c.Remove(leaving[1], leaving[0])
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	w.AwaitAnswered(t, settledWrites)
	c.Remove(staying[0], leaving[1], leaving[2])
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	w.AwaitAnswered(t, settledWrites)
	for _, gone := range leaving {
		blackbox.AwaitFact(t, gone, "raft_state", "removed")
		gone.Process.Kill()
	}
	w.AwaitAnswered(t, settledWrites)
	w.End(t)
	if err := l.End(); err != nil {
		t.Errorf("a client of a node that left: %v", err)
	}
	for _, n := range c.Nodes {
		w.Verify(t, n)
		l.Verify(t, n.Port)
	}
}

// settledWrites are enough writes for the change under test to have begun.
const settledWrites = 50

// growByAdding makes a cluster of three of one, while clients write on the first node.
func growByAdding(t *testing.T, c *blackbox.Cluster, w *blackbox.Writers) {
	t.Helper()
	first := c.Nodes[0]
	w.Begin(c.Nodes, nil)
	w.AwaitAnswered(t, settledWrites)
	for range 2 {
		c.Add(first, c.StartSpare())
		w.AwaitAnswered(t, settledWrites)
	}
	w.End(t)
	for _, n := range c.Nodes {
		n.Process.AwaitReady(blackbox.ReadyLimit)
		w.Verify(t, n)
	}
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
}

// growByJoining makes a cluster of five of three: one node asks the leader, another one a follower.
func growByJoining(t *testing.T, c *blackbox.Cluster, w *blackbox.Writers) {
	t.Helper()
	w.Begin(c.Nodes, nil)
	w.AwaitAnswered(t, settledWrites)
	leads := blackbox.Leader(t, c.Nodes)
	for _, asked := range []*blackbox.Node{leads, c.Others(leads)[0]} {
		joiner := c.StartSpare("--join", blackbox.Address(asked.Port))
		joiner.Process.AwaitReady(blackbox.ReadyLimit)
		c.Nodes = append(c.Nodes, joiner)
		w.AwaitAnswered(t, settledWrites)
	}
	w.End(t)
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	for _, n := range c.Nodes {
		w.Verify(t, n)
	}
}

// D11: A number that a member had is never given to another one: what the first one confirmed must not count for the
// second.
func TestMembers_NumbersAreNotReused(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 1, 3)
	c.StartAll()
	seen := map[int]bool{1: true}
	for range 3 {
		added := c.StartSpare()
		c.Add(c.Nodes[0], added)
		facts, err := blackbox.Info(added.Port, "raft")
		number, wrong := strconv.Atoi(facts["raft_node_id"])
		if err != nil || wrong != nil || seen[number] {
			t.Fatalf("the new member has number %q (%v), when %v were given", facts["raft_node_id"], err, seen)
		}
		seen[number] = true
		c.Remove(c.Nodes[0], added)
		added.Process.Kill()
	}
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	blackbox.Expect(t, c.Nodes[0].Connect(t).Must(t, "SET", "a", "1"), "+OK")
}
