package members_test

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// Settings that should be the same on all nodes are told from node to node. The least maxmemory counts on all of them,
// and each says what differs, in INFO, in CLUSTER INFO, and in its log.
func TestSettings_ThatDifferAreShownOnEveryNode(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	for _, n := range c.Nodes {
		blackbox.Expect(t, n.Connect(t).Must(t, "CONFIG", "SET", "maxmemory", "100mb"), "+OK")
	}
	for _, n := range c.Nodes {
		blackbox.AwaitFact(t, n, "raft_maxmemory_of_nodes", "1=104857600,2=104857600,3=104857600")
		blackbox.AwaitFact(t, n, "raft_settings_differ", "")
	}
	// Nodes have numbers in the order in which they joined.
	facts, err := blackbox.Info(c.Nodes[1].Port, "raft")
	if err != nil {
		t.Fatal(err)
	}
	values := func(odd, others string) string {
		var parts []string
		for _, id := range []string{"1", "2", "3"} {
			value := others
			if id == facts["raft_node_id"] {
				value = odd
			}
			parts = append(parts, id+"="+value)
		}
		return strings.Join(parts, ",")
	}
	client := c.Nodes[0].Connect(t)
	blackbox.Expect(t, client.Must(t, "SET", "a", strings.Repeat("x", 500_000)), "+OK")

	odd := c.Nodes[1].Connect(t)
	blackbox.Expect(t, odd.Must(t, "CONFIG", "SET", "maxmemory", "400kb", "timeout", "3600"), "+OK")
	for _, n := range c.Nodes {
		blackbox.AwaitFact(t, n, "raft_settings_differ", "maxmemory,timeout")
		blackbox.AwaitFact(t, n, "raft_differs_maxmemory", values("409600", "104857600"))
		blackbox.AwaitFact(t, n, "raft_differs_timeout", values("3600", "0"))
		each := n.Connect(t)
		blackbox.Eventually(t, blackbox.EffectLimit, "a node refuses what does not fit on another", func() bool {
			return strings.HasPrefix(each.Must(t, "SET", "b", "x").Text, "OOM ")
		})
		info := each.Must(t, "CLUSTER", "INFO").Text
		if !strings.Contains(info, "cluster_settings_differ:maxmemory,timeout") {
			t.Errorf("CLUSTER INFO of node %d says %q", n.Number, info)
		}
		line := "setting=maxmemory values=\"" + values("409600", "104857600") + "\""
		blackbox.Eventually(t, blackbox.EffectLimit, "the log says what differs", func() bool {
			return strings.Contains(n.Process.Err(), line)
		})
	}
	blackbox.Expect(t, odd.Must(t, "CONFIG", "SET", "maxmemory", "100mb", "timeout", "0"), "+OK")
	for _, n := range c.Nodes {
		blackbox.AwaitFact(t, n, "raft_settings_differ", "")
		each := n.Connect(t)
		blackbox.Eventually(t, blackbox.EffectLimit, "all nodes take writes again", func() bool {
			return each.Must(t, "SET", "b", "x").Text == "OK"
		})
	}
}
