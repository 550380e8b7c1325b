package snapshots_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/torture"
)

// slowTransfers make a snapshot of what fillKeys writes take some seconds on its way, so that there is a middle.
var slowTransfers = []string{"--snapshot-bytes-per-second", "4mb"}

// middleBytes of a snapshot that were received are its middle: more than the first pieces, and far from all.
const middleBytes = 2 << 20

// awayWhileKeysAreWritten kills a follower, writes until no other node has the entries that it lacks, and
// starts it again when the others have a snapshot of all that was written: with an earlier one, a small one, it would
// return before the test has looked, and have the rest from the log.
func awayWhileKeysAreWritten(t *testing.T, c *blackbox.Cluster) (away *blackbox.Node) {
	t.Helper()
	away = c.Others(blackbox.Leader(t, c.Nodes))[0]
	blackbox.FillKeys(t, c.Nodes, blackbox.FilledKeys/100, 1)
	knows := away.RaftNumber(t, "raft_current_index")
	away.Process.Kill()
	other := c.Others(away)[0].Connect(t)
	for _, line := range []string{"SELECT 3", "SET apart 3", "SWAPDB 3 15", "SELECT 0"} {
		blackbox.Expect(t, other.Must(t, strings.Fields(line)...), "+OK")
	}
	blackbox.FillKeys(t, c.Others(away), blackbox.FilledKeys, 2)
	blackbox.AwaitCompacted(t, c.Others(away), knows)
	blackbox.AwaitSnapshots(t, c.Others(away))
	c.Start(away)
	return away
}

// expectDatabases says that a node has what was written to another database than 0, which was swapped.
func expectDatabases(t *testing.T, away *blackbox.Node) {
	t.Helper()
	client := away.Connect(t)
	for _, c := range []struct{ database, want string }{{"15", `"3"`}, {"3", "(nil)"}} {
		blackbox.Expect(t, client.Must(t, "SELECT", c.database), "+OK")
		blackbox.Expect(t, client.Must(t, "GET", "apart"), c.want)
	}
}

// expectReturned says that a node has come back by a snapshot, and has everything that the others have.
func expectReturned(t *testing.T, c *blackbox.Cluster, away *blackbox.Node) {
	t.Helper()
	away.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.ExpectEqualStates(t, c.Nodes)
	if received := away.RaftNumber(t, "raft_snapshots_received"); received < 1 {
		t.Errorf("node %d has received %d snapshots", away.Number, received)
	}
	blackbox.VerifyFilled(t, away, blackbox.FilledKeys, 2)
	expectDatabases(t, away)
	for _, n := range c.Nodes { // and they go on together
		blackbox.Expect(t, n.Connect(t).Must(t, "SET", "after", strconv.Itoa(n.Number)), "+OK")
	}
	blackbox.ExpectEqualStates(t, c.Nodes)
}

// E1, E14: A node is away until no other node has the part of the log that it lacks. It returns by a snapshot.
func TestSnapshots_ANodeReturnsByOneAfterALongAbsence(t *testing.T) {
	c := blackbox.StartCluster(t, 3, blackbox.EagerSnapshots...)
	away := awayWhileKeysAreWritten(t, c)
	expectReturned(t, c, away)
	// It is a node like any other: its own log and snapshot carry it through a restart.
	away.Process.Kill()
	c.Start(away)
	expectReturnedByItself(t, c, away)
}

// expectReturnedByItself says that a node has come back without a snapshot of others.
func expectReturnedByItself(t *testing.T, c *blackbox.Cluster, away *blackbox.Node) {
	t.Helper()
	away.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.ExpectEqualStates(t, c.Nodes)
	if received := away.RaftNumber(t, "raft_snapshots_received"); received != 0 {
		t.Errorf("node %d has received %d snapshots since it was started again", away.Number, received)
	}
	blackbox.VerifyFilled(t, away, blackbox.FilledKeys, 2)
	expectDatabases(t, away)
}

// E8: The leader is killed when half of the snapshot is there. Of the three nodes two are left, of which one lacks
// nearly everything: nothing can be written before it has a snapshot of the other one.
func TestSnapshots_TheLeaderIsKilledDuringATransfer(t *testing.T) {
	c := blackbox.StartCluster(t, 3, append(blackbox.EagerSnapshots, slowTransfers...)...)
	away := awayWhileKeysAreWritten(t, c)
	awaitMiddle(t, c, away)
	first := blackbox.Leader(t, c.Others(away))
	first.Process.Kill()
	away.Process.AwaitReady(blackbox.ReadyLimit)
	c.Start(first)
	first.Process.AwaitReady(blackbox.ReadyLimit)
	expectReturned(t, c, away)
}

// awaitMiddle waits until a part of a snapshot has arrived.
func awaitMiddle(t *testing.T, c *blackbox.Cluster, away *blackbox.Node) {
	t.Helper()
	what := fmt.Sprintf("node %d has a part of a snapshot", away.Number)
	blackbox.Eventually(t, blackbox.ReadyLimit, what, func() bool { return c.ReceivedBytes(away) > middleBytes })
}

// E8: The node that fetches a snapshot is cut off in the middle, more than once. It continues where it was.
func TestSnapshots_AnInterruptedTransferContinues(t *testing.T) {
	c, network := blackbox.StartGatedCluster(t, 3, append(blackbox.EagerSnapshots, slowTransfers...)...)
	away := awayWhileKeysAreWritten(t, c)
	const words = "the snapshot could not be fetched"
	for cuts := 1; cuts <= 2; cuts++ {
		awaitMiddle(t, c, away)
		network.Isolate(away.Number-1, torture.Refuse)
		blackbox.Eventually(t, blackbox.EffectLimit, fmt.Sprintf("node %d says %q", away.Number, words), func() bool {
			return strings.Count(away.Process.Err(), words) >= cuts
		})
		before := c.ReceivedBytes(away)
		network.Isolate(away.Number-1, torture.Open)
		blackbox.Eventually(t, blackbox.EffectLimit, "the transfer goes on", func() bool {
			now := c.ReceivedBytes(away)
			if now < before {
				t.Fatalf("of the snapshot there were %d bytes, and are %d: it is fetched anew", before, now)
			}
			return now > before
		})
	}
	expectReturned(t, c, away)
}
