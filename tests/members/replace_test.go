package members_test

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// D3, D8: Three of five machines are exchanged, the leader's among them, with one command and in one step of the
// cluster: at every time the voters are the old five or the new five. Clients of the two that stay see no error;
// clients of the three that leave get true replies.
func TestMembers_ThreeOfFiveAreReplacedInOneStep(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 5, 3, "--log-level", "debug")
	c.StartAll()
	awaitLogsKnown(t, c)
	leads := blackbox.Leader(t, c.Nodes)
	leaving := append([]*blackbox.Node{leads}, c.Others(leads)[:2]...)
	fresh := []*blackbox.Node{c.StartSpare(), c.StartSpare(), c.StartSpare()}
	command, reply := blackbox.Replacement(t, leaving, fresh)

	l := blackbox.NewLoad(blackbox.SeedOf(t), []int{leaving[0].Port, leaving[1].Port, leaving[2].Port}, len(leaving))
	l.Begin(settledWrites)
	c.Drop(leaving...)
	staying := c.Nodes
	before := configurations(t, c, staying[0])
	w := blackbox.NewWriters()
	w.StopWith(t)
	w.Begin(staying, nil)
	w.AwaitAnswered(t, settledWrites)
	blackbox.Expect(t, staying[0].Operator(t).Must(t, command...), reply)
	c.Nodes = append(c.Nodes, fresh...)
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
	// The intent, the exchange and its end: nothing in between, and nothing twice.
	if count := configurations(t, c, staying[0]) - before; count != 3 {
		t.Errorf("the log of node %d has %d more configurations, want 3", staying[0].Number, count)
	}
}

// configurations is how many configurations there are in the log of a node.
func configurations(t *testing.T, c *blackbox.Cluster, n *blackbox.Node) int {
	t.Helper()
	code, entries := blackbox.Run(t, "inspect", "--dir", c.DirectoryOf(n), "--entries", "1-1000000")
	if code != 0 {
		t.Fatalf("inspect ended with exit code %d", code)
	}
	return strings.Count(entries, ", configuration, ")
}
