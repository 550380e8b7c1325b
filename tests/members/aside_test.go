package members_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// D9: A node that was removed while it was down is told so, and one that was removed while it ran knows it from its
// log. Both say so after any number of restarts, also when no other node runs, and by whom.
func TestAside_ARemovedNodeSaysSoAfterAnyRestart(t *testing.T) {
	for _, up := range []bool{true, false} {
		t.Run("running: "+strconv.FormatBool(up), func(t *testing.T) {
			c := blackbox.StartCluster(t, 3, blackbox.PatientElections...)
			gone := c.Others(blackbox.Leader(t, c.Nodes))[0]
			name := gone.Name(t)
			if !up {
				gone.Process.Kill()
			}
			c.Drop(gone)
			blackbox.Expect(t, c.Nodes[0].Operator(t).Must(t, "CLUSTER", "REMOVENODE", name), "+OK")
			if !up {
				c.Start(gone)
				c.AwaitListening(gone)
			}
			blackbox.AwaitFact(t, gone, "raft_state", "removed")
			blackbox.AwaitFact(t, gone, "raft_obstacle", "removed")
			var before map[string]string
			blackbox.Eventually(t, blackbox.EffectLimit, "a majority says that the node was removed", func() (proven bool) {
				var err error
				before, err = blackbox.Info(gone.Port, "raft")
				return err == nil && strings.HasPrefix(before["raft_obstacle_text"], "this node was removed")
			})
			gone.Process.Kill()
			c.KillAll()
			for range 2 {
				c.Start(gone)
				c.AwaitListening(gone)
				text := expectAside(t, gone, "removed", "this node was removed from its cluster (learned at ", "from node ")
				if text != before["raft_obstacle_text"] || before["raft_obstacle_since"] == "0" {
					t.Errorf("after a restart it says %q, before %q", text, before["raft_obstacle_text"])
				}
				if r := gone.Connect(t).Must(t, "SET", "a", "1"); !strings.HasPrefix(r.Text, "MOVED ") {
					t.Errorf("SET on a removed node was answered %v, want MOVED", r)
				}
				gone.Process.Signal(syscall.SIGTERM)
				if code := gone.Process.ExitCode(blackbox.StopLimit); code != 0 {
					t.Errorf("a removed node ended with exit code %d", code)
				}
			}
		})
	}
}

// S29: A node is set back to an older directory. Each member has heard what it had confirmed, and refuses it. It stays
// refused when it is started again, also when the leader to which it confirmed more is gone: it could vote without what
// it had confirmed.
func TestAside_ARolledBackNodeStaysRefusedUnderAnotherLeader(t *testing.T) {
	c := blackbox.StartCluster(t, 3, append(blackbox.PatientElections, "--leader-wait-millis", "500",
		"--uncertain-after-millis", "1500")...)
	leader := blackbox.Leader(t, c.Nodes)
	back := c.Others(leader)[0]
	back.Process.Signal(syscall.SIGTERM)
	back.Process.ExitCode(blackbox.StopLimit)
	image := t.TempDir()
	if err := os.CopyFS(image, os.DirFS(c.DirectoryOf(back))); err != nil {
		t.Fatal(err)
	}
	c.Start(back)
	back.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.Expect(t, back.Connect(t).Must(t, "SET", "a", "1"), "+OK")
	if blackbox.Leader(t, c.Nodes) != leader {
		t.Fatal("the leader has changed, and what it knew is forgotten: this test says nothing")
	}
	confirmed := leader.Connect(t)
	blackbox.Expect(t, confirmed.Must(t, "SET", "b", "1"), "+OK")
	blackbox.Expect(t, confirmed.Must(t, "WAIT", "2", "10000"), ":2")
	back.Process.Kill()
	wipe(t, c, back)
	if err := os.CopyFS(c.DirectoryOf(back), os.DirFS(image)); err != nil {
		t.Fatal(err)
	}
	c.Start(back)
	c.AwaitListening(back)
	expectAside(t, back, "rolled-back", "older than what the node has confirmed", "CLUSTER REPLACENODE")
	leader.Process.Kill()
	back.Process.Kill()
	c.Start(back)
	c.AwaitListening(back)
	expectAside(t, back, "rolled-back", "older than what the node has confirmed")
	// The third node and this one would be a majority. They must not be.
	third := c.Others(leader)
	for _, n := range third {
		if n != back {
			if r := n.Connect(t).Must(t, "SET", "a", "2"); r.Fate() == blackbox.Done {
				t.Errorf("with a rolled-back node for a majority a write was answered %v", r)
			}
		}
	}
	c.Start(leader)
	leader.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.Expect(t, leader.Connect(t).Must(t, "GET", "a"), `"1"`)
}

