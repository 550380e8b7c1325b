package main_test

import (
	"testing"
	"time"
)

// What a failover may cost. With the default options an election begins 300 to 600 ms after the last word of the
// leader, and the earlier of two survivors begins it: 400 ms on average, and then some round trips and syncs. The
// longest time has room for a split vote and for a machine that does much else.
const (
	failoverMedianMost = 600 * time.Millisecond
	failoverMost       = 2 * time.Second
	failoverRounds     = 20
)

// With the race detector the program is several times slower, and so are elections under full load.
const (
	racedFailoverMedianMost = 2 * failoverMedianMost
	racedFailoverMost       = 2 * failoverMost
	racedFailoverRounds     = 5
)

// A leader is killed under full load, again and again. The clients of the others see a slow reply, and nothing else.
func TestFailover_ClientsOfSurvivorsSeeOnlyASlowReplyWhenTheLeaderIsKilled(t *testing.T) {
	rounds, medianMost, most := failoverRounds, failoverMedianMost, failoverMost
	if raceDetector {
		rounds, medianMost, most = racedFailoverRounds, racedFailoverMedianMost, racedFailoverMost
	}
	const settled = 100
	c := startCluster(t, 3)
	w := newWriting()
	w.stopWith(t)
	var gaps, waits outages
	for range rounds {
		victim := leader(t, c.nodes)
		w.begin(c.others(victim), nil)
		w.awaitAnswered(t, settled)
		killed := time.Now()
		victim.process.Kill()
		w.awaitAnswered(t, settled)
		w.end(t)
		gap, slowest := w.silence(killed)
		gaps, waits = append(gaps, gap), append(waits, slowest)
		c.start(victim)
		victim.process.AwaitReady(readyLimit)
	}
	gaps.judge(t, "time without an acknowledgement after kill -9 of the leader", medianMost, most)
	waits.judge(t, "slowest reply of a round", most, most)
	for _, n := range c.nodes {
		w.verify(t, n)
	}
}
