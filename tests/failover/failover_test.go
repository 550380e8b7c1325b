package failover_test

import (
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// What a failover may cost. The port of the dead process refuses the survivors, and one of them begins an election some
// tens of milliseconds later; then come some round trips and syncs. By election timeouts alone the median would lie
// above this one. The longest time has room for such a timeout, a split vote, and a machine that does much else.
const (
	maxFailoverMedian = 400 * time.Millisecond
	maxFailover       = 2 * time.Second
	failoverRounds    = 20
)

// With the race detector the program is several times slower, and so are elections under full load.
const (
	maxRacedFailoverMedian = 2 * maxFailoverMedian
	maxRacedFailover       = 2 * maxFailover
	racedFailoverRounds    = 5
)

// A leader is killed under full load, again and again. The clients of the others see a slow reply, and nothing else.
func TestFailover_ClientsOfSurvivorsSeeOnlyASlowReply(t *testing.T) {
	rounds, maxMedian, limit := failoverRounds, maxFailoverMedian, maxFailover
	if blackbox.RaceDetector {
		rounds, maxMedian, limit = racedFailoverRounds, maxRacedFailoverMedian, maxRacedFailover
	}
	const settled = 100
	c := blackbox.StartCluster(t, 3)
	w := blackbox.NewWriters()
	w.StopWith(t)
	var gaps, waits blackbox.Outages
	for range rounds {
		victim := blackbox.Leader(t, c.Nodes)
		w.Begin(c.Others(victim), nil)
		w.AwaitAnswered(t, settled)
		killed := time.Now()
		victim.Process.Kill()
		w.AwaitAnswered(t, settled)
		w.End(t)
		gap, slowest := w.Silence(killed)
		gaps, waits = append(gaps, gap), append(waits, slowest)
		c.Start(victim)
		victim.Process.AwaitReady(blackbox.ReadyLimit)
	}
	gaps.Check(t, "time without an acknowledgement after kill -9 of the leader", maxMedian, limit)
	waits.Check(t, "slowest reply of a round", limit, limit)
	for _, n := range c.Nodes {
		w.Verify(t, n)
	}
}
