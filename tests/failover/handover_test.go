package failover_test

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
	maxHandOverMedian = 200 * time.Millisecond
	maxHandOver       = 300 * time.Millisecond
	handOverRounds    = 10
)

// The same with the race detector, which makes everything several times slower.
const (
	maxRacedHandOverMedian = 2 * maxHandOverMedian
	maxRacedHandOver       = 2 * maxHandOver
	racedHandOverRounds    = 5
)

// A leader stops under full load, again and again. Clients of the others see a slow reply and no error. The leader
// answers its own clients all that it has read; then their connections end.
func TestHandOver_ClientsSeeASlowReplyWhenALeaderStops(t *testing.T) {
	rounds, maxMedian, limit := handOverRounds, maxHandOverMedian, maxHandOver
	if blackbox.RaceDetector {
		rounds, maxMedian, limit = racedHandOverRounds, maxRacedHandOverMedian, maxRacedHandOver
	}
	const settled = 100
	c := blackbox.StartCluster(t, 3)
	w := blackbox.NewWriters()
	w.StopWith(t)
	var gaps, waits blackbox.Outages
	for round := range rounds {
		leaving := blackbox.Leader(t, c.Nodes)
		w.Begin(c.Nodes, leaving)
		w.AwaitAnswered(t, settled)
		signalled := time.Now()
		leaving.Process.Signal(syscall.SIGTERM)
		if code := leaving.Process.ExitCode(blackbox.StopLimit); code != 0 {
			t.Errorf("round %d: the exit code is %d, want 0", round, code)
		}
		w.AwaitAnswered(t, settled)
		w.End(t)
		gap, slowest := w.Silence(signalled)
		gaps, waits = append(gaps, gap), append(waits, slowest)
		if strings.Contains(leaving.Process.Err(), "cut off") {
			t.Errorf("round %d: node %d cut clients off instead of answering them", round, leaving.Number)
		}
		c.Start(leaving)
		leaving.Process.AwaitReady(blackbox.ReadyLimit)
	}
	gaps.Check(t, "time without an acknowledgement after SIGTERM of the leader", maxMedian, limit)
	waits.Check(t, "slowest reply of a round", limit, maxFailover)
	for _, n := range c.Nodes {
		w.Verify(t, n)
	}
}

// askedLimit is how long a follower that was told to take over may take to lead.
const askedLimit = time.Second

// Operators send CLUSTER FAILOVER to the node that shall lead. Clients see no error, those of the old leader included.
func TestHandOver_AFollowerTakesOverWithinASecond(t *testing.T) {
	limit, rounds := askedLimit, 5
	if blackbox.RaceDetector {
		limit = 2 * askedLimit
	}
	const settled = 100
	c := blackbox.StartCluster(t, 3)
	w := blackbox.NewWriters()
	w.StopWith(t)
	var gaps blackbox.Outages
	w.Begin(c.Nodes, nil)
	for range rounds {
		w.AwaitAnswered(t, settled)
		chosen := c.Others(blackbox.Leader(t, c.Nodes))[0]
		client := chosen.Connect(t)
		asked := time.Now()
		blackbox.Expect(t, client.Must(t, "CLUSTER", "FAILOVER"), "+OK")
		blackbox.Eventually(t, limit, "node "+strconv.Itoa(chosen.Number)+" leads", func() bool {
			facts, err := blackbox.Info(chosen.Port, "raft")
			return err == nil && facts["raft_role"] == "leader"
		})
		gaps = append(gaps, time.Since(asked))
		blackbox.Expect(t, client.Must(t, "CLUSTER", "FAILOVER"), "-ERR You should send CLUSTER FAILOVER to a replica: "+
			"this node leads already. Send it to the node that shall lead")
		client.Close()
	}
	w.AwaitAnswered(t, settled)
	w.End(t)
	gaps.Check(t, "time from CLUSTER FAILOVER to the new leader", limit, limit)
	for _, n := range c.Nodes {
		w.Verify(t, n)
	}
}

// The same as people do it.
func TestHandOver_RedisCLIAsksAFollowerToTakeOver(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	chosen := c.Others(blackbox.Leader(t, c.Nodes))[0]
	output := blackbox.RedisCLI(t, "-p", strconv.Itoa(chosen.Port), "CLUSTER", "FAILOVER")
	if output != "OK\n" {
		t.Fatalf("CLUSTER FAILOVER in redis-cli says %q", output)
	}
	blackbox.AwaitFact(t, chosen, "raft_role", "leader")
	if got := blackbox.RedisCLI(t, "-p", strconv.Itoa(chosen.Port), "ROLE"); !strings.HasPrefix(got, "master\n") {
		t.Errorf("ROLE of the new leader is %q", got)
	}
}
