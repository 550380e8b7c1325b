package main_test

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// Redis's own tools treat the nodes as the cluster that they show.
func TestClients_RedisCLIFindsNothingWrongWithTheCluster(t *testing.T) {
	c := startCluster(t, 3)
	expect(t, c.nodes[0].connect(t).Must(t, "SET", "key", "value"), "+OK")
	for _, n := range c.nodes {
		address := blackbox.Address(n.port)
		checked := redisCLI(t, "--cluster", "check", address)
		for _, wanted := range []string{
			"[OK] All nodes agree about slots configuration.", "[OK] All 16384 slots covered.", "in 3 masters.",
		} {
			if !strings.Contains(checked, wanted) {
				t.Errorf("redis-cli --cluster check %s does not say %q:\n%s", address, wanted, checked)
			}
		}
		if strings.Contains(checked, "[ERR]") || strings.Contains(checked, "[WARNING]") {
			t.Errorf("redis-cli --cluster check %s complains:\n%s", address, checked)
		}
		told := redisCLI(t, "--cluster", "info", address)
		for _, other := range c.nodes {
			if !strings.Contains(told, blackbox.Address(other.port)) {
				t.Errorf("redis-cli --cluster info %s does not know node %d:\n%s", address, other.number, told)
			}
		}
		if got := redisCLI(t, "-c", "-p", strconv.Itoa(n.port), "GET", "key"); got != "value\n" {
			t.Errorf("redis-cli -c GET on node %d says %q", n.number, got)
		}
	}
}

func TestClients_RedisBenchmarkFindsAllOwnersOfSlots(t *testing.T) {
	const requests = 20_000
	c := startCluster(t, 3)
	output, err := exec.Command("redis-benchmark", "--cluster", "-p", strconv.Itoa(c.nodes[0].port), "-t", "set,get",
		"-n", strconv.Itoa(requests), "-r", "100000").CombinedOutput()
	text := string(output)
	if err != nil {
		t.Fatalf("redis-benchmark --cluster: %v (Debian's package redis-tools has it)\n%s", err, text)
	}
	if !strings.Contains(text, "Cluster has 3 master nodes") {
		t.Errorf("redis-benchmark does not find three masters:\n%s", text)
	}
	for _, n := range c.nodes {
		if !strings.Contains(text, blackbox.Address(n.port)) {
			t.Errorf("redis-benchmark does not find node %d:\n%s", n.number, text)
		}
	}
	for _, wanted := range []string{"====== SET ======", "====== GET ======"} {
		if !strings.Contains(text, wanted) {
			t.Errorf("there is no %q in:\n%s", wanted, text)
		}
	}
	if done := strings.Count(text, strconv.Itoa(requests)+" requests completed"); done != 2 {
		t.Errorf("%d of 2 commands were completed %d times:\n%s", done, requests, text)
	}
	// Keys that were written through one node are there on all.
	keys := c.nodes[0].connect(t).Must(t, "DBSIZE")
	for _, n := range c.nodes {
		expect(t, n.connect(t).Must(t, "DBSIZE"), keys.String())
	}
}

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
