package members_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// F21.
func TestDirectory_TwoNodesDoNotShareOne(t *testing.T) {
	c := blackbox.StartCluster(t, 1)
	n := c.Nodes[0]
	port := strconv.Itoa(blackbox.Ports(t, 1))
	code, output := blackbox.Run(t, "serve", "--port", port, "--dir", c.DirectoryOf(n), "--bootstrap")
	if code != 1 || !strings.Contains(output, c.DirectoryOf(n)) {
		t.Errorf("exit code %d, want 1, and the directory in:\n%s", code, output)
	}
	blackbox.Expect(t, n.Connect(t).Must(t, "SET", "a", "1"), "+OK")
}

// D10: A node whose disk was wiped may have voted and acknowledged entries that it does not remember.
func TestDirectory_AWipedOneLosesItsName(t *testing.T) {
	c := blackbox.StartCluster(t, 3, append(blackbox.HastyElections, "--uncertain-after-millis", "1500")...)
	client := c.Nodes[0].Connect(t)
	blackbox.Expect(t, client.Must(t, "SET", "a", "1"), "+OK")
	wiped := c.Nodes[2]
	wiped.Process.Kill()
	if err := os.RemoveAll(c.DirectoryOf(wiped)); err != nil {
		t.Fatal(err)
	}
	c.Start(wiped)
	blackbox.Eventually(t, blackbox.EffectLimit, "the wiped node is told why it may not return", func() bool {
		return strings.Contains(wiped.Process.Err(), "CLUSTER REPLACENODE")
	})
	// The cluster goes on without it, through many heartbeats.
	for i := range 200 {
		blackbox.Expect(t, client.Must(t, "INCR", "count"), ":"+strconv.Itoa(i+1))
	}
	if r := wiped.Connect(t).Must(t, "GET", "a"); r.Fate() != blackbox.NotDone {
		t.Errorf("the wiped node answered %v", r)
	}
	if wiped.Process.Ready() {
		t.Error("the wiped node says that it is ready")
	}
	// One of the two others is all that may be missing: the wiped one must not make up a majority.
	c.Nodes[1].Process.Kill()
	if r := client.Must(t, "SET", "a", "2"); r.Fate() == blackbox.Done {
		t.Errorf("with one node down and one wiped a write was answered %v", r)
	}
}

// startForeign starts a node of another cluster at a port where a member was. That cluster was made elsewhere: a blank
// node does not make one where members look for one of theirs.
func startForeign(t *testing.T, c *blackbox.Cluster, port int) *blackbox.Process {
	t.Helper()
	directory := t.TempDir()
	start := func(port int) *blackbox.Process {
		args := append([]string{"serve", "--bootstrap", "--port", strconv.Itoa(port), "--dir", directory}, c.Flags...)
		p := blackbox.Start(t, "a node of another cluster", exec.Command(blackbox.Binary(t), args...))
		p.AwaitReady(blackbox.ReadyLimit)
		return p
	}
	start(blackbox.Ports(t, 1)).Kill()
	return start(port)
}

// D13: A node of one cluster is replaced, at its address, by one of another cluster.
func TestDirectory_ANodeOfAnotherClusterIsNoMember(t *testing.T) {
	c := blackbox.StartCluster(t, 3, blackbox.HastyElections...)
	client := c.Nodes[0].Connect(t)
	blackbox.Expect(t, client.Must(t, "SET", "whose", "ours"), "+OK")
	gone := c.Nodes[2]
	gone.Process.Kill()

	stranger := startForeign(t, c, gone.Port)
	foreign := gone.Connect(t)
	blackbox.Expect(t, foreign.Must(t, "SET", "whose", "theirs"), "+OK")
	blackbox.Eventually(t, blackbox.EffectLimit, "both members say that another cluster is at the address", func() bool {
		const text = "belongs to another cluster"
		return strings.Contains(c.Nodes[0].Process.Err(), text) && strings.Contains(c.Nodes[1].Process.Err(), text)
	})
	for i := range 200 {
		blackbox.Expect(t, client.Must(t, "INCR", "count"), ":"+strconv.Itoa(i+1))
	}
	blackbox.Expect(t, foreign.Must(t, "GET", "whose"), `"theirs"`)
	blackbox.Expect(t, foreign.Must(t, "EXISTS", "count"), ":0")
	blackbox.Expect(t, client.Must(t, "GET", "whose"), `"ours"`)

	// The right one comes back and finds its place.
	stranger.Kill()
	c.Start(gone)
	gone.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.Expect(t, gone.Connect(t).Must(t, "GET", "count"), `"200"`)
}
