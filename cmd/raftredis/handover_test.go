package main_test

import (
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// What it may cost that a leader is told to stop. It hands its office over to a node that has everything, which needs a
// few round trips and one sync instead of an election's timeout. The shortest of these is the longest time allowed: a
// round that takes as long has waited for an election after all.
const (
	handOverMedianMost = 200 * time.Millisecond
	handOverMost       = 300 * time.Millisecond
	handOverRounds     = 10
)

// The same with the race detector, which makes everything several times slower.
const (
	racedHandOverMedianMost = 2 * handOverMedianMost
	racedHandOverMost       = 2 * handOverMost
	racedHandOverRounds     = 5
)

// A leader is told to stop under full load, again and again. Clients of the others see a slow reply, and nothing else.
// Its own clients are answered all that it has read; then their connections end.
func TestHandOver_ClientsHardlyNoticeThatALeaderIsToldToStop(t *testing.T) {
	rounds, medianMost, most := handOverRounds, handOverMedianMost, handOverMost
	if raceDetector {
		rounds, medianMost, most = racedHandOverRounds, racedHandOverMedianMost, racedHandOverMost
	}
	const settled = 100
	c := startCluster(t, 3)
	w := newWriting()
	w.stopWith(t)
	var gaps, waits outages
	for round := range rounds {
		leaving := leader(t, c.nodes)
		w.begin(c.nodes, leaving)
		w.awaitAnswered(t, settled)
		told := time.Now()
		leaving.process.Signal(syscall.SIGTERM)
		if code := leaving.process.ExitCode(stopLimit); code != 0 {
			t.Errorf("round %d: the exit code is %d, want 0", round, code)
		}
		w.awaitAnswered(t, settled)
		w.end(t)
		gap, slowest := w.silence(told)
		gaps, waits = append(gaps, gap), append(waits, slowest)
		if strings.Contains(leaving.process.Err(), "cut off") {
			t.Errorf("round %d: node %d cut clients off instead of answering them", round, leaving.number)
		}
		c.start(leaving)
		leaving.process.AwaitReady(readyLimit)
	}
	gaps.judge(t, "time without an acknowledgement after SIGTERM of the leader", medianMost, most)
	waits.judge(t, "slowest reply of a round", most, failoverMost)
	for _, n := range c.nodes {
		w.verify(t, n)
	}
}

// askedLimit is how long a follower that was told to take over may take to lead.
const askedLimit = time.Second

// CLUSTER FAILOVER is for operators who want a node to lead. Nobody else notices: all clients, those of the old leader
// too, are answered as ever.
func TestHandOver_AFollowerThatIsAskedToTakeOverLeadsWithinASecond(t *testing.T) {
	limit, rounds := askedLimit, 5
	if raceDetector {
		limit = 2 * askedLimit
	}
	const settled = 100
	c := startCluster(t, 3)
	w := newWriting()
	w.stopWith(t)
	var gaps outages
	w.begin(c.nodes, nil)
	for range rounds {
		w.awaitAnswered(t, settled)
		chosen := c.others(leader(t, c.nodes))[0]
		client := chosen.connect(t)
		asked := time.Now()
		expect(t, client.Must(t, "CLUSTER", "FAILOVER"), "+OK")
		blackbox.Eventually(t, limit, "node "+strconv.Itoa(chosen.number)+" leads", func() bool {
			facts, err := info(chosen.port, "raft")
			return err == nil && facts["raft_role"] == "leader"
		})
		gaps = append(gaps, time.Since(asked))
		expect(t, client.Must(t, "CLUSTER", "FAILOVER"), "-ERR You should send CLUSTER FAILOVER to a replica")
		client.Close()
	}
	w.awaitAnswered(t, settled)
	w.end(t)
	gaps.judge(t, "time from CLUSTER FAILOVER to the new leader", limit, limit)
	for _, n := range c.nodes {
		w.verify(t, n)
	}
}

// The same as people do it.
func TestHandOver_RedisCLIAsksAFollowerToTakeOver(t *testing.T) {
	c := startCluster(t, 3)
	chosen := c.others(leader(t, c.nodes))[0]
	output := redisCLI(t, "-p", strconv.Itoa(chosen.port), "CLUSTER", "FAILOVER")
	if output != "OK\n" {
		t.Fatalf("CLUSTER FAILOVER in redis-cli says %q", output)
	}
	awaitFact(t, chosen, "raft_role", "leader")
	if got := redisCLI(t, "-p", strconv.Itoa(chosen.port), "ROLE"); !strings.HasPrefix(got, "master\n") {
		t.Errorf("ROLE of the new leader is %q", got)
	}
}
