package members_test

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
type fences map[[2]*blackbox.Node]*torture.Gate

// fence puts a gate into every way. It must come before the nodes start, and they must keep their ports.
func fence(t testing.TB, c *blackbox.Cluster) fences {
	t.Helper()
	f := fences{}
	all := append(append([]*blackbox.Node(nil), c.Nodes...), c.Spares...)
	for _, to := range all {
		peer := blackbox.Address(to.Port + blackbox.PeerDistance)
		for _, from := range all {
			if from == to {
				continue
			}
			gate, err := torture.NewGate(peer)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(gate.Close)
			f[[2]*blackbox.Node{from, to}] = gate
			from.Flags = append(from.Flags, "--peer-route", peer+"="+gate.Address())
		}
	}
	return f
}

// to sets all ways that lead to some nodes; those that lead away from them stay as they are.
func (f fences) to(nodes []*blackbox.Node, state torture.State, delay time.Duration) {
	for _, to := range nodes {
		for way, gate := range f {
			if way[1] == to {
				gate.Set(state, delay)
			}
		}
	}
}

// slowly makes nodes catch up so slowly that a test sees them do it: each piece of what they are sent is held back.
func (f fences) slowly(nodes ...*blackbox.Node) { f.to(nodes, torture.Slow, 50*time.Millisecond) }

// away makes nodes hear nothing, and open everything again.
func (f fences) away(nodes ...*blackbox.Node) { f.to(nodes, torture.Hole, 0) }
func (f fences) open(nodes ...*blackbox.Node) { f.to(nodes, torture.Open, 0) }

// fillerValues are more than a node that hears slowly can take in before a test has noticed that it is there.
const fillerValues = 150

func TestMembers_WritesContinueWhileANewNodeCatchesUp(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 3, 1)
	f := fence(t, c)
	c.StartAll()
	blackbox.Burden(t, c.Nodes[0], fillerValues)
	w := blackbox.NewWriters()
	w.StopWith(t)
	w.Begin(c.Nodes, nil)
	w.AwaitAnswered(t, settledWrites)

	added := c.StartSpare()
	name := added.Name(t)
	f.slowly(added)
	operator := c.Nodes[0].Operator(t)
	if err := operator.Send([]string{"CLUSTER", "ADDNODE", blackbox.Address(added.Port)}); err != nil {
		t.Fatal(err)
	}
	blackbox.AwaitMember(t, c.Nodes[0], added, false)
	f.away(added)
	// The change cannot end now; clients do not notice.
	w.AwaitAnswered(t, 10*settledWrites)
	blackbox.AwaitMember(t, c.Nodes[0], added, false)
	if line := nodeLine(t, c.Nodes[0], name); !strings.HasPrefix(line.flags, "master") || line.slots != "" {
		t.Errorf("CLUSTER NODES shows the node that catches up as %q with slots %q", line.flags, line.slots)
	}
	f.open(added)
	reply, err := operator.Receive()
	if err != nil {
		t.Fatal(err)
	}
	blackbox.Expect(t, reply, strconv.Quote(name))
	w.AwaitAnswered(t, settledWrites)
	w.End(t)
	c.Nodes = append(c.Nodes, added)
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	for _, n := range c.Nodes {
		w.Verify(t, n)
	}
}
