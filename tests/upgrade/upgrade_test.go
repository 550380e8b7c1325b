package upgrade_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// roundsVariable says how often the cluster is upgraded, each time a new one.
const roundsVariable = "RAFTREDIS_UPGRADE_ROUNDS"

func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv(roundsVariable)
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, it must be a number from 1 on", roundsVariable, text)
	}
	return n
}

// settled is how many writes are acknowledged before and after each restart.
const settled = 100

// Three nodes are upgraded one after the other, under load, the leader last. No client sees an error, and no connection
// breaks but those to the node that restarts. Before the last one is upgraded a node is set back; after that the level
// is raised, and there is no way back.
func TestUpgrade_ARollingUpgradeUnderLoad(t *testing.T) {
	for range rounds(t) {
		upgradeACluster(t)
	}
}

func upgradeACluster(t *testing.T) {
	c := blackbox.StartCluster(t, 3, "--compare-entries", "64")
	w := blackbox.NewWriters()
	w.StopWith(t)
	first := c.Others(blackbox.Leader(t, c.Nodes))[0]
	before := filepath.Join(t.TempDir(), "before")
	restart(t, c, w, first, true, func() { copyDirectory(t, c.DirectoryOf(first), before) })
	second := c.Others(blackbox.Leader(t, c.Nodes))
	third := second[0]
	if third == first {
		third = second[1]
	}
	restart(t, c, w, third, true)
	last := remaining(c)

	client := first.Connect(t)
	blackbox.AwaitFact(t, first, "raft_feature_level_waits_for", strconv.Itoa(last.RaftNumber(t, "raft_node_id")))
	blackbox.AwaitFact(t, first, "raft_feature_level_of_build", "2")
	refusal := client.Must(t, "RAFT.PROBE", "probed").String()
	if !strings.HasPrefix(refusal, "-ERR 'raft.probe' needs feature level 2") {
		t.Fatalf("a command of the next level is answered %s", refusal)
	}
	blackbox.Expect(t, client.Must(t, "EXISTS", "probed"), ":0")
	client.Close()

	restart(t, c, w, first, false) // a step back
	restart(t, c, w, first, true)
	expectLevel(t, c, "1")
	restart(t, c, w, last, true)
	for _, n := range c.Nodes {
		blackbox.AwaitFact(t, n, "raft_feature_level", "2")
		blackbox.AwaitFact(t, n, "raft_feature_level_waits_for", "")
	}
	for _, n := range c.Nodes {
		blackbox.AwaitLog(t, n, "the cluster's is raised")
	}
	w.Begin(c.Nodes, nil)
	w.AwaitAnswered(t, settled)
	w.End(t)
	client = last.Connect(t)
	blackbox.Expect(t, client.Must(t, "RAFT.PROBE", "probed"), "+OK")
	client.Close()
	expectOneState(t, c)
	for _, n := range c.Nodes {
		w.Verify(t, n)
	}
	expectNoWayBack(t, c, first, before)
	for _, n := range c.Nodes {
		n.Process.Kill()
	}
}

// remaining is the node that runs the older build.
func remaining(c *blackbox.Cluster) *blackbox.Node {
	for _, n := range c.Nodes {
		if !n.Newer {
			return n
		}
	}
	return nil
}

// restart stops a node in order and starts it with the newer or the older build, under load.
func restart(
	t *testing.T, c *blackbox.Cluster, w *blackbox.Writers, n *blackbox.Node, newer bool, meanwhile ...func(),
) {
	t.Helper()
	w.Begin(c.Nodes, n)
	w.AwaitAnswered(t, settled)
	n.Process.Signal(syscall.SIGTERM)
	if code := n.Process.ExitCode(blackbox.StopLimit); code != 0 {
		t.Fatalf("node %d ends with %d", n.Number, code)
	}
	for _, do := range meanwhile {
		do()
	}
	n.Newer = newer
	c.Start(n)
	n.Process.AwaitReady(blackbox.ReadyLimit)
	w.AwaitAnswered(t, settled)
	w.End(t)
}

func expectLevel(t *testing.T, c *blackbox.Cluster, level string) {
	t.Helper()
	for _, n := range c.Nodes {
		if facts, err := blackbox.Info(n.Port, "raft"); err != nil || facts["raft_feature_level"] != level {
			t.Fatalf("node %d is at level %q (%v), want %s", n.Number, facts["raft_feature_level"], err, level)
		}
	}
}

