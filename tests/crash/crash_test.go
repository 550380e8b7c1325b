package crash_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// crashRounds kills all nodes in the middle of a load, starts them again, and looks for every acknowledged write, as
// often as asked for.
func crashRounds(t *testing.T, nodes, clients, rounds int) {
	seed := blackbox.SeedOf(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	c := blackbox.StartCluster(t, nodes, blackbox.HastyElections...)
	var ports []int
	for _, n := range c.Nodes {
		ports = append(ports, n.Port)
	}
	l := blackbox.NewLoad(seed, ports, clients)
	for round := range rounds {
		l.Begin(50 + rng.Int64N(2000))
		select {
		case <-l.Reached:
		case <-time.After(blackbox.ReadyLimit):
			t.Fatalf("round %d: the load makes no progress: %d writes are acknowledged", round, l.Answered.Load())
		}
		c.KillAll()
		if err := l.End(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		c.StartAll()
		l.Verify(t, c.Nodes[rng.IntN(nodes)].Port)
	}
	for _, n := range c.Nodes {
		l.Verify(t, n.Port)
	}
	t.Logf("%d rounds, %d acknowledged writes", rounds, l.Answered.Load())
}

// F12, H1, H12: A cluster of one syncs before it acknowledges.
func TestKill_ASingleNodeKeepsWhatItAcknowledged(t *testing.T) {
	crashRounds(t, 1, 4, 20)
}

// H1, H12: All nodes die at once, in the middle of a load.
func TestKill_ThreeNodesKeepWhatTheyAcknowledged(t *testing.T) {
	crashRounds(t, 3, 6, 20)
}

// failoverLimit is how long a write may take right after the leader was killed: an election of up to twice the default
// timeout, maybe a second one, and slack for a busy machine.
const failoverLimit = 5 * time.Second

// G9.
func TestKill_SurvivorsHaveEverythingOfTheLeader(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	first := blackbox.Leader(t, c.Nodes)
	rest := c.Others(first)
	const keys = 1000
	for i := range keys {
		// Every node takes its share, the leader too.
		client := c.Nodes[i%3].Connect(t)
		blackbox.Expect(t, client.Must(t, "SET", fmt.Sprint("key", i), fmt.Sprint("value", i)), "+OK")
		client.Close()
	}
	first.Process.Kill()
	began := time.Now()
	blackbox.Expect(t, rest[0].Connect(t).Must(t, "SET", "after", "the kill"), "+OK")
	failover := time.Since(began)
	t.Logf("a write right after kill -9 of the leader took %v", failover)
	if failover > failoverLimit {
		t.Errorf("a write right after kill -9 of the leader took %v, more than %v", failover, failoverLimit)
	}
	for _, n := range rest {
		client := n.Connect(t)
		for i := range keys {
			blackbox.Expect(t, client.Must(t, "GET", fmt.Sprint("key", i)), strconv.Quote(fmt.Sprint("value", i)))
		}
		blackbox.Expect(t, client.Must(t, "GET", "after"), `"the kill"`)
	}
	c.Start(first)
	first.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.Expect(t, first.Connect(t).Must(t, "GET", "after"), `"the kill"`)
}

func TestKill_AMajorityContinuesWithoutAnyOneNode(t *testing.T) {
	c := blackbox.StartCluster(t, 3, blackbox.HastyElections...)
	for round := range 2 {
		for _, victim := range c.Nodes {
			victim.Process.Kill()
			key := fmt.Sprintf("without %d in round %d", victim.Number, round)
			for _, n := range c.Others(victim) {
				blackbox.Expect(t, n.Connect(t).Must(t, "INCR", key), []string{":1", ":2"}[slices.Index(c.Others(victim), n)])
			}
			c.Start(victim)
			victim.Process.AwaitReady(blackbox.ReadyLimit)
			blackbox.Expect(t, victim.Connect(t).Must(t, "GET", key), `"2"`)
		}
	}
}

// B14: A node is down while the others write. When it returns it finds everything, including what the others no longer
// keep in memory.
func TestKill_ANodeThatWasAwayCatchesUp(t *testing.T) {
	c := blackbox.StartCluster(t, 3, blackbox.HastyElections...)
	away := c.Others(blackbox.Leader(t, c.Nodes))[0]
	away.Process.Kill()
	client := c.Others(away)[0].Connect(t)
	const keys, valueBytes = 400, 64 << 10
	value := fmt.Sprintf("%0*d", valueBytes, 7)
	for i := range keys {
		blackbox.Expect(t, client.Must(t, "SET", fmt.Sprint("large", i), value), "+OK")
	}
	c.Start(away)
	away.Process.AwaitReady(blackbox.ReadyLimit)
	reader := away.Connect(t)
	for i := range keys {
		if got := reader.Must(t, "GET", fmt.Sprint("large", i)); got.Text != value {
			t.Fatalf("large%d has %d bytes of %d", i, len(got.Text), valueBytes)
		}
	}
	if facts, err := blackbox.Info(away.Port, "raft"); err != nil || facts["raft_state"] != "up" {
		t.Errorf("raft_state is %q, %v", facts["raft_state"], err)
	}
	blackbox.Eventually(t, blackbox.EffectLimit, "all nodes have applied the same index", func() bool {
		indexes := map[string]bool{}
		for _, n := range c.Nodes {
			facts, err := blackbox.Info(n.Port, "raft")
			if err != nil {
				return false
			}
			indexes[facts["raft_last_applied_index"]] = true
		}
		return len(indexes) == 1
	})
}
