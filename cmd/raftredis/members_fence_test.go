package main_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/torture"
)

// fences are gates on all ways between the nodes of a cluster, its spares included: the way on which the first of two
// reaches the second.
type fences map[[2]*node]*torture.Gate

// fence puts a gate into every way. It must come before the nodes start, and they must keep their ports.
func (c *cluster) fence() fences {
	c.t.Helper()
	f := fences{}
	all := append(append([]*node(nil), c.nodes...), c.spares...)
	for _, to := range all {
		peer := blackbox.Address(to.port + blackbox.PeerDistance)
		for _, from := range all {
			if from == to {
				continue
			}
			gate, err := torture.NewGate(peer)
			if err != nil {
				c.t.Fatal(err)
			}
			c.t.Cleanup(gate.Close)
			f[[2]*node{from, to}] = gate
			from.flags = append(from.flags, "--peer-route", peer+"="+gate.Address())
		}
	}
	return f
}

// to sets all ways that lead to some nodes; those that lead away from them stay as they are.
func (f fences) to(nodes []*node, state torture.State, delay time.Duration) {
	for _, to := range nodes {
		for way, gate := range f {
			if way[1] == to {
				gate.Set(state, delay)
			}
		}
	}
}

// slowly makes nodes catch up so slowly that a test sees them do it: each piece of what they are sent is held back.
func (f fences) slowly(nodes ...*node) { f.to(nodes, torture.Slow, 50*time.Millisecond) }

// away makes nodes hear nothing, and open everything again.
func (f fences) away(nodes ...*node) { f.to(nodes, torture.Hole, 0) }
func (f fences) open(nodes ...*node) { f.to(nodes, torture.Open, 0) }

// fillerValues are more than a node that hears slowly can take in before a test has noticed that it is there.
const fillerValues = 150

func TestMembers_WritesGoOnWhileAnAddedNodeCatchesUpSlowly(t *testing.T) {
	c := newClusterAndSpares(t, 3, 1)
	f := c.fence()
	c.startAll()
	burden(t, c.nodes[0], fillerValues)
	w := newWriting()
	w.stopWith(t)
	w.begin(c.nodes, nil)
	w.awaitAnswered(t, settledWrites)

	added := c.spare()
	name := added.name(t)
	f.slowly(added)
	operator := c.nodes[0].operator(t)
	if err := operator.Send([]string{"CLUSTER", "ADDNODE", blackbox.Address(added.port)}); err != nil {
		t.Fatal(err)
	}
	awaitMember(t, c.nodes[0], added, false)
	f.away(added)
	// The change cannot end now, and nobody minds.
	w.awaitAnswered(t, 10*settledWrites)
	awaitMember(t, c.nodes[0], added, false)
	if line := nodeLine(t, c.nodes[0], name); !strings.HasPrefix(line.flags, "slave") || line.slots != "" {
		t.Errorf("CLUSTER NODES shows the node that catches up as %q with slots %q", line.flags, line.slots)
	}
	f.open(added)
	reply, err := operator.Receive()
	if err != nil {
		t.Fatal(err)
	}
	expect(t, reply, strconv.Quote(name))
	w.awaitAnswered(t, settledWrites)
	w.end(t)
	c.nodes = append(c.nodes, added)
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	for _, n := range c.nodes {
		w.verify(t, n)
	}
}
