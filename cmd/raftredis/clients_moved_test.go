package main_test

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
	c := startCluster(t, 3, movedToLeader...)
	first := leader(t, c.nodes)
	var seeds []string
	for _, n := range c.others(first) {
		seeds = append(seeds, blackbox.Address(n.port))
	}
	client := goRedisCluster(seeds)
	defer client.Close()
	tags := tagsEverywhere(t, first, 8)
	checkMoved(t, c.nodes, first)
	writeThrough(t, client, c.nodes, first, tags, "first")

	first.process.Kill()
	rest := c.others(first)
	next := leader(t, rest)
	checkMoved(t, rest, next)
	blackbox.Eventually(t, clientsRecover, "go-redis finds the next leader", func() bool {
		return writeAndRead(context.Background(), client, "key", "found") == nil
	})
	writeThrough(t, client, rest, next, tags, "second")
}

// checkMoved says what each node tells a plain client about a key: the leader serves it, the others name the leader.
func checkMoved(t *testing.T, nodes []*node, leads *node) {
	t.Helper()
	const key, slot = "foo", "12182" // as Redis computes it
	for _, n := range nodes {
		client := n.connect(t)
		if n == leads {
			expect(t, client.Must(t, "SET", key, "bar"), "+OK")
			continue
		}
		moved := "-MOVED " + slot + " " + blackbox.Address(leads.port)
		expect(t, client.Must(t, "SET", key, "not here"), moved)
		expect(t, client.Must(t, "GET", key), moved)
	}
}

// writeThrough writes with go-redis and with redis-cli -c from every node, and reads it on the leader.
func writeThrough(t *testing.T, client *redis.ClusterClient, nodes []*node, leads *node, tags []string, value string) {
	t.Helper()
	reader := leads.connect(t)
	for _, tag := range tags {
		key := "moved:{" + tag + "}"
		if err := writeAndRead(context.Background(), client, key, value); err != nil {
			t.Errorf("go-redis: %v", err)
		}
		expect(t, reader.Must(t, "GET", key), strconv.Quote(value))
	}
	for _, n := range nodes {
		key := "moved:cli:" + strconv.Itoa(n.number)
		if got := redisCLI(t, "-c", "-p", strconv.Itoa(n.port), "SET", key, value); got != "OK\n" {
			t.Errorf("redis-cli -c on node %d says %q", n.number, got)
		}
		expect(t, reader.Must(t, "GET", key), strconv.Quote(value))
	}
}
