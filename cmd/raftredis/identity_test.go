package main_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

func TestF21_TwoNodesDoNotShareADirectory(t *testing.T) {
	c := startCluster(t, 1)
	n := c.nodes[0]
	port := strconv.Itoa(blackbox.Ports(t, 1))
	code, output := runs(t, "serve", "--port", port, "--dir", c.nodeDirectory(n), "--bootstrap")
	if code != 1 || !strings.Contains(output, c.nodeDirectory(n)) {
		t.Errorf("exit code %d, want 1, and the directory in:\n%s", code, output)
	}
	expect(t, n.connect(t).Must(t, "SET", "a", "1"), "+OK")
}

// A node whose disk was wiped may have voted, and acknowledged entries, that it does not remember.
func TestD10_AWipedDirectoryDoesNotReturnUnderItsOldName(t *testing.T) {
	c := startCluster(t, 3, append(hastyElections, "--uncertain-after-millis", "1500")...)
	client := c.nodes[0].connect(t)
	expect(t, client.Must(t, "SET", "a", "1"), "+OK")
	wiped := c.nodes[2]
	wiped.process.Kill()
	if err := os.RemoveAll(c.nodeDirectory(wiped)); err != nil {
		t.Fatal(err)
	}
	c.start(wiped)
	blackbox.Eventually(t, effectLimit, "the wiped node is told why it may not return", func() bool {
		return strings.Contains(wiped.process.Err(), "if that is lost, replace node")
	})
	// The cluster goes on without it, through many heartbeats.
	for i := range 200 {
		expect(t, client.Must(t, "INCR", "count"), ":"+strconv.Itoa(i+1))
	}
	if r := wiped.connect(t).Must(t, "GET", "a"); r.Fate() != blackbox.NotDone {
		t.Errorf("the wiped node answered %v", r)
	}
	if wiped.process.Ready() {
		t.Error("the wiped node says that it is ready")
	}
	// One of the two others is all that may be missing: the wiped one must not make up a majority.
	c.nodes[1].process.Kill()
	if r := client.Must(t, "SET", "a", "2"); r.Fate() == blackbox.Done {
		t.Errorf("with one node down and one wiped a write was answered %v", r)
	}
}

// A node of one cluster is replaced, at its address, by one of another cluster.
func TestD13_AnotherClusterAtTheAddressOfANodeIsNoMember(t *testing.T) {
	c := startCluster(t, 3, hastyElections...)
	client := c.nodes[0].connect(t)
	expect(t, client.Must(t, "SET", "whose", "ours"), "+OK")
	gone := c.nodes[2]
	gone.process.Kill()

	args := append([]string{"serve", "--bootstrap", "--port", strconv.Itoa(gone.port), "--dir", t.TempDir()}, c.flags...)
	stranger := blackbox.Start(t, "a node of another cluster", exec.Command(binary, args...))
	stranger.AwaitReady(readyLimit)
	foreign := gone.connect(t)
	expect(t, foreign.Must(t, "SET", "whose", "theirs"), "+OK")
	blackbox.Eventually(t, effectLimit, "both members say that another cluster is at the address", func() bool {
		const text = "belongs to another cluster"
		return strings.Contains(c.nodes[0].process.Err(), text) && strings.Contains(c.nodes[1].process.Err(), text)
	})
	for i := range 200 {
		expect(t, client.Must(t, "INCR", "count"), ":"+strconv.Itoa(i+1))
	}
	expect(t, foreign.Must(t, "GET", "whose"), `"theirs"`)
	expect(t, foreign.Must(t, "EXISTS", "count"), ":0")
	expect(t, client.Must(t, "GET", "whose"), `"ours"`)

	// The right one comes back and finds its place.
	stranger.Kill()
	c.start(gone)
	gone.process.AwaitReady(readyLimit)
	expect(t, gone.connect(t).Must(t, "GET", "count"), `"200"`)
}
