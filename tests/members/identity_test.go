package members_test

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
func expectUnharmed(t *testing.T, c *blackbox.Cluster, term string) {
	t.Helper()
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	expectCalm(t, c, term)
}

// D10, S29: A disk is lost, and the node starts with an empty directory at its old address. With its old number it
// might vote against its own promises. The cluster tells it to replace itself, and it does.
func TestMembers_AWipedNodeReplacesItself(t *testing.T) {
	c := blackbox.StartCluster(t, 3, blackbox.PatientElections...)
	blackbox.Expect(t, c.Nodes[0].Connect(t).Must(t, "SET", "a", "1"), "+OK")
	wiped := c.Others(blackbox.Leader(t, c.Nodes))[0]
	lost := wiped.Name(t)
	wiped.Process.Kill()
	wipe(t, c, wiped)
	wiped.FirstFlags = nil
	all := c.Nodes
	c.Drop(wiped)
	term := termOf(t, c.Nodes[0])
	c.Start(wiped)
	c.AwaitListening(wiped)
	operator := c.Nodes[0].Operator(t)
	r := operator.Must(t, "CLUSTER", "ADDNODE", blackbox.Address(wiped.Port))
	if r.Kind != '-' || !strings.Contains(r.Text, "replace") {
		t.Errorf("an emptied directory at the address of a member: ADDNODE was answered %v, want the way out", r)
	}
	blackbox.Expect(t, operator.Must(t, "CLUSTER", "REPLACENODE", lost, blackbox.Address(wiped.Port)),
		"["+strconv.Quote(wiped.Name(t))+"]")
	c.Nodes = all
	wiped.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	blackbox.Expect(t, wiped.Connect(t).Must(t, "GET", "a"), `"1"`)
	expectCalm(t, c, term)
}

// clone copies the directory of a stopped node to that of a spare, which will have its identity.
func clone(t testing.TB, c *blackbox.Cluster, original *blackbox.Node) *blackbox.Node {
	t.Helper()
	copied := c.Spares[0]
	c.Spares = c.Spares[1:]
	if err := os.CopyFS(c.DirectoryOf(copied), os.DirFS(c.DirectoryOf(original))); err != nil {
		t.Fatal(err)
	}
	copied.FirstFlags = original.FirstFlags
	return copied
}

// D12: A virtual machine is copied with its disk, and both run. One of them must not speak, whatever its address.
func TestMembers_ACopiedDirectoryIsRefused(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 3, 1, blackbox.PatientElections...)
	c.StartAll()
	original := c.Others(blackbox.Leader(t, c.Nodes))[0]
	original.Process.Signal(syscall.SIGTERM)
	original.Process.ExitCode(blackbox.StopLimit)
	copied := clone(t, c, original)
	c.Start(original)
	original.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.Expect(t, original.Connect(t).Must(t, "SET", "a", "1"), "+OK")
	term := termOf(t, c.Nodes[0])
	c.Start(copied)
	c.AwaitListening(copied)
	blackbox.AwaitLog(t, copied, "copy")
	expectUnharmed(t, c, term)
	if copied.Process.Ready() {
		t.Error("the copy says that it is ready")
	}
	// Not even when the original is gone: the copy lacks what the original has confirmed since.
	copied.Process.Kill()
	original.Process.Kill()
	c.Start(copied)
	c.AwaitListening(copied)
	blackbox.AwaitLog(t, copied, "rolled back")
	if r := copied.Connect(t).Must(t, "GET", "a"); r.Fate() != blackbox.NotDone {
		t.Errorf("a copy of the past answered %v", r)
	}
	copied.Process.Kill()
	c.Start(original)
	original.Process.AwaitReady(blackbox.ReadyLimit)
	expectUnharmed(t, c, term)
	blackbox.Expect(t, original.Connect(t).Must(t, "GET", "a"), `"1"`)
}

// D13: A node of one cluster is not added to another one, nor is one that makes a cluster of its own.
func TestMembers_ANodeOfAnotherClusterIsNotAdded(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 3, 1, blackbox.PatientElections...)
	c.StartAll()
	foreign := c.StartSpare("--bootstrap")
	foreign.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.Expect(t, foreign.Connect(t).Must(t, "SET", "whose", "theirs"), "+OK")
	facts, err := blackbox.Info(foreign.Port, "raft")
	if err != nil {
		t.Fatal(err)
	}
	term := termOf(t, c.Nodes[0])
	for _, n := range c.Nodes {
		r := n.Operator(t).Must(t, "CLUSTER", "ADDNODE", blackbox.Address(foreign.Port))
		if r.Kind != '-' || !strings.Contains(r.Text, facts["raft_dbid"]) {
			t.Errorf("node %d: a node of another cluster was added, or the cluster is not named: %v", n.Number, r)
		}
	}
	expectUnharmed(t, c, term)
	blackbox.Expect(t, foreign.Connect(t).Must(t, "GET", "whose"), `"theirs"`)
	blackbox.Expect(t, foreign.Connect(t).Must(t, "DBSIZE"), ":1")
}

// D13: Nodes of two clusters, at each other's addresses, stay in their clusters.
func TestMembers_ANodeOfAnotherClusterAtAMembersAddress(t *testing.T) {
	c := blackbox.StartCluster(t, 3, blackbox.PatientElections...)
	gone := c.Others(blackbox.Leader(t, c.Nodes))[0]
	gone.Process.Kill()
	c.Drop(gone)
	startForeign(t, c, gone.Port)
	term := termOf(t, c.Nodes[0])
	r := c.Nodes[0].Operator(t).Must(t, "CLUSTER", "ADDNODE", blackbox.Address(gone.Port))
	if r.Kind != '-' || !strings.Contains(r.Text, "another cluster") {
		t.Errorf("a node of another cluster at the address of a member: ADDNODE was answered %v", r)
	}
	expectCalm(t, c, term)
}

// D14: Two nodes claim one address. The cluster refuses the second, since others could reach only one of them.
func TestMembers_AMembersAddressCannotBeClaimed(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 3, 1, blackbox.PatientElections...)
	c.StartAll()
	claimed := c.Nodes[1]
	term := termOf(t, c.Nodes[0])
	liar := blackbox.Start(t, "a node that claims another's address", exec.Command(blackbox.Binary(t),
		append([]string{"serve",
			"--bind", "127.0.0.2", "--announce-host", "127.0.0.1", "--port", strconv.Itoa(claimed.Port), "--dir", t.TempDir(),
			"--join", blackbox.Address(c.Port)}, c.Flags...)...))
	blackbox.Eventually(t, blackbox.EffectLimit, "the node is told whose address it claims", func() bool {
		return strings.Contains(liar.Err(), blackbox.Address(claimed.Port+blackbox.PeerDistance))
	})
	expectUnharmed(t, c, term)
	if liar.Ready() {
		t.Error("the node that claims another's address is ready")
	}
}
