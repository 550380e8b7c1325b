package failover_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// diskElectionMillis is far more than a busy machine holds up a process, and less than the slowest disk below takes for
// a sync.
const diskElectionMillis = 1000

// newDiskCluster is a running cluster on event loops, whose disks a test can make slow.
func newDiskCluster(t *testing.T) *blackbox.Cluster {
	t.Helper()
	c := blackbox.NewCluster(t, 3, "--event-loop=yes", "--heartbeat-millis", "100",
		"--election-millis", strconv.Itoa(diskElectionMillis))
	for _, n := range c.Nodes {
		n.Spoilable = true
	}
	c.StartAll()
	return c
}

// F20, P8: no disk is so slow that a heartbeat waits for it, and one that syncs at all costs no leadership.
func TestDisks_SlowOnesCostNoElection(t *testing.T) {
	c := newDiskCluster(t)
	leader := blackbox.Leader(t, c.Nodes)
	client := leader.Connect(t)
	term := func() string {
		facts, err := blackbox.Info(leader.Port, "raft")
		if err != nil {
			t.Fatal(err)
		}
		return facts["raft_current_term"] + " " + facts["raft_role"]
	}
	before := term()
	for _, millis := range []time.Duration{1, 10, 100, 1500} {
		sync := millis * time.Millisecond
		for _, n := range c.Nodes {
			c.SlowDisk(n, sync)
		}
		commands, began := 0, time.Now()
		for time.Since(began) < diskElectionMillis*time.Millisecond || commands < 2 {
			blackbox.Expect(t, client.Must(t, "SET", "key", sync.String()), "+OK")
			commands++
		}
		t.Logf("%v a sync: %v for a SET", sync, time.Since(began)/time.Duration(commands))
		if now := term(); now != before {
			t.Errorf("with disks that take %v for a sync it went from %s to %s", sync, before, now)
		}
	}
}

// F19, P8: the disk of the leader hangs. Another node leads, by which commands go on; the old leader answers what needs
// no log, and takes part again when its disk does.
func TestDisks_OneThatHangsCostsLeadershipOnly(t *testing.T) {
	c := newDiskCluster(t)
	leader := blackbox.Leader(t, c.Nodes)
	client := leader.Connect(t)
	blackbox.Expect(t, client.Must(t, "SET", "key", "before"), "+OK")
	c.SlowDisk(leader, time.Hour)
	began := time.Now()
	blackbox.Expect(t, client.Must(t, "SET", "key", "while it hangs"), "+OK")
	next := blackbox.Leader(t, c.Others(leader))
	t.Logf("another node leads after %v", time.Since(began))
	blackbox.Expect(t, next.Connect(t).Must(t, "SET", "key", "later"), "+OK")
	blackbox.Expect(t, client.Must(t, "PING"), "+PONG")
	blackbox.Eventually(t, blackbox.EffectLimit, "the old leader knows that it leads no more", func() bool {
		facts, err := blackbox.Info(leader.Port, "raft")
		return err == nil && facts["raft_role"] != "leader"
	})
	c.SlowDisk(leader, 0)
	blackbox.Expect(t, client.Must(t, "SET", "key", "after"), "+OK")
}
