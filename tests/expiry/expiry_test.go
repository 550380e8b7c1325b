package expiry_test

import (
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// Without writes, reads move the time. Once one node has seen a key expire, no node shows it.
func TestExpiry_AKeyIsGoneOnEveryNodeOnceItsTimeHasCome(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	for round, reads := range c.Nodes {
		key := fmt.Sprint("brief", round)
		blackbox.Expect(t, c.Nodes[0].Connect(t).Must(t, "SET", key, "value", "PX", "300"), "+OK")
		blackbox.Eventually(t, blackbox.EffectLimit, fmt.Sprintf("%s is gone on node %d", key, reads.Number), func() bool {
			return reads.Connect(t).Must(t, "GET", key).Null
		})
		for _, n := range c.Nodes {
			blackbox.Expect(t, n.Connect(t).Must(t, "EXISTS", key), ":0")
		}
	}
	blackbox.ExpectEqualStates(t, c.Nodes)
}
