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

// A node may have another number of databases than the others, while the numbers are changed one after the other, say:
// its clients may use more of them or fewer, and all nodes have one state.
func TestSettings_ANodeMayHaveMoreDatabases(t *testing.T) {
	c := blackbox.NewCluster(t, 3)
	c.Nodes[1].Flags = []string{"--databases", "20"}
	c.StartAll()
	for _, n := range c.Nodes {
		blackbox.AwaitFact(t, n, "raft_settings_differ", "databases")
	}
	more, usual := c.Nodes[1].Connect(t), c.Nodes[2].Connect(t)
	for _, step := range []struct {
		client     *blackbox.Client
		line, want string
	}{
		{more, "SELECT 20", "-ERR DB index is out of range"}, {usual, "SELECT 16", "-ERR DB index is out of range"},
		{more, "SELECT 19", "+OK"}, {more, "SET a 19", "+OK"}, {more, "COPY a a DB 16", ":1"}, {more, "MOVE a 15", ":1"},
		{more, "SWAPDB 16 18", "+OK"}, {usual, "SELECT 15", "+OK"}, {usual, "GET a", `"19"`},
		{usual, "MOVE a 16", "-ERR DB index is out of range"}, {usual, "SWAPDB 15 18", "-ERR DB index is out of range"},
		{more, "SELECT 18", "+OK"}, {more, "GET a", `"19"`},
	} {
		blackbox.Expect(t, step.client.Must(t, strings.Fields(step.line)...), step.want)
	}
	if info := usual.Must(t, "INFO", "keyspace").Text; !strings.Contains(info, "db18:keys=1,") {
		t.Errorf("INFO keyspace says %q", info)
	}
	blackbox.ExpectEqualStates(t, c.Nodes)
}
