package clients_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// movedToLeader are the flags of a cluster whose followers send clients to the leader.
var movedToLeader = []string{"--redirect", "moved", "--cluster-view", "leader"}

// Clients that want it go to the leader by themselves, also to the next one.
func TestClients_FollowMovedToTheLeaderAndToTheNextOne(t *testing.T) {
	c := blackbox.StartCluster(t, 3, movedToLeader...)
	first := blackbox.Leader(t, c.Nodes)
	var seeds []string
	for _, n := range c.Others(first) {
		seeds = append(seeds, blackbox.Address(n.Port))
	}
	client := goRedisCluster(seeds)
	defer client.Close()
	tags := tagsEverywhere(t, first, 8)
	checkMoved(t, c.Nodes, first)
	writeThrough(t, client, c.Nodes, first, tags, "first")

	first.Process.Kill()
	rest := c.Others(first)
	next := blackbox.Leader(t, rest)
	checkMoved(t, rest, next)
	blackbox.Eventually(t, clientsRecover, "go-redis finds the next leader", func() bool {
		return writeAndRead(context.Background(), client, "key", "found") == nil
	})
	writeThrough(t, client, rest, next, tags, "second")
}

// checkMoved says what each node tells a plain client about a key: the leader serves it, the others name the leader.
func checkMoved(t *testing.T, nodes []*blackbox.Node, leads *blackbox.Node) {
	t.Helper()
	const key, slot = "foo", "12182" // as Redis computes it
	for _, n := range nodes {
		client := n.Connect(t)
		if n == leads {
			blackbox.Expect(t, client.Must(t, "SET", key, "bar"), "+OK")
			continue
		}
		moved := "-MOVED " + slot + " " + blackbox.Address(leads.Port)
		blackbox.Expect(t, client.Must(t, "SET", key, "not here"), moved)
		blackbox.Expect(t, client.Must(t, "GET", key), moved)
	}
}

// writeThrough writes with go-redis and with redis-cli -c from every node, and reads it on the leader.
func writeThrough(t *testing.T, client *redis.ClusterClient, nodes []*blackbox.Node, leads *blackbox.Node,
	tags []string, value string) {
	t.Helper()
	reader := leads.Connect(t)
	for _, tag := range tags {
		key := "moved:{" + tag + "}"
		if err := writeAndRead(context.Background(), client, key, value); err != nil {
			t.Errorf("go-redis: %v", err)
		}
		blackbox.Expect(t, reader.Must(t, "GET", key), strconv.Quote(value))
	}
	for _, n := range nodes {
		key := "moved:cli:" + strconv.Itoa(n.Number)
		if got := blackbox.RedisCLI(t, "-c", "-p", strconv.Itoa(n.Port), "SET", key, value); got != "OK\n" {
			t.Errorf("redis-cli -c on node %d says %q", n.Number, got)
		}
		blackbox.Expect(t, reader.Must(t, "GET", key), strconv.Quote(value))
	}
}
