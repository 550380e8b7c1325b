package snapshots_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// compareEntries is how often the states of the nodes of these tests are compared. quarantineLimit is how long a test
// writes until a spoilt one is quarantined: some comparisons, each of them behind as many writes, on a busy machine.
const (
	compareEntries  = 64
	quarantineLimit = time.Minute
)

// spoiltCluster starts three nodes whose states a test can spoil.
func spoiltCluster(t *testing.T, flags ...string) *blackbox.Cluster {
	t.Helper()
	c := blackbox.NewCluster(t, 3, "--compare-entries", strconv.Itoa(compareEntries))
	for _, n := range c.Nodes {
		n.Spoilable, n.Flags = true, flags
	}
	c.StartAll()
	return c
}

// quarantined reports whether a node says that its state is quarantined.
func quarantined(t *testing.T, n *blackbox.Node) bool {
	t.Helper()
	facts, err := blackbox.Info(n.Port, "raft")
	if err != nil {
		t.Fatal(err)
	}
	return facts["raft_state_quarantine"] != "no"
}

// writeUntil writes until a condition holds: states are compared, and verdicts reach the disk, as entries come.
func writeUntil(t *testing.T, writer *blackbox.Client, what string, condition func() bool) {
	t.Helper()
	written := 0
	blackbox.Eventually(t, quarantineLimit, what, func() bool {
		if condition() {
			return true
		}
		blackbox.Expect(t, writer.Must(t, "SET", fmt.Sprint("filler", written), "x"), "+OK")
		written++
		return false
	})
}

// awaitQuarantine spoils a node's state, and writes until it was named.
func awaitQuarantine(t *testing.T, c *blackbox.Cluster, odd *blackbox.Node, spoiling string) {
	t.Helper()
	before := odd.RaftNumber(t, "raft_state_reinstalls")
	writer := c.Others(odd)[0].Connect(t)
	c.Spoil(odd, spoiling)
	named := func() bool { // it may have healed between two looks
		return quarantined(t, odd) || odd.RaftNumber(t, "raft_state_reinstalls") > before
	}
	writeUntil(t, writer, fmt.Sprintf("node %d is quarantined", odd.Number), named)
	blackbox.Eventually(t, blackbox.EffectLimit, "the node has the state of another one, and serves", func() bool {
		return !quarantined(t, odd) && odd.RaftNumber(t, "raft_state_reinstalls") > before
	})
}

// S30: The state of a follower, and of the leader, is spoilt: a bit in a value, a key that is lost, a deadline. It is
// named, serves nothing wrong after that, and heals by itself.
func TestSpoilt_ANodeIsNamedAndHealsByItself(t *testing.T) {
	c := spoiltCluster(t)
	for round, spoiling := range []string{
		"BITFIELD kept OVERFLOW WRAP INCRBY u1 7 1", "DEL kept", "PEXPIRE kept 86400000",
	} {
		odd := blackbox.Leader(t, c.Nodes)
		if round != 1 {
			odd = c.Others(odd)[0]
		}
		writer := c.Others(odd)[0].Connect(t)
		blackbox.Expect(t, writer.Must(t, "SET", "kept", "value"), "+OK")
		awaitQuarantine(t, c, odd, spoiling)
		odd.Process.AwaitReady(blackbox.ReadyLimit)
		blackbox.AwaitHealth(t, odd, "ready")
		blackbox.Expect(t, odd.Connect(t).Must(t, "GET", "kept"), `"value"`)
		if ttl := odd.Connect(t).Must(t, "TTL", "kept"); ttl.String() != writer.Must(t, "TTL", "kept").String() {
			t.Errorf("the deadline on the odd node is %v", ttl)
		}
		blackbox.ExpectEqualStates(t, c.Nodes)
	}
}

// S30: A node whose quarantine is on its disk is killed before it can take over another one's state, and its directory
// says so. After a restart it answers LOADING, until another node gives it a state.
func TestSpoilt_ARestartServesNothingFromTheVoidState(t *testing.T) {
	c := spoiltCluster(t, "--snapshot-bytes-per-second", "512kb") // it takes ten seconds to take over a state
	odd := c.Others(blackbox.Leader(t, c.Nodes))[0]
	others := c.Others(odd)
	blackbox.Expect(t, others[0].Connect(t).Must(t, "SET", "kept", "value"), "+OK")
	writer := others[0].Connect(t)
	for i := range 5 {
		blackbox.Expect(t, writer.Must(t, "SET", fmt.Sprint("bulk", i), strings.Repeat("x", 1<<20)), "+OK")
	}
	c.Spoil(odd, "DEL kept")
	var text string
	recorded := func() bool {
		_, text = blackbox.Run(t, "inspect", "--dir", c.DirectoryOf(odd))
		return strings.Contains(text, "quarantine: the state differed")
	}
	writeUntil(t, writer, "a node is quarantined", func() bool { return quarantined(t, odd) })
	// It counts at once, and is durable with the next operation.
	writeUntil(t, writer, "its directory says so", recorded)
	odd.Process.Kill()
	for _, n := range others {
		n.Process.Kill()
	}
	if !recorded() {
		t.Fatalf("the directory of a quarantined node is described so:\n%s", text)
	}
	c.Start(odd)
	blackbox.AwaitHealth(t, odd, "quarantined")
	if reply := odd.Connect(t).Must(t, "GET", "kept"); !strings.HasPrefix(reply.String(), "-LOADING") {
		t.Errorf("a quarantined node answers %v", reply)
	}
	for _, n := range others {
		n.Flags = nil
		c.Start(n)
	}
	blackbox.AwaitHealth(t, odd, "ready")
	blackbox.Expect(t, odd.Connect(t).Must(t, "GET", "kept"), `"value"`)
}
