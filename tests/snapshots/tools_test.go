package snapshots_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// snapshotsOf are the files of whole snapshots of a node.
func snapshotsOf(t testing.TB, c *blackbox.Cluster, n *blackbox.Node) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(c.DirectoryOf(n), "snapshots", "*.snapshot"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// Redis's own client asks for snapshots, as it does of Redis.
func TestSnapshots_RedisCLISavesAndAsksWhen(t *testing.T) {
	c := blackbox.StartCluster(t, 1)
	n := c.Nodes[0]
	port := strconv.Itoa(n.Port)
	began, err := strconv.Atoi(strings.TrimSpace(blackbox.RedisCLI(t, "-p", port, "LASTSAVE")))
	if err != nil || began == 0 {
		t.Fatalf("before the first snapshot LASTSAVE is %d, %v; want when the node was started", began, err)
	}
	blackbox.FillKeys(t, c.Nodes, 1000, 1)
	if said := blackbox.RedisCLI(t, "-p", port, "BGSAVE"); said != "Background saving started\n" {
		t.Errorf("BGSAVE was answered %q", said)
	}
	blackbox.Eventually(t, blackbox.EffectLimit, "the snapshot is written", func() bool {
		return len(snapshotsOf(t, c,
			n)) == 1
	})
	facts, err := blackbox.Info(n.Port, "persistence")
	if err != nil || facts["rdb_last_bgsave_status"] != "ok" {
		t.Errorf("rdb_last_bgsave_status is %q, %v", facts["rdb_last_bgsave_status"], err)
	}
	blackbox.FillKeys(t, c.Nodes, 1000, 2)
	if said := blackbox.RedisCLI(t, "-p", port, "SAVE"); said != "OK\n" {
		t.Errorf("SAVE was answered %q", said)
	}
	if files := snapshotsOf(t, c, n); len(files) != 2 { // the one in force and the one before it
		t.Errorf("the snapshots are %v", files)
	}
	// Nothing has changed: everything is saved already, and that is what was asked for.
	if said := blackbox.RedisCLI(t, "-p", port, "SAVE"); said != "OK\n" || len(snapshotsOf(t, c, n)) != 2 {
		t.Errorf("SAVE with nothing new was answered %q, and the snapshots are %v", said, snapshotsOf(t, c, n))
	}
	if last, err := strconv.Atoi(strings.TrimSpace(blackbox.RedisCLI(t, "-p", port, "LASTSAVE"))); err != nil ||
		last < began {
		t.Errorf("LASTSAVE is %d, %v; it was %d", last, err, began)
	}
	expectRestored(t, c, n)
}

// expectRestored checks that a node that was killed and started again has everything, and says which snapshot it
// started from.
func expectRestored(t *testing.T, c *blackbox.Cluster, n *blackbox.Node) {
	t.Helper()
	n.Process.Kill()
	c.Start(n)
	n.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.VerifyFilled(t, n, 1000, 2)
	index := n.RaftNumber(t, "raft_snapshot_last_idx")
	code, said := blackbox.Run(t, "inspect", "--dir", c.DirectoryOf(n), "--verify-snapshots")
	at := "snapshot: at " + strconv.Itoa(index)
	for _, text := range []string{at, "bytes, in force\n", "bytes, retained\n", "whole: "} {
		if code != 0 || !strings.Contains(said, text) {
			t.Errorf("inspect ends with %d and does not say %q:\n%s", code, text, said)
		}
	}
}

// E6, E9: The newest snapshot is damaged while a node is down. It says so, goes back to the one before, and has
// everything.
func TestSnapshots_ADamagedOneIsNamedAndTheOlderUsed(t *testing.T) {
	c := blackbox.StartCluster(t, 1)
	n := c.Nodes[0]
	for round := range 2 {
		blackbox.FillKeys(t, c.Nodes, 1000, round+1)
		blackbox.Expect(t, n.Connect(t).Must(t, "SAVE"), "+OK")
	}
	n.Process.Signal(syscall.SIGTERM)
	n.Process.ExitCode(blackbox.StopLimit)
	newest := snapshotsOf(t, c, n)[1] // names are in the order of the log
	blackbox.FlipBit(t, newest, 2000)
	c.Start(n)
	n.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.VerifyFilled(t, n, 1000, 2)
	said := n.Process.Err()
	if !strings.Contains(said, filepath.Base(newest)) || !strings.Contains(said, "corrupt at offset") {
		t.Errorf("the node does not say what is damaged:\n%s", said)
	}
}

// E9: Both snapshots are damaged, and the log does not reach back: nothing is served, and what is left is not touched.
func TestSnapshots_WithoutAWholeOneANodeDoesNotStart(t *testing.T) {
	c := blackbox.StartCluster(t, 1)
	n := c.Nodes[0]
	for round := range 2 {
		blackbox.FillKeys(t, c.Nodes, 1000, round+1)
		blackbox.Expect(t, n.Connect(t).Must(t, "SAVE"), "+OK")
	}
	n.Process.Signal(syscall.SIGTERM)
	n.Process.ExitCode(blackbox.StopLimit)
	for _, path := range snapshotsOf(t, c, n) {
		blackbox.FlipBit(t, path, 2000)
	}
	before := snapshotsOf(t, c, n)
	code, said := blackbox.Run(t, c.Arguments(n)...)
	if code != 70 || !strings.Contains(said, filepath.Base(before[1])) || !strings.Contains(said, "corrupt at offset") {
		t.Errorf("exit code %d, want 70, and the file and the offset in:\n%s", code, said)
	}
	for _, path := range before {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("it was touched: %v", err)
		}
	}
}
