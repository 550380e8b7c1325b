package failover_test

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// Pauses are spread evenly over the logarithms between these two, both included: most are about as long as an election
// takes, a few are much longer.
const (
	shortestPause = 200 * time.Millisecond
	longestPause  = 10 * time.Second
	pauseRounds   = 12
	racedPauses   = 5
)

// pauses are the times of some pauses in the order in which they are made.
func pauses(rng *rand.Rand, rounds int) (spread []time.Duration) {
	growth := math.Log(float64(longestPause) / float64(shortestPause))
	for i := range rounds {
		factor := math.Exp(growth * float64(i) / float64(rounds-1))
		spread = append(spread, time.Duration(math.Round(factor*float64(shortestPause))))
	}
	rng.Shuffle(rounds, func(i, k int) { spread[i], spread[k] = spread[k], spread[i] })
	return spread
}

// C1, B18: A leader stops for a while, as a virtual machine does that is moved, and continues as if no time had passed:
// requests wait in its sockets, messages in its mailboxes, and it believes that it leads. No client of any node may
// read the past. Two clients of six wait during the whole pause; the new leader answers the others.
func TestPause_NoClientReadsThePast(t *testing.T) {
	seed, rounds := blackbox.SeedOf(t), pauseRounds
	if blackbox.RaceDetector {
		rounds = racedPauses
	}
	c := blackbox.StartCluster(t, 3)
	r := &recorder{began: time.Now()}
	for _, n := range c.Nodes {
		r.ports = append(r.ports, n.Port)
	}
	var running sync.WaitGroup
	for id := range checkClients {
		rng := rand.New(rand.NewPCG(seed, uint64(id)+1))
		running.Go(func() { r.client(id, rng) })
	}
	t.Cleanup(func() {
		r.stopped.Store(true)
		running.Wait()
	})
	deposed := 0
	const operations = 200
	for _, length := range pauses(rand.New(rand.NewPCG(seed, 0)), rounds) {
		r.awaitCompleted(t, operations)
		victim := blackbox.Leader(t, c.Nodes)
		blackbox.Freeze(t, victim)
		over := time.NewTimer(length)
		<-over.C // the length of the pause is what is tested
		if someLeads(c.Others(victim)) {
			deposed++
		}
		victim.Thaw()
	}
	r.awaitCompleted(t, operations)
	r.stopped.Store(true)
	running.Wait()
	t.Logf("%d pauses, in %d of which another node came to lead", rounds, deposed)
	if deposed < rounds/2 {
		t.Errorf("another node came to lead in %d of %d pauses: the test did not test much", deposed, rounds)
	}
	judgeHistory(t, r.history, seed)
}

// someLeads reports whether one of some nodes says that it leads.
func someLeads(nodes []*blackbox.Node) bool {
	for _, n := range nodes {
		if facts, err := blackbox.Info(n.Port, "raft"); err == nil && facts["raft_role"] == "leader" {
			return true
		}
	}
	return false
}

// The spread of pauses includes both ends and repeats from its seed.
func TestPause_LengthsIncludeTheShortestAndTheLongest(t *testing.T) {
	for _, rounds := range []int{racedPauses, pauseRounds} {
		made, again := pauses(rand.New(rand.NewPCG(7, 0)), rounds), pauses(rand.New(rand.NewPCG(7, 0)), rounds)
		ends := map[time.Duration]int{}
		for i, length := range made {
			if length < shortestPause || length > longestPause || length != again[i] {
				t.Errorf("pause %d of %d is %v, then %v", i, rounds, length, again[i])
			}
			ends[length]++
		}
		if ends[shortestPause] != 1 || ends[longestPause] != 1 || len(made) != rounds {
			t.Errorf("%v do not include both ends once", made)
		}
	}
}
