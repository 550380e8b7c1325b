package blackbox

import (
	"testing"

	"github.com/raftredis/raftredis/internal/torture"
)

// StartGatedCluster starts a cluster whose nodes reach each other only through the gates of a network.
func StartGatedCluster(t testing.TB, n int, flags ...string) (*Cluster, *torture.Network) {
	t.Helper()
	c, network := NewGatedCluster(t, n, flags...)
	c.StartAll()
	return c, network
}

// NewGatedCluster describes such a cluster; nothing runs before StartAll.
func NewGatedCluster(t testing.TB, n int, flags ...string) (*Cluster, *torture.Network) {
	t.Helper()
	c := NewCluster(t, n, flags...)
	var peers []string
	for _, node := range c.Nodes {
		peers = append(peers, Address(node.Port+PeerDistance))
	}
	network, err := torture.NewNetwork(peers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(network.Close)
	for from, node := range c.Nodes {
		for to, peer := range peers {
			if from != to {
				node.Flags = append(node.Flags, "--peer-route", peer+"="+network.Address(from, to))
			}
		}
	}
	return c, network
}
