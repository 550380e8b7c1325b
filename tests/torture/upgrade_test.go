package torture_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/torture"
)

// upgradedNodes run the older or the newer build after each start. In the first half one node keeps the older build, so
// that the others may be set back: the level of the cluster is not raised. The first start of another node is an
// upgrade, whatever the seed, and so is each start in the second half.
type upgradedNodes struct {
	tortureNodes
	rng      *rand.Rand
	half     time.Time
	upgraded *int
}

// keeper is the node that keeps the older build in the first half.
const keeper = 0

func (c upgradedNodes) Start(node int) error {
	n, before := c.cluster.Nodes[node], c.cluster.Nodes[node].Newer
	n.Newer = time.Now().After(c.half) || node != keeper && (*c.upgraded == 0 || c.rng.IntN(3) > 0)
	if n.Newer != before {
		*c.upgraded++
	}
	return c.tortureNodes.Start(node)
}

// upgradeSeconds is how long nodes are upgraded under torture: a fixed time in an ordinary run, or what the environment
// says.
func upgradeSeconds(t *testing.T) time.Duration {
	t.Helper()
	const variable = "RAFTREDIS_UPGRADE_SECONDS"
	seconds := 10
	if text := os.Getenv(variable); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil || seconds < 1 {
			t.Fatalf("%s is %q; it is a number of seconds", variable, text)
		}
	}
	return time.Duration(seconds) * time.Second
}

// S39: all faults that one machine allows happen while nodes are upgraded, and set back as long as that is allowed. No
// client gets a wrong answer, no node meets what it cannot read, and at the end the level is raised. Longer, with other
// faults:
//
//	RAFTREDIS_SEED=7 RAFTREDIS_UPGRADE_SECONDS=300 go test ./tests/torture -run '^TestUpgrade' -timeout 15m -v
func TestUpgrade_UnderAllFaults(t *testing.T) {
	seed, changes := blackbox.SeedOf(t), 0
	c, network := blackbox.StartGatedCluster(t, 3, "--uncertain-after-millis", "3000",
		"--snapshot-log-bytes", "64kb", "--repl-backlog-size", "64kb", "--compare-entries", "64")
	duration := upgradeSeconds(t)
	nodes := upgradedNodes{
		tortureNodes: tortureNodes{c}, rng: rand.New(rand.NewPCG(seed, 43)), half: time.Now().Add(duration / 2),
		upgraded: &changes,
	}
	runTorture(t, c, torture.Options{
		Seed: seed, Duration: duration, Nodes: nodes, Network: network, Disks: nodes, BallastBytes: 16 << 10,
		Opening: []torture.Kind{torture.StopOne, torture.KillAll},
	})
	t.Logf("a node was started with another build than before %d times", changes)
	if changes == 0 {
		t.Fatal("no node was started with another build under faults")
	}
	for node, n := range c.Nodes {
		if n.Newer {
			continue
		}
		n.Process.Signal(syscall.SIGTERM)
		if code := n.Process.ExitCode(blackbox.StopLimit); code != 0 {
			t.Fatalf("node %d ends with %d", n.Number, code)
		}
		if err := nodes.Start(node); err != nil {
			t.Fatal(err)
		}
		n.Process.AwaitReady(blackbox.ReadyLimit)
	}
	for _, n := range c.Nodes {
		blackbox.AwaitFact(t, n, "raft_feature_level", "2")
	}
}
