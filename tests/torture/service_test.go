package torture_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/torture"
)

// wrongBy is by how much the clocks of two nodes are wrong.
const wrongBy = time.Hour

// H1, H13, H15, H16, H17, S36: Beside the clients of every run, and under the same faults, 16 clients of three
// libraries have each of their commands executed once, 8 append to topics that 8 others read, 32 contend for locks, and
// registers are compared and set. The connections of these clients break all the time behind what they sent, and two
// clocks are wrong by an hour. No command is done twice or lost, no reader misses an entry, and no two clients have a
// lock at a time. Ten runs of five minutes, each with other faults:
//
//	for seed in $(seq 1 10); do
//	    RAFTREDIS_SEED=$seed RAFTREDIS_TORTURE_SECONDS=300 go test ./tests/torture -run '^TestTorture_Exactly' -count=1 \
//	        -timeout 15m -v >exactly-$seed.log || echo "seed $seed failed: see exactly-$seed.log"
//	done
func TestTorture_ExactlyOnceInOrderAndOneAtATime(t *testing.T) {
	seed := blackbox.SeedOf(t)
	c, network := blackbox.NewGatedCluster(t, 5, "--uncertain-after-millis", "3000",
		"--snapshot-log-bytes", "64kb", "--repl-backlog-size", "64kb", "--compare-entries", "64")
	clocks, rng := blackbox.NewClocks(c), rand.New(rand.NewPCG(seed, 1<<41))
	for _, node := range rng.Perm(len(c.Nodes))[:2] {
		offset := wrongBy
		if rng.IntN(2) == 0 {
			offset = -wrongBy
		}
		clocks.Set(offset, node)
		t.Logf("the clock of node %d is wrong by %v", node, offset)
	}
	c.StartAll()
	var addresses []string
	for _, n := range c.Nodes {
		addresses = append(addresses, blackbox.Address(n.Port))
	}
	doors, err := torture.NewDoors(addresses)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(doors.Close)
	topics, locks, once := torture.NewTopics(), torture.NewLocks(), startOnceClients(t, seed, doors.Addresses())
	report := runTorture(t, c, torture.Options{
		Seed: seed, Duration: tortureSeconds(t), Nodes: tortureNodes{c}, Network: network, Disks: tortureNodes{c},
		BallastBytes: 16 << 10, Clients: conditionalClients, Conditional: true,
		Workloads: []torture.Workload{topics, locks, once}, Doors: doors,
		// A leader serves from memory what its disk has forgotten: only after a restart does a new member need a snapshot.
		Opening: []torture.Kind{torture.SaveOne, torture.KillAll, torture.LoseDisk},
	})
	if report.SnapshotsTaken == 0 || report.SnapshotsInstalled == 0 {
		t.Error("no snapshot was taken, or none was installed: the log was not compacted")
	}
	if topics.Trimmed() == 0 {
		t.Error("no reader met a trim")
	}
	if locks.Refused() == 0 {
		t.Error("no token was refused: no holder was paused beyond its time")
	}
	if once.tally.Lost == 0 || once.tally.Replays == 0 || once.tally.Refused == 0 {
		t.Errorf("nothing was sent again: %v", once)
	}
}

// conditionalClients is how many clients use registers and counters, beside all others.
const conditionalClients = 6