// expectOneState waits until all nodes show one index with one hash of the state.
func expectOneState(t *testing.T, c *blackbox.Cluster) {
	t.Helper()
	blackbox.Eventually(t, blackbox.EffectLimit, "all nodes have one state at one index", func() bool {
		states := map[string]bool{}
		for _, n := range c.Nodes {
			facts, err := blackbox.Info(n.Port, "raft")
			if err != nil {
				return false
			}
			states[facts["raft_state_index"]+" "+facts["raft_state_hash"]] = true
		}
		return len(states) == 1
	})
}

// expectNoWayBack starts a node with the older build: on its own directory, which it refuses, and on that of the time
// before the upgrade, with which the others refuse it. Both times it says what to do, and harms nothing.
func expectNoWayBack(t *testing.T, c *blackbox.Cluster, n *blackbox.Node, before string) {
	t.Helper()
	n.Process.Signal(syscall.SIGTERM)
	if code := n.Process.ExitCode(blackbox.StopLimit); code != 0 {
		t.Fatalf("node %d ends with %d", n.Number, code)
	}
	n.Newer = false
	c.Start(n)
	if code := n.Process.ExitCode(blackbox.ReadyLimit); code == 0 {
		t.Fatalf("node %d ends with 0 although its directory is a later build's", n.Number)
	}
	if text := n.Process.Err(); !strings.Contains(text, "needs feature level 2, this build knows 1: upgrade this node") {
		t.Fatalf("node %d does not say what to do:\n%s", n.Number, text)
	}

	own, kept := c.DirectoryOf(n), before+"-kept"
	move(t, own, kept)
	move(t, before, own)
	c.Start(n)
	blackbox.AwaitFact(t, n, "raft_obstacle", "outdated")
	client := n.Connect(t)
	health := client.Must(t, "RAFT.HEALTH").String()
	if !strings.Contains(health, "outdated") || !strings.Contains(health, "start the new binary") {
		t.Fatalf("the health of node %d is %s", n.Number, health)
	}
	if reply := client.Must(t, "GET", "probed").String(); !strings.HasPrefix(reply, "-CLUSTERDOWN") {
		t.Fatalf("node %d answers %s", n.Number, reply)
	}
	n.Process.Kill()
	move(t, own, before)
	move(t, kept, own)

	n.Newer = true
	c.Start(n)
	n.Process.AwaitReady(blackbox.ReadyLimit)
	expectOneState(t, c)
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func copyDirectory(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// Nodes of two builds form a cluster, at the level of the older one.
func TestUpgrade_AMixedClusterBeginsAtTheLeastLevel(t *testing.T) {
	c := blackbox.NewCluster(t, 2)
	c.Nodes[0].Newer = true
	c.StartAll()
	expectLevel(t, c, "1")
	older := c.Nodes[1]
	client := older.Connect(t)
	blackbox.Expect(t, client.Must(t, "SET", "key", "value"), "+OK")
	older.Process.Kill()
	older.Newer = true
	c.Start(older)
	older.Process.AwaitReady(blackbox.ReadyLimit)
	for _, n := range c.Nodes {
		blackbox.AwaitFact(t, n, "raft_feature_level", "2")
	}
	blackbox.Expect(t, c.Nodes[0].Connect(t).Must(t, "GET", "key"), `"value"`)
}

// A blank node of the older build is not taken into a cluster whose level is above it, by neither way.
func TestUpgrade_ANodeOfALowerLevelIsNotAdded(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 1, 2)
	c.Nodes[0].FirstFlags, c.Nodes[0].Newer = []string{"--bootstrap"}, true
	c.StartAll()
	expectLevel(t, c, "2")
	waiting, asking := c.Spares[0], c.Spares[1]
	asking.FirstFlags = []string{"--join", blackbox.Address(c.Port)}
	c.Start(waiting)
	c.Start(asking)
	const words = "its build knows feature level 1, the cluster's is 2"
	client := c.Nodes[0].Connect(t)
	blackbox.Eventually(t, blackbox.EffectLimit, "the blank node is refused", func() bool {
		reply := client.Must(t, "CLUSTER", "ADDNODE", blackbox.Address(waiting.Port))
		return reply.Kind == '-' && strings.Contains(reply.Text, words)
	})
	blackbox.Eventually(t, blackbox.EffectLimit, "the node that asks says why it waits", func() bool {
		facts, err := blackbox.Info(asking.Port, "raft")
		return err == nil && strings.Contains(facts["raft_waiting_for"], words)
	})
	asking.Process.Kill()
	asking.Newer = true
	c.Start(asking)
	asking.Process.AwaitReady(blackbox.ReadyLimit)
}
