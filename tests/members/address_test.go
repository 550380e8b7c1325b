package members_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// wipe empties the directory of a node that does not run.
func wipe(t testing.TB, c *blackbox.Cluster, n *blackbox.Node) {
	t.Helper()
	if err := os.RemoveAll(c.DirectoryOf(n)); err != nil {
		t.Fatal(err)
	}
}

// D15: Nodes come back on other ports, one after the other, the leader among them. The others find out by themselves,
// and so do clients.
func TestMembers_ANodeReturnsAtAnotherAddress(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 3, 1, blackbox.HastyElections...)
	c.StartAll()
	learner := c.StartSpare()
	c.Add(c.Nodes[0], learner, "LEARNER")
	learner.Process.AwaitReady(blackbox.ReadyLimit)
	leads := blackbox.Leader(t, c.Nodes)
	for _, moved := range []*blackbox.Node{c.Others(leads)[0], learner, leads} {
		name := moved.Name(t)
		moved.Process.Kill()
		moved.Port = blackbox.Ports(t, 1)
		c.Start(moved)
		moved.Process.AwaitReady(blackbox.ReadyLimit)
		wanted := blackbox.VotersOf(c.Nodes)
		wanted[learner.Port] = false
		blackbox.AwaitMembers(t, c.Nodes, wanted)
		for _, n := range c.Nodes {
			line := nodeLine(t, n, name)
			if !strings.HasPrefix(line.address, blackbox.Address(moved.Port)+"@") {
				t.Errorf("node %d shows the node that moved to port %d at %s", n.Number, moved.Port, line.address)
			}
			blackbox.Expect(t, n.Connect(t).Must(t, "SET", "moved", name), "+OK")
		}
		blackbox.Expect(t, moved.Connect(t).Must(t, "GET", "moved"), strconv.Quote(name))
	}
	// The new addresses are all that anybody needs: every node is started again.
	c.KillAll()
	c.StartAll()
	blackbox.Expect(t, c.Nodes[2].Connect(t).Must(t, "SET", "a", "1"), "+OK")
}
