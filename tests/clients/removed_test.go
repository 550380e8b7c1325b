package clients_test

import (
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// Libraries work on keys in all parts of the slots while a node is removed that runs on. It answers MOVED, so that each
// of them finds the members, and after five seconds none sees an error. The connections to it do not last.
func TestClients_LibrariesLeaveANodeThatWasRemoved(t *testing.T) {
	const parts = 24
	c := blackbox.StartCluster(t, 4, blackbox.HastyElections...)
	lead := blackbox.Leader(t, c.Nodes)
	tags := tagsEverywhere(t, lead, parts)
	var seeds []string
	for _, n := range c.Nodes {
		seeds = append(seeds, blackbox.Address(n.Port))
	}
	var witnesses []*witness
	for _, start := range []func(testing.TB, string, []string) *witness{goRedis, redisPy, ioredis, nodeRedis, glide} {
		witnesses = append(witnesses, start(t, strings.Join(seeds, ","), tags))
	}
	started := time.Now()
	for _, w := range witnesses {
		w.awaitRounds(t, started, clientsRounds, blackbox.ReadyLimit)
	}
	gone := c.Others(lead)[0]
	removed := time.Now()
	c.Remove(lead, gone)
	for _, w := range witnesses {
		checkRecovery(t, w, removed)
	}
	if got := owners(t, lead); got != len(c.Nodes) {
		t.Errorf("%d nodes own slots, want %d", got, len(c.Nodes))
	}
	for _, w := range witnesses {
		w.finish(t)
	}
	checkValues(t, witnesses, c.Nodes)
	expectSentAway(t, gone)
}

// expectSentAway says that a removed node answers MOVED, and that it closes the connection of a client that asks it all
// the same.
func expectSentAway(t *testing.T, gone *blackbox.Node) {
	t.Helper()
	client := gone.Connect(t)
	blackbox.Eventually(t, blackbox.EffectLimit, "the node closes a connection that it answers with MOVED", func() bool {
		r, err := client.Do("GET", "key")
		if err == nil && !strings.HasPrefix(r.Text, "MOVED ") {
			t.Fatalf("a removed node answers %v, want MOVED", r)
		}
		return err != nil
	})
	fresh := gone.Connect(t)
	if r := fresh.Must(t, "INFO", "raft"); !strings.Contains(r.Text, "raft_state:removed") {
		t.Errorf("a removed node does not say what it is: %v", r)
	}
}

// nodeRedis starts node-redis's cluster client.
func nodeRedis(t testing.TB, seeds string, tags []string) *witness {
	t.Helper()
	args := append([]string{"cluster-others.js", "node-redis", seeds}, tags...)
	return program(t, "node-redis", blackbox.JavaScript(t, "testdata", args...), tags)
}

// glide starts Valkey GLIDE's cluster client.
func glide(t testing.TB, seeds string, tags []string) *witness {
	t.Helper()
	args := append([]string{"cluster-others.js", "glide", seeds}, tags...)
	return program(t, "glide", blackbox.JavaScript(t, "testdata", args...), tags)
}
