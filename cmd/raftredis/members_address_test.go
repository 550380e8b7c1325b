package main_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// wipe empties the directory of a node that does not run.
func (c *cluster) wipe(n *node) {
	c.t.Helper()
	if err := os.RemoveAll(c.nodeDirectory(n)); err != nil {
		c.t.Fatal(err)
	}
}

// Nodes come back on other ports, one after the other, the leader among them. Nobody tells the others: they find out,
// and so do clients.
func TestMembers_D15_ANodeThatComesBackAtAnotherAddressServesAgain(t *testing.T) {
	c := newClusterAndSpares(t, 3, 1, hastyElections...)
	c.startAll()
	learner := c.spare()
	c.add(c.nodes[0], learner, "LEARNER")
	learner.process.AwaitReady(readyLimit)
	leads := leader(t, c.nodes)
	for _, moved := range []*node{c.others(leads)[0], learner, leads} {
		name := moved.name(t)
		moved.process.Kill()
		moved.port = blackbox.Ports(t, 1)
		c.start(moved)
		moved.process.AwaitReady(readyLimit)
		wanted := votersOf(c.nodes)
		wanted[learner.port] = false
		awaitMembers(t, c.nodes, wanted)
		for _, n := range c.nodes {
			line := nodeLine(t, n, name)
			if !strings.HasPrefix(line.address, blackbox.Address(moved.port)+"@") {
				t.Errorf("node %d shows the node that moved to port %d at %s", n.number, moved.port, line.address)
			}
			expect(t, n.connect(t).Must(t, "SET", "moved", name), "+OK")
		}
		expect(t, moved.connect(t).Must(t, "GET", "moved"), strconv.Quote(name))
	}
	// The new addresses are all that anybody needs: every node is started again.
	c.killAll()
	c.startAll()
	expect(t, c.nodes[2].connect(t).Must(t, "SET", "a", "1"), "+OK")
}
