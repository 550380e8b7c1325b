package main_test

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
func (c *cluster) snapshotsOf(n *node) []string {
	c.t.Helper()
	paths, err := filepath.Glob(filepath.Join(c.nodeDirectory(n), "snapshots", "*.snapshot"))
	if err != nil {
		c.t.Fatal(err)
	}
	return paths
}

// Redis's own client asks for snapshots, as it does of Redis.
func TestSnapshots_RedisCLISavesAndAsksWhen(t *testing.T) {
	c := startCluster(t, 1)
	n := c.nodes[0]
	port := strconv.Itoa(n.port)
	began, err := strconv.Atoi(strings.TrimSpace(redisCLI(t, "-p", port, "LASTSAVE")))
	if err != nil || began == 0 {
		t.Fatalf("before the first snapshot LASTSAVE is %d, %v; want when the node was started", began, err)
	}
	fillKeys(t, c.nodes, 1000, 1)
	if said := redisCLI(t, "-p", port, "BGSAVE"); said != "Background saving started\n" {
		t.Errorf("BGSAVE was answered %q", said)
	}
	blackbox.Eventually(t, effectLimit, "the snapshot is written", func() bool { return len(c.snapshotsOf(n)) == 1 })
	facts, err := info(n.port, "persistence")
	if err != nil || facts["rdb_last_bgsave_status"] != "ok" {
		t.Errorf("rdb_last_bgsave_status is %q, %v", facts["rdb_last_bgsave_status"], err)
	}
	fillKeys(t, c.nodes, 1000, 2)
	if said := redisCLI(t, "-p", port, "SAVE"); said != "OK\n" {
		t.Errorf("SAVE was answered %q", said)
	}
	if files := c.snapshotsOf(n); len(files) != 2 { // the one in force and the one before it
		t.Errorf("the snapshots are %v", files)
	}
	// Nothing has changed: everything is saved already, and that is what was asked for.
	if said := redisCLI(t, "-p", port, "SAVE"); said != "OK\n" || len(c.snapshotsOf(n)) != 2 {
		t.Errorf("SAVE with nothing new was answered %q, and the snapshots are %v", said, c.snapshotsOf(n))
	}
	if last, err := strconv.Atoi(strings.TrimSpace(redisCLI(t, "-p", port, "LASTSAVE"))); err != nil || last < began {
		t.Errorf("LASTSAVE is %d, %v; it was %d", last, err, began)
	}
	expectRestored(t, c, n)
}

// expectRestored says that a node that is killed and started again has everything, and that its tool knows from where.
func expectRestored(t *testing.T, c *cluster, n *node) {
	t.Helper()
	n.process.Kill()
	c.start(n)
	n.process.AwaitReady(readyLimit)
	verifyFilled(t, n, 1000, 2)
	index := n.count(t, "raft_snapshot_last_idx")
	code, said := runs(t, "inspect", "--dir", c.nodeDirectory(n), "--verify-snapshots")
	at := "snapshot: at " + strconv.Itoa(index)
	for _, text := range []string{at, "bytes, in force\n", "bytes, retained\n", "whole: "} {
		if code != 0 || !strings.Contains(said, text) {
			t.Errorf("inspect ends with %d and does not say %q:\n%s", code, text, said)
		}
	}
}

// The newest snapshot is damaged while a node is down. It says so, goes back to the one before, and has everything.
func TestSnapshots_E6_E9_ADamagedSnapshotIsNamedAndTheOneBeforeItTaken(t *testing.T) {
	c := startCluster(t, 1)
	n := c.nodes[0]
	for round := range 2 {
		fillKeys(t, c.nodes, 1000, round+1)
		expect(t, n.connect(t).Must(t, "SAVE"), "+OK")
	}
	n.process.Signal(syscall.SIGTERM)
	n.process.ExitCode(stopLimit)
	newest := c.snapshotsOf(n)[1] // names are in the order of the log
	flip(t, newest, 2000)
	c.start(n)
	n.process.AwaitReady(readyLimit)
	verifyFilled(t, n, 1000, 2)
	said := n.process.Err()
	if !strings.Contains(said, filepath.Base(newest)) || !strings.Contains(said, "corrupt at offset") {
		t.Errorf("the node does not say what is damaged:\n%s", said)
	}
}

// Both snapshots are damaged, and the log does not reach back: nothing is served, and what is left is not touched.
func TestSnapshots_E9_WithoutAWholeSnapshotANodeRefusesToStart(t *testing.T) {
	c := startCluster(t, 1)
	n := c.nodes[0]
	for round := range 2 {
		fillKeys(t, c.nodes, 1000, round+1)
		expect(t, n.connect(t).Must(t, "SAVE"), "+OK")
	}
	n.process.Signal(syscall.SIGTERM)
	n.process.ExitCode(stopLimit)
	for _, path := range c.snapshotsOf(n) {
		flip(t, path, 2000)
	}
	before := c.snapshotsOf(n)
	code, said := runs(t, c.arguments(n)...)
	if code != 70 || !strings.Contains(said, filepath.Base(before[1])) || !strings.Contains(said, "corrupt at offset") {
		t.Errorf("exit code %d, want 70, and the file and the offset in:\n%s", code, said)
	}
	for _, path := range before {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("it was touched: %v", err)
		}
	}
}
