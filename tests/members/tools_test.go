package members_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// nodesLine is a line of CLUSTER NODES.
type nodesLine struct{ address, flags, slots string }

// nodeLine is what a node shows of the one with an id.
func nodeLine(t testing.TB, n *blackbox.Node, name string) nodesLine {
	t.Helper()
	operator := n.Operator(t)
	defer operator.Close()
	text := operator.Must(t, "CLUSTER", "NODES").Text
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 8 || fields[0] != name {
			continue
		}
		return nodesLine{fields[1], strings.TrimPrefix(fields[2], "myself,"), strings.Join(fields[8:], " ")}
	}
	t.Fatalf("CLUSTER NODES of node %d does not show %s:\n%s", n.Number, name, text)
	return nodesLine{}
}

// Redis's own tool adds a node: it tells the new one to meet the cluster.
func TestMembers_RedisCLIAddsANode(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 3, 1, blackbox.HastyElections...)
	c.StartAll()
	added := c.StartSpare()
	output := blackbox.RedisCLI(t, "--cluster", "add-node", blackbox.Address(added.Port),
		blackbox.Address(c.Nodes[1].Port))
	if !strings.Contains(output, "[OK] New node added correctly.") {
		t.Errorf("redis-cli --cluster add-node says:\n%s", output)
	}
	added.Process.AwaitReady(blackbox.ReadyLimit)
	c.Nodes = append(c.Nodes, added)
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	blackbox.Expect(t, added.Connect(t).Must(t, "SET", "a", "1"), "+OK")
	checked := blackbox.RedisCLI(t, "--cluster", "check", blackbox.Address(added.Port))
	if !strings.Contains(checked, "in 4 masters.") || strings.Contains(checked, "[ERR]") {
		t.Errorf("redis-cli --cluster check says:\n%s", checked)
	}
}

// Redis's own tool removes a node that owns no slots: a learner, and in the view of the leader every other node. It
// makes all members forget the node and then asks the node to reset itself. A removed node refuses: its operator
// empties it.
func TestMembers_RedisCLIRemovesANodeWithoutSlots(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 3, 1, append(blackbox.HastyElections, "--cluster-view", "leader")...)
	c.StartAll()
	gone := c.Others(blackbox.Leader(t, c.Nodes))[0]
	c.Drop(gone)
	output, _ := blackbox.Tool(t, "redis-cli", "--cluster", "del-node", blackbox.Address(c.Nodes[0].Port), gone.Name(t)).
		CombinedOutput()
	text := string(output)
	for _, wanted := range []string{">>> Sending CLUSTER FORGET messages", ">>> Sending CLUSTER RESET SOFT"} {
		if !strings.Contains(text, wanted) {
			t.Errorf("redis-cli --cluster del-node does not say %q:\n%s", wanted, text)
		}
	}
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	expectRemoved(t, gone)
	for _, n := range c.Nodes {
		blackbox.Expect(t, n.Connect(t).Must(t, "INCR", "a"), ":"+strconv.Itoa(slices.Index(c.Nodes, n)+1))
	}
}

// MEET and FORGET are what tools say: to a member of a blank node, to a blank node of a member, and to every member in
// turn of one that leaves.
func TestMembers_MeetAndForgetDoWhatToolsExpect(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 1, 2, blackbox.HastyElections...)
	c.StartAll()
	first := c.Nodes[0]
	met := c.StartSpare()
	blackbox.Expect(t, first.Operator(t).Must(t, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(met.Port)), "+OK")
	c.Nodes = append(c.Nodes, met)
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))

	meets := c.StartSpare()
	blackbox.Expect(t, meets.Operator(t).Must(t, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(met.Port),
		strconv.Itoa(met.Port+blackbox.PeerDistance)), "+OK")
	meets.Process.AwaitReady(blackbox.ReadyLimit)
	c.Nodes = append(c.Nodes, meets)
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))

	name := met.Name(t)
	c.Drop(met)
	for range 2 {
		for _, n := range c.Nodes {
			blackbox.Expect(t, n.Operator(t).Must(t, "CLUSTER", "FORGET", name), "+OK")
		}
	}
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	expectRemoved(t, met)
}
