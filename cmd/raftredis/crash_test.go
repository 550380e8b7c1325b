package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// seedOf is the seed of a random test: fixed, unless the environment names another one to explore with.
func seedOf(t testing.TB) uint64 {
	t.Helper()
	seed := uint64(1)
	if text := os.Getenv("RAFTREDIS_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("RAFTREDIS_SEED: %v", err)
		}
	}
	t.Logf("seed %d; again: RAFTREDIS_SEED=%d go test ./cmd/raftredis -run '^%s$'", seed, seed, t.Name())
	return seed
}

// crashRounds kills all nodes in the middle of a load, starts them again, and looks for every acknowledged write, as
// often as asked for.
func crashRounds(t *testing.T, nodes, clients, rounds int) {
	seed := seedOf(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	c := startCluster(t, nodes, hastyElections...)
	var ports []int
	for _, n := range c.nodes {
		ports = append(ports, n.port)
	}
	l := newLoad(seed, ports, clients)
	for round := range rounds {
		l.begin(50 + rng.Int64N(2000))
		select {
		case <-l.reached:
		case <-time.After(readyLimit):
			t.Fatalf("round %d: the load makes no progress: %d writes are acknowledged", round, l.answered.Load())
		}
		c.killAll()
		if err := l.end(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		c.startAll()
		l.verify(t, c.nodes[rng.IntN(nodes)].port)
	}
	for _, n := range c.nodes {
		l.verify(t, n.port)
	}
	t.Logf("%d rounds, %d acknowledged writes", rounds, l.answered.Load())
}

func TestF12_H1_H12_ASingleNodeKeepsWhatItAcknowledgedWhenKilled(t *testing.T) {
	crashRounds(t, 1, 4, 20)
}

func TestH1_H12_AllNodesKilledInTheMiddleOfALoadKeepEveryAcknowledgedWrite(t *testing.T) {
	crashRounds(t, 3, 6, 20)
}

// failoverLimit is how long a write may take whose leader has just been killed: an election of up to twice the default
// timeout, maybe a second one, and slack for a busy machine.
const failoverLimit = 5 * time.Second

func TestG9_SurvivorsHaveEverythingWhenTheLeaderIsKilled(t *testing.T) {
	c := startCluster(t, 3)
	first := leader(t, c.nodes)
	rest := c.others(first)
	const keys = 1000
	for i := range keys {
		// Every node takes its share, the leader too.
		client := c.nodes[i%3].connect(t)
		expect(t, client.Must(t, "SET", fmt.Sprint("key", i), fmt.Sprint("value", i)), "+OK")
		client.Close()
	}
	first.process.Kill()
	began := time.Now()
	expect(t, rest[0].connect(t).Must(t, "SET", "after", "the kill"), "+OK")
	failover := time.Since(began)
	t.Logf("a write right after kill -9 of the leader took %v", failover)
	if failover > failoverLimit {
		t.Errorf("a write right after kill -9 of the leader took %v, more than %v", failover, failoverLimit)
	}
	for _, n := range rest {
		client := n.connect(t)
		for i := range keys {
			expect(t, client.Must(t, "GET", fmt.Sprint("key", i)), strconv.Quote(fmt.Sprint("value", i)))
		}
		expect(t, client.Must(t, "GET", "after"), `"the kill"`)
	}
	c.start(first)
	first.process.AwaitReady(readyLimit)
	expect(t, first.connect(t).Must(t, "GET", "after"), `"the kill"`)
}

func TestAMajorityGoesOnWhileAnyNodeIsKilledAndStartedAgain(t *testing.T) {
	c := startCluster(t, 3, hastyElections...)
	for round := range 2 {
		for _, victim := range c.nodes {
			victim.process.Kill()
			key := fmt.Sprintf("without %d in round %d", victim.number, round)
			for _, n := range c.others(victim) {
				expect(t, n.connect(t).Must(t, "INCR", key), []string{":1", ":2"}[index(c.others(victim), n)])
			}
			c.start(victim)
			victim.process.AwaitReady(readyLimit)
			expect(t, victim.connect(t).Must(t, "GET", key), `"2"`)
		}
	}
}

func index(nodes []*node, wanted *node) int {
	for i, n := range nodes {
		if n == wanted {
			return i
		}
	}
	return -1
}

// A node that is down while the others write finds all of it when it comes back, also what the others no longer keep in
// memory.
func TestB14_ANodeThatWasAwayCatchesUp(t *testing.T) {
	c := startCluster(t, 3, hastyElections...)
	away := c.others(leader(t, c.nodes))[0]
	away.process.Kill()
	client := c.others(away)[0].connect(t)
	const keys, valueBytes = 400, 64 << 10
	value := fmt.Sprintf("%0*d", valueBytes, 7)
	for i := range keys {
		expect(t, client.Must(t, "SET", fmt.Sprint("large", i), value), "+OK")
	}
	c.start(away)
	away.process.AwaitReady(readyLimit)
	reader := away.connect(t)
	for i := range keys {
		if got := reader.Must(t, "GET", fmt.Sprint("large", i)); got.Text != value {
			t.Fatalf("large%d has %d bytes of %d", i, len(got.Text), valueBytes)
		}
	}
	if facts, err := info(away.port, "raft"); err != nil || facts["raft_state"] != "up" {
		t.Errorf("raft_state is %q, %v", facts["raft_state"], err)
	}
	blackbox.Eventually(t, effectLimit, "all nodes have applied the same index", func() bool {
		indexes := map[string]bool{}
		for _, n := range c.nodes {
			facts, err := info(n.port, "raft")
			if err != nil {
				return false
			}
			indexes[facts["raft_last_applied_index"]] = true
		}
		return len(indexes) == 1
	})
}
