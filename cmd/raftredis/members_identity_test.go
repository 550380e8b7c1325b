package main_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// expectUnharmed says that members serve, agree on who they are, and that there was no election.
func expectUnharmed(t *testing.T, c *cluster, term string) {
	t.Helper()
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	expectCalm(t, c, term)
}

// A disk is lost, and the node starts with an empty directory under its old address. It is not what it was: it might
// vote against its own promises. It is told, and does what it is told to do.
func TestMembers_D10_S29_AWipedNodeIsToldToReplaceItselfAndDoes(t *testing.T) {
	c := startCluster(t, 3, patientElections...)
	expect(t, c.nodes[0].connect(t).Must(t, "SET", "a", "1"), "+OK")
	wiped := c.others(leader(t, c.nodes))[0]
	lost := wiped.name(t)
	wiped.process.Kill()
	c.wipe(wiped)
	wiped.begins = nil
	all := c.nodes
	c.drop(wiped)
	term := termOf(t, c.nodes[0])
	c.start(wiped)
	c.awaitListening(wiped)
	operator := c.nodes[0].operator(t)
	r := operator.Must(t, "CLUSTER", "ADDNODE", blackbox.Address(wiped.port))
	if r.Kind != '-' || !strings.Contains(r.Text, "replace") {
		t.Errorf("an emptied directory at the address of a member: ADDNODE was answered %v, want the way out", r)
	}
	expect(t, operator.Must(t, "CLUSTER", "REPLACENODE", lost, blackbox.Address(wiped.port)),
		"["+strconv.Quote(wiped.name(t))+"]")
	c.nodes = all
	wiped.process.AwaitReady(readyLimit)
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	expect(t, wiped.connect(t).Must(t, "GET", "a"), `"1"`)
	expectCalm(t, c, term)
}

// clone copies the directory of a stopped node to that of a spare, which will have its identity.
func (c *cluster) clone(original *node) *node {
	c.t.Helper()
	copied := c.spares[0]
	c.spares = c.spares[1:]
	if err := os.CopyFS(c.nodeDirectory(copied), os.DirFS(c.nodeDirectory(original))); err != nil {
		c.t.Fatal(err)
	}
	copied.begins = original.begins
	return copied
}

// A virtual machine is copied with its disk, and both run. One of them must not speak, whatever its address.
func TestMembers_D12_ACopyOfADirectoryIsRefusedWhileTheOriginalRuns(t *testing.T) {
	c := newClusterAndSpares(t, 3, 1, patientElections...)
	c.startAll()
	original := c.others(leader(t, c.nodes))[0]
	original.process.Signal(syscall.SIGTERM)
	original.process.ExitCode(stopLimit)
	copied := c.clone(original)
	c.start(original)
	original.process.AwaitReady(readyLimit)
	expect(t, original.connect(t).Must(t, "SET", "a", "1"), "+OK")
	term := termOf(t, c.nodes[0])
	c.start(copied)
	c.awaitListening(copied)
	awaitWords(t, copied, "copy")
	expectUnharmed(t, c, term)
	if copied.process.Ready() {
		t.Error("the copy says that it is ready")
	}
	// Not even when the original is gone: the copy lacks what the original has confirmed since.
	copied.process.Kill()
	original.process.Kill()
	c.start(copied)
	c.awaitListening(copied)
	awaitWords(t, copied, "rolled back")
	if r := copied.connect(t).Must(t, "GET", "a"); r.Fate() != blackbox.NotDone {
		t.Errorf("a copy of the past answered %v", r)
	}
	copied.process.Kill()
	c.start(original)
	original.process.AwaitReady(readyLimit)
	expectUnharmed(t, c, term)
	expect(t, original.connect(t).Must(t, "GET", "a"), `"1"`)
}

// A node of one cluster is not added to another one, nor is one that makes a cluster of its own.
func TestMembers_D13_ANodeOfAnotherClusterIsNotAdded(t *testing.T) {
	c := newClusterAndSpares(t, 3, 1, patientElections...)
	c.startAll()
	foreign := c.spare("--bootstrap")
	foreign.process.AwaitReady(readyLimit)
	expect(t, foreign.connect(t).Must(t, "SET", "whose", "theirs"), "+OK")
	facts, err := info(foreign.port, "raft")
	if err != nil {
		t.Fatal(err)
	}
	term := termOf(t, c.nodes[0])
	for _, n := range c.nodes {
		r := n.operator(t).Must(t, "CLUSTER", "ADDNODE", blackbox.Address(foreign.port))
		if r.Kind != '-' || !strings.Contains(r.Text, facts["raft_dbid"]) {
			t.Errorf("node %d: a node of another cluster was added, or the cluster is not named: %v", n.number, r)
		}
	}
	expectUnharmed(t, c, term)
	expect(t, foreign.connect(t).Must(t, "GET", "whose"), `"theirs"`)
	expect(t, foreign.connect(t).Must(t, "DBSIZE"), ":1")
}

// Two clusters are merged by nobody: nodes of two, at each other's addresses, stay what they are.
func TestMembers_D13_ANodeOfAnotherClusterAtTheAddressOfAMemberIsNotTakenForIt(t *testing.T) {
	c := startCluster(t, 3, patientElections...)
	gone := c.others(leader(t, c.nodes))[0]
	gone.process.Kill()
	c.drop(gone)
	args := append([]string{"serve", "--bootstrap", "--port", strconv.Itoa(gone.port), "--dir", t.TempDir()}, c.flags...)
	blackbox.Start(t, "a node of another cluster", exec.Command(binary, args...)).AwaitReady(readyLimit)
	term := termOf(t, c.nodes[0])
	r := c.nodes[0].operator(t).Must(t, "CLUSTER", "ADDNODE", blackbox.Address(gone.port))
	if r.Kind != '-' || !strings.Contains(r.Text, "another cluster") {
		t.Errorf("a node of another cluster at the address of a member: ADDNODE was answered %v", r)
	}
	expectCalm(t, c, term)
}

// Two nodes claim one address. The second is not taken in, since nobody could ever reach both.
func TestMembers_D14_ANodeThatClaimsTheAddressOfAMemberIsNotTakenIn(t *testing.T) {
	c := newClusterAndSpares(t, 3, 1, patientElections...)
	c.startAll()
	claimed := c.nodes[1]
	term := termOf(t, c.nodes[0])
	liar := blackbox.Start(t, "a node that claims another's address", exec.Command(binary, append([]string{"serve",
		"--bind", "127.0.0.2", "--announce-host", "127.0.0.1", "--port", strconv.Itoa(claimed.port), "--dir", t.TempDir(),
		"--join", blackbox.Address(c.port)}, c.flags...)...))
	blackbox.Eventually(t, effectLimit, "the node is told whose address it claims", func() bool {
		return strings.Contains(liar.Err(), blackbox.Address(claimed.port+blackbox.PeerDistance))
	})
	expectUnharmed(t, c, term)
	if liar.Ready() {
		t.Error("the node that claims another's address is ready")
	}
}
