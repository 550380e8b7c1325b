package main_test

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// nodesLine is a line of CLUSTER NODES.
type nodesLine struct{ address, flags, slots string }

// nodeLine is what a node shows of the one with an id.
func nodeLine(t testing.TB, n *node, name string) nodesLine {
	t.Helper()
	operator := n.operator(t)
	defer operator.Close()
	text := operator.Must(t, "CLUSTER", "NODES").Text
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 8 || fields[0] != name {
			continue
		}
		return nodesLine{fields[1], strings.TrimPrefix(fields[2], "myself,"), strings.Join(fields[8:], " ")}
	}
	t.Fatalf("CLUSTER NODES of node %d does not show %s:\n%s", n.number, name, text)
	return nodesLine{}
}

// Redis's own tool adds a node: it tells the new one to meet the cluster.
func TestMembers_RedisCLIAddsANode(t *testing.T) {
	c := newClusterAndSpares(t, 3, 1, hastyElections...)
	c.startAll()
	added := c.spare()
	told := redisCLI(t, "--cluster", "add-node", blackbox.Address(added.port), blackbox.Address(c.nodes[1].port))
	if !strings.Contains(told, "[OK] New node added correctly.") {
		t.Errorf("redis-cli --cluster add-node says:\n%s", told)
	}
	added.process.AwaitReady(readyLimit)
	c.nodes = append(c.nodes, added)
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	expect(t, added.connect(t).Must(t, "SET", "a", "1"), "+OK")
	checked := redisCLI(t, "--cluster", "check", blackbox.Address(added.port))
	if !strings.Contains(checked, "in 4 masters.") || strings.Contains(checked, "[ERR]") {
		t.Errorf("redis-cli --cluster check says:\n%s", checked)
	}
}

// Redis's own tool removes a node that owns no slots: a learner, and in the view of the leader every other node. It
// makes all members forget the node, and then wants to reset it, which a removed node does not do: it is emptied by
// whoever runs it.
func TestMembers_RedisCLIRemovesANodeWithoutSlots(t *testing.T) {
	c := newClusterAndSpares(t, 3, 1, append(hastyElections, "--cluster-view", "leader")...)
	c.startAll()
	gone := c.others(leader(t, c.nodes))[0]
	c.drop(gone)
	output, _ := exec.Command("redis-cli", "--cluster", "del-node", blackbox.Address(c.nodes[0].port), gone.name(t)).
		CombinedOutput()
	told := string(output)
	for _, wanted := range []string{">>> Sending CLUSTER FORGET messages", ">>> Sending CLUSTER RESET SOFT"} {
		if !strings.Contains(told, wanted) {
			t.Errorf("redis-cli --cluster del-node does not say %q:\n%s", wanted, told)
		}
	}
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	expectRemoved(t, gone)
	for _, n := range c.nodes {
		expect(t, n.connect(t).Must(t, "INCR", "a"), ":"+strconv.Itoa(index(c.nodes, n)+1))
	}
}

// MEET and FORGET are what tools say: to a member of a blank node, to a blank node of a member, and to every member in
// turn of one that leaves.
func TestMembers_MeetAndForgetDoWhatToolsExpect(t *testing.T) {
	c := newClusterAndSpares(t, 1, 2, hastyElections...)
	c.startAll()
	first := c.nodes[0]
	met := c.spare()
	expect(t, first.operator(t).Must(t, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(met.port)), "+OK")
	c.nodes = append(c.nodes, met)
	awaitMembers(t, c.nodes, votersOf(c.nodes))

	meets := c.spare()
	expect(t, meets.operator(t).Must(t, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(met.port),
		strconv.Itoa(met.port+blackbox.PeerDistance)), "+OK")
	meets.process.AwaitReady(readyLimit)
	c.nodes = append(c.nodes, meets)
	awaitMembers(t, c.nodes, votersOf(c.nodes))

	name := met.name(t)
	c.drop(met)
	for range 2 {
		for _, n := range c.nodes {
			expect(t, n.operator(t).Must(t, "CLUSTER", "FORGET", name), "+OK")
		}
	}
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	expectRemoved(t, met)
}
