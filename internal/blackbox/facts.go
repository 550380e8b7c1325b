package blackbox

import (
	"fmt"
	"testing"
)

// AwaitFact waits until a field of a node's INFO raft has a value.
func AwaitFact(t testing.TB, n *Node, fact, wanted string) {
	t.Helper()
	Eventually(t, EffectLimit, fmt.Sprintf("%s of node %d is %s", fact, n.Number, wanted), func() bool {
		facts, err := Info(n.Port, "raft")
		return err == nil && facts[fact] == wanted
	})
}

// Terms are the present terms of all nodes.
func Terms(t testing.TB, c *Cluster) (all []string) {
	t.Helper()
	for _, n := range c.Nodes {
		facts, err := Info(n.Port, "raft")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, facts["raft_current_term"])
	}
	return all
}
