package expiry_test

import (
	"fmt"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// How long keys live in these stories, and by how much that may be wrong.
const (
	shortLife = 1500 * time.Millisecond
	longLife  = 10 * time.Minute
	// maxEarlyPart is the part of a relative time by which a key may end early. maxLateRead is how far behind its end
	// a read may begin that finds it: of a read on a busy machine it is not known when it was executed.
	maxEarlyPart = 100
	maxLateRead  = 3 * time.Second
	// roundtrips is what may pass between a command and what is measured of it.
	roundtrips = 30 * time.Second
)

// expectLife sets a key for a relative time and reads it through another node until it is gone: it lives as long as it
// should.
func expectLife(t *testing.T, set, read *blackbox.Client, key string) {
	t.Helper()
	before := time.Now()
	blackbox.Expect(t, set.Must(t, "SET", key, "value", "PX", strconv.FormatInt(shortLife.Milliseconds(), 10)), "+OK")
	after := time.Now()
	blackbox.Eventually(t, blackbox.EffectLimit, key+" is gone", func() bool {
		begin := time.Now()
		gone := read.Must(t, "GET", key).Null
		switch end := time.Now(); {
		case gone && end.Sub(before) < shortLife-shortLife/maxEarlyPart:
			t.Fatalf("%s is gone %v after it was set for %v", key, end.Sub(before), shortLife)
		case !gone && begin.Sub(after) > shortLife+maxLateRead:
			t.Fatalf("%s is there %v after it was set for %v", key, begin.Sub(after), shortLife)
		}
		return gone
	})
}

// expectLeft checks the time left of a key that ends so long after a moment.
func expectLeft(t *testing.T, n *blackbox.Node, key string, since time.Time, life time.Duration) {
	t.Helper()
	reply := n.Connect(t).Must(t, "PTTL", key)
	millis, err := strconv.ParseInt(reply.Text, 10, 64)
	left, wanted := time.Duration(millis)*time.Millisecond, life-time.Since(since)
	if err != nil || left < wanted-roundtrips || left > wanted+roundtrips {
		t.Fatalf("%s has %v left, not %v (%+v)", key, left, wanted, reply)
	}
}

// awaitOffset waits until all nodes know that wall time was corrected to some offset from log time.
func awaitOffset(t *testing.T, c *blackbox.Cluster, wanted time.Duration) {
	t.Helper()
	for _, n := range c.Nodes {
		awaitTime(t, n, "raft_wall_offset_ms", time.Millisecond, wanted, roundtrips)
	}
}

// awaitAhead waits until a node knows by how much its clock is ahead.
func awaitAhead(t *testing.T, n *blackbox.Node, wanted time.Duration) {
	t.Helper()
	awaitTime(t, n, "raft_clock_ahead_seconds", time.Second, wanted, time.Second)
}

// awaitTime waits until a number of units in INFO raft is about a time.
func awaitTime(t *testing.T, n *blackbox.Node, fact string, unit, wanted, slack time.Duration) {
	t.Helper()
	what := fmt.Sprintf("%s of node %d is %v", fact, n.Number, wanted)
	blackbox.Eventually(t, blackbox.EffectLimit, what, func() bool {
		facts, err := blackbox.Info(n.Port, "raft")
		number, notNumber := strconv.ParseInt(facts[fact], 10, 64)
		difference := time.Duration(number)*unit - wanted
		return err == nil && notNumber == nil && difference.Abs() <= slack
	})
}

// in is the moment so long from now in the words of PXAT.
func in(d time.Duration) string { return strconv.FormatInt(time.Now().Add(d).UnixMilli(), 10) }

// S36: Three clocks are an hour ahead. All nodes stop, the clocks are set right, and the nodes start again. A relative
// time that was under way goes on, new ones last as long as they should, and a lock until a moment from now is held.
func TestSetClocks_AcrossAStopOfAllNodes(t *testing.T) {
	c := blackbox.NewCluster(t, 3, blackbox.HastyElections...)
	clocks := blackbox.NewClocks(c)
	clocks.Set(time.Hour, 0, 1, 2)
	c.StartAll()
	client := c.Nodes[0].Connect(t)
	begun := time.Now()
	blackbox.Expect(t, client.Must(t, "SET", "long", "v", "PX", strconv.FormatInt(longLife.Milliseconds(), 10)), "+OK")
	blackbox.Expect(t, client.Must(t, "SET", "ended", "v", "PXAT", in(30*time.Minute)), "+OK")
	blackbox.Expect(t, client.Must(t, "EXISTS", "ended"), ":0")
	for _, n := range c.Nodes {
		n.Process.Signal(syscall.SIGTERM)
	}
	for _, n := range c.Nodes {
		n.Process.ExitCode(blackbox.StopLimit)
	}
	clocks.Set(0, 0, 1, 2)
	c.StartAll()
	first, second := c.Nodes[0].Connect(t), c.Nodes[1].Connect(t)
	lockedAt := time.Now()
	blackbox.Expect(t, first.Must(t, "SET", "lock", "v", "NX", "PXAT", in(longLife)), "+OK")
	expectLeft(t, c.Nodes[1], "lock", lockedAt, longLife)
	expectLeft(t, c.Nodes[2], "long", begun, longLife)
	blackbox.Expect(t, second.Must(t, "EXISTS", "ended"), ":0")
	awaitOffset(t, c, -time.Hour) // and what the stop took, which does not count
	expectLife(t, first, second, "s")
	expectLeft(t, c.Nodes[0], "lock", lockedAt, longLife)
	blackbox.ExpectEqualStates(t, c.Nodes)
}

// S36: The clocks of a majority, then of all, jump by an hour while the cluster runs, and are set right. Relative
// times do not notice; moments are judged by the clocks, within seconds; what has ended stays so. Who is alone with
// its clock says so, and changes nothing.
func TestSetClocks_WhileTheClusterRuns(t *testing.T) {
	c := blackbox.NewCluster(t, 3, blackbox.HastyElections...)
	clocks := blackbox.NewClocks(c)
	c.StartAll()
	first, second := c.Nodes[0].Connect(t), c.Nodes[1].Connect(t)
	begun := time.Now()
	blackbox.Expect(t, first.Must(t, "SET", "long", "v", "PX", strconv.FormatInt(longLife.Milliseconds(), 10)), "+OK")
	blackbox.Expect(t, first.Must(t, "SET", "moment", "v", "PXAT", in(30*time.Minute)), "+OK")

	clocks.Set(time.Hour, 2)
	awaitAhead(t, c.Nodes[2], time.Hour)
	blackbox.AwaitLog(t, c.Nodes[2], "this node's clock differs from the time of the cluster")
	expectLeft(t, c.Nodes[1], "moment", begun, 30*time.Minute)

	clocks.Set(time.Hour, 0)
	expectLife(t, first, second, "s1") // while the clocks are being set
	awaitOffset(t, c, time.Hour)
	blackbox.Eventually(t, blackbox.EffectLimit, "the moment has come", func() bool {
		return second.Must(t, "EXISTS", "moment").Text == "0"
	})
	expectLeft(t, c.Nodes[1], "long", begun, longLife)
	expectLife(t, second, first, "s2")

	clocks.Set(0, 0, 1, 2)
	awaitOffset(t, c, 0)
	blackbox.Expect(t, second.Must(t, "EXISTS", "moment"), ":0")
	lockedAt := time.Now()
	blackbox.Expect(t, first.Must(t, "SET", "lock", "v", "NX", "PXAT", in(longLife)), "+OK")
	expectLeft(t, c.Nodes[1], "lock", lockedAt, longLife)
	expectLeft(t, c.Nodes[2], "long", begun, longLife)
	for _, n := range c.Nodes {
		awaitAhead(t, n, 0)
	}
	blackbox.ExpectEqualStates(t, c.Nodes)
}

// A key of a millisecond is gone two milliseconds later, through whichever node: state time does not trail.
func TestExpiry_AMillisecondIsOver(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	for round := range 30 {
		n := c.Nodes[round%3]
		client := n.Connect(t)
		key := fmt.Sprint("brief", round)
		blackbox.Expect(t, client.Must(t, "SET", key, "v", "PX", "1"), "+OK")
		over := time.NewTimer(2 * time.Millisecond)
		<-over.C
		if reply := client.Must(t, "GET", key); !reply.Null {
			t.Errorf("round %d: node %d still has it: %+v", round, n.Number, reply)
		}
	}
}
