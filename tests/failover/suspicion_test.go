package failover_test

import (
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// patientMillis is an election timeout that no busy machine comes near to: what is shorter did not wait for it.
const (
	patientMillis = "3000"
	patientMin    = 3 * time.Second
	patientMax    = 2 * patientMin
)

const (
	// maxNoticed bounds what the end of the leader's process costs, in the median: some tens of milliseconds on a machine
	// that has nothing else to do. Now and then votes are divided, and an election timeout passes.
	maxNoticed    = time.Second
	noticedRounds = 5
	// minUnnoticed is what a leader costs that falls silent and closes nothing: an election timeout, less what passed of
	// it when the last write was answered.
	minUnnoticed = patientMin - 500*time.Millisecond
)

// outage strikes the leader while others write, and returns for how long no write was answered.
func outage(t *testing.T, c *blackbox.Cluster, w *blackbox.Writers, strike func(leader *blackbox.Node)) time.Duration {
	t.Helper()
	const settled = 100
	leader := blackbox.Leader(t, c.Nodes)
	w.Begin(c.Others(leader), nil)
	w.AwaitAnswered(t, settled)
	struck := time.Now()
	strike(leader)
	w.AwaitAnswered(t, settled)
	w.End(t)
	silence, _ := w.Silence(struck)
	return silence
}

// The process of the leader ends: the survivors do not wait for an election timeout, on the event loop and without it.
func TestFailover_TheEndOfAProcessIsNoticed(t *testing.T) {
	for _, loop := range []string{"yes", "no"} {
		t.Run("event-loop="+loop, func(t *testing.T) {
			c := blackbox.StartCluster(t, 3, "--election-millis", patientMillis, "--event-loop="+loop)
			w := blackbox.NewWriters()
			w.StopWith(t)
			var outages blackbox.Outages
			for range noticedRounds {
				var killed *blackbox.Node
				outages = append(outages, outage(t, c, w, func(leader *blackbox.Node) {
					killed = leader
					leader.Process.Kill()
				}))
				c.Start(killed)
				killed.Process.AwaitReady(blackbox.ReadyLimit)
			}
			outages.Check(t, "time without an acknowledgement after kill -9 of the leader", maxNoticed, 2*patientMax)
			for _, n := range c.Nodes {
				w.Verify(t, n)
			}
		})
	}
}

// A17: A leader that is stopped closes nothing, and may go on at any moment: the others wait for their election
// timeout.
func TestFailover_ASilentLeaderIsWaitedFor(t *testing.T) {
	c := blackbox.StartCluster(t, 3, "--election-millis", patientMillis)
	w := blackbox.NewWriters()
	w.StopWith(t)
	var stopped *blackbox.Node
	silence := outage(t, c, w, func(leader *blackbox.Node) {
		stopped = leader
		blackbox.Freeze(t, leader)
	})
	if silence < minUnnoticed || silence > 2*patientMax {
		t.Errorf("no write was acknowledged for %v, want %v to %v", silence, minUnnoticed, 2*patientMax)
	}
	stopped.Thaw()
	for _, n := range c.Nodes {
		w.Verify(t, n)
	}
}
