package main_test

import (
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// Nobody writes any more: then time moves because somebody reads. No node shows a key whose time has come on another.
func TestExpiry_AKeyIsGoneOnEveryNodeOnceItsTimeHasCome(t *testing.T) {
	c := startCluster(t, 3)
	for round, reads := range c.nodes {
		key := fmt.Sprint("brief", round)
		expect(t, c.nodes[0].connect(t).Must(t, "SET", key, "value", "PX", "300"), "+OK")
		blackbox.Eventually(t, effectLimit, fmt.Sprintf("%s is gone on node %d", key, reads.number), func() bool {
			return reads.connect(t).Must(t, "GET", key).Null
		})
		for _, n := range c.nodes {
			expect(t, n.connect(t).Must(t, "EXISTS", key), ":0")
		}
	}
	expectEqualStates(t, c.nodes)
}