// copyOf copies the directory of a stopped node to that of another one.
func copyOf(t testing.TB, c *blackbox.Cluster, original, copied *blackbox.Node) {
	t.Helper()
	if err := os.CopyFS(c.DirectoryOf(copied), os.DirFS(c.DirectoryOf(original))); err != nil {
		t.Fatal(err)
	}
}

// D12: A directory that was made, or that has asked others already, is copied to all machines. The copies are different
// nodes.
func TestAside_CopiesOfABlankDirectoryFormACluster(t *testing.T) {
	for name, used := range map[string][]string{"made": nil, "used": {"--join", "127.0.0.1:1"}} {
		t.Run(name, func(t *testing.T) {
			c := blackbox.NewClusterAndSpares(t, 3, 1, blackbox.HastyElections...)
			template := c.StartSpare(used...)
			if used != nil {
				blackbox.AwaitLog(t, template, "connection refused")
			}
			template.Process.Kill()
			for _, n := range c.Nodes {
				copyOf(t, c, template, n)
			}
			oneLine(c)
			c.StartAll()
			blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
			names := map[string]bool{}
			for _, n := range c.Nodes {
				names[n.Name(t)] = true
			}
			if len(names) != 3 {
				t.Errorf("the nodes have the ids %v", names)
			}
			blackbox.Expect(t, c.Nodes[1].Connect(t).Must(t, "SET", "a", "1"), "+OK")
		})
	}
}

// D12: The directory of a member is copied, and the copy is started at another address while the member runs, also
// right after all members have started again. Both sides say so, and CLUSTER NODES goes on to show the member where it
// is.
func TestAside_ACopyTakesNoAddressOver(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 3, 1, blackbox.HastyElections...)
	c.StartAll()
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	c.KillAll()
	original, copied := c.Nodes[1], c.Spares[0]
	copyOf(t, c, original, copied)
	copied.FirstFlags = original.FirstFlags
	c.StartAll()
	c.Start(copied)
	c.AwaitListening(copied)
	expectAside(t, copied, "copied", "copy")
	said := 0
	for _, n := range c.Nodes {
		if strings.Contains(n.Process.Err(), "copy") {
			said++
		}
	}
	if said == 0 {
		t.Error("no member says that a copy runs")
	}
	for round := range 2 {
		blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
		blackbox.Expect(t, original.Connect(t).Must(t, "INCR", "count"), ":"+strconv.Itoa(round+1))
		copied.Process.Kill()
		c.Start(copied)
		c.AwaitListening(copied)
		expectAside(t, copied, "copied", "copy")
	}
}

// awaitLogsKnown waits until all nodes have the entry by which the cluster knows that each founding voter has a log.
// The nodes must run with --log-level debug.
func awaitLogsKnown(t *testing.T, c *blackbox.Cluster) {
	t.Helper()
	blackbox.Eventually(t, blackbox.EffectLimit, "a leader knows that all have a log", func() bool {
		return slices.ContainsFunc(c.Nodes, func(n *blackbox.Node) bool {
			return strings.Contains(n.Process.Err(), ` unknown=0 obstacle="" error=<nil>`)
		})
	})
	blackbox.ExpectEqualStates(t, c.Nodes)
}

// S29: The directory of a member is set back to when it was blank, and starts again at the member's address, while a
// majority runs or after all have stopped. It is not the member any more, and says how it becomes one.
func TestAside_AMemberSetBackToBlankIsNoMember(t *testing.T) {
	c := blackbox.NewCluster(t, 3, append(blackbox.HastyElections, "--log-level", "debug")...)
	oneLine(c)
	back := c.Nodes[2]
	c.Start(back)
	blackbox.AwaitLog(t, back, "waiting until each named node has answered") // it has asked, so it has its identity
	back.Process.Kill()
	image := t.TempDir()
	if err := os.CopyFS(image, os.DirFS(c.DirectoryOf(back))); err != nil {
		t.Fatal(err)
	}
	c.StartAll()
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	blackbox.Expect(t, back.Connect(t).Must(t, "SET", "a", "1"), "+OK")
	was := back.Name(t)
	awaitLogsKnown(t, c)
	c.KillAll()
	wipe(t, c, back)
	if err := os.CopyFS(c.DirectoryOf(back), os.DirFS(image)); err != nil {
		t.Fatal(err)
	}
	c.Start(back)
	c.AwaitListening(back)
	c.Start(c.Nodes[1])
	expectAside(t, back, "wiped", "which had a log", "CLUSTER REPLACENODE")
	if name := back.Name(t); name == was {
		t.Error("it calls itself what the member is called")
	}
	c.Start(c.Nodes[0])
	c.Nodes[0].Process.AwaitReady(blackbox.ReadyLimit)
	replaceAsPrinted(t, back)
	back.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.Expect(t, back.Connect(t).Must(t, "GET", "a"), `"1"`)
}
