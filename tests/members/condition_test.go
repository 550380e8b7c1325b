package members_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// clusterFact is a line of CLUSTER INFO.
func clusterFact(t *testing.T, n *blackbox.Node, name string) string {
	t.Helper()
	for line := range strings.Lines(n.Operator(t).Must(t, "CLUSTER", "INFO").Text) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("CLUSTER INFO of node %d has no %s", n.Number, name)
	return ""
}

// D19: An operator looks at the members, and another one changes them. The first one's change depends on what it saw:
// it is refused, on every node, by an error that says how to look again; what is made already is not.
func TestMembers_AChangeMayDependOnWhatWasSeen(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 3, 1, "--log-level", "debug")
	c.StartAll()
	awaitLogsKnown(t, c)
	leader := blackbox.Leader(t, c.Nodes)
	follower := c.Others(leader)[0]
	seen := clusterFact(t, leader, "cluster_config_index")
	for _, n := range c.Nodes {
		blackbox.Eventually(t, blackbox.EffectLimit, "all nodes to know the members by one index", func() bool {
			return clusterFact(t, n, "cluster_config_index") == seen
		})
		if got := clusterFact(t, n, "cluster_raft_leader"); got != leader.Name(t) {
			t.Errorf("node %d says that %q leads, and it is %q", n.Number, got, leader.Name(t))
		}
	}
	fresh := c.StartSpare()
	c.Add(follower, fresh, "LEARNER", "IF", seen)
	changed := clusterFact(t, follower, "cluster_config_index")
	for _, n := range []*blackbox.Node{leader, follower} {
		refused := n.Operator(t).Must(t, "CLUSTER", "REMOVENODE", fresh.Name(t), "IF", seen)
		if refused.Kind != '-' || !strings.Contains(refused.Text, "entry "+changed+",") ||
			!strings.Contains(refused.Text, "cluster_config_index") {
			t.Errorf("node %d removes a node on the condition of %s, and the index is %s: %v", n.Number, seen, changed, refused)
		}
		again := n.Operator(t).Must(t, "CLUSTER", "ADDNODE", blackbox.Address(fresh.Port), "LEARNER", "IF", seen)
		blackbox.Expect(t, again, strconv.Quote(fresh.Name(t)))
	}
	if !slices.Contains(c.Nodes, fresh) {
		t.Fatal("the node is no member")
	}
	blackbox.Expect(t, leader.Operator(t).Must(t, "CLUSTER", "REMOVENODE", fresh.Name(t), "IF", changed), "+OK")
}
