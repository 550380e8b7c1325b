package failover_test

import (
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// C1: A leader is paused. Another node leads and writes. The old leader continues as if no time had passed, and must
// not answer a read from its old state.
func TestPause_ALeaderAnswersNoStaleReadAfterwards(t *testing.T) {
	c := blackbox.StartCluster(t, 3, blackbox.HastyElections...)
	for round := range 5 {
		old := blackbox.Leader(t, c.Nodes)
		reader := old.Connect(t)
		before := "before " + strconv.Itoa(round)
		blackbox.Expect(t, reader.Must(t, "SET", "key", before), "+OK")
		blackbox.Expect(t, reader.Must(t, "GET", "key"), strconv.Quote(before))

		old.Process.Signal(syscall.SIGSTOP)
		after := "after " + strconv.Itoa(round)
		blackbox.Expect(t, c.Others(old)[0].Connect(t).Must(t, "SET", "key", after), "+OK")

		// The request waits in the old leader's socket when it wakes up: it may read it before it hears of anything.
		if err := reader.Send([]string{"GET", "key"}); err != nil {
			t.Fatal(err)
		}
		old.Process.Signal(syscall.SIGCONT)
		got, err := reader.Receive()
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		// CLUSTERDOWN would be honest too, but there is a leader, so the read finds it.
		blackbox.Expect(t, got, strconv.Quote(after))
	}
}

// I-7.
func TestMinority_SaysThatItCannotServe(t *testing.T) {
	c := blackbox.StartCluster(t, 3, append(blackbox.HastyElections, "--leader-wait-millis", "500",
		"--uncertain-after-millis", "1500")...)
	left := blackbox.Leader(t, c.Nodes)
	client := left.Connect(t)
	blackbox.Expect(t, client.Must(t, "SET", "key", "value"), "+OK")
	for _, n := range c.Others(left) {
		n.Process.Kill()
	}
	if r := client.Must(t, "SET", "key", "lost"); r.Fate() == blackbox.Done {
		t.Fatalf("a write without a majority was answered %v", r)
	}
	blackbox.Eventually(t, blackbox.EffectLimit, "the leader without followers says that it leads no more", func() bool {
		facts, err := blackbox.Info(left.Port, "raft")
		return err == nil && facts["raft_role"] != "leader" && facts["raft_leader_id"] == "0"
	})
	for _, command := range [][]string{{"GET", "key"}, {"SET", "key", "lost"}} {
		began := time.Now()
		if r := client.Must(t, command...); r.Fate() != blackbox.NotDone {
			t.Errorf("%q without a majority was answered %v, want CLUSTERDOWN", command, r)
		}
		if took := time.Since(began); took > blackbox.EffectLimit {
			t.Errorf("%q without a majority took %v", command, took)
		}
	}
	// What was not done was not done, and the rest goes on when the others are back.
	for _, n := range c.Others(left) {
		c.Start(n)
	}
	c.AwaitReady()
	blackbox.Eventually(t, blackbox.EffectLimit, "the survivor serves again", func() bool {
		return client.Must(t, "GET", "key").Fate() == blackbox.Done
	})
}
