package members_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// expectRemoved says what clients of a node see that knows of its removal.
func expectRemoved(t *testing.T, gone *blackbox.Node) {
	t.Helper()
	blackbox.AwaitFact(t, gone, "raft_state", "removed")
	connection := gone.Connect(t)
	for _, command := range [][]string{{"SET", "a", "removed"}, {"GET", "a"}} {
		if r := connection.Must(t, command...); r.Fate() != blackbox.NotDone || !strings.HasPrefix(r.Text, "MOVED ") {
			t.Errorf("%q on a removed node was answered %v, want MOVED", command, r)
		}
	}
	if r := connection.Must(t, "DBSIZE"); r.Fate() != blackbox.NotDone || !strings.Contains(r.Text, "a member is at ") {
		t.Errorf("DBSIZE on a removed node was answered %v, want CLUSTERDOWN and a member", r)
	}
	if r := connection.Must(t, "RAFT.READ", "STALE"); r.Kind != '-' || !strings.Contains(r.Text, "removed") {
		t.Errorf("RAFT.READ STALE on a removed node was answered %v", r)
	}
	own := nodeLine(t, gone, gone.Name(t))
	if !strings.HasSuffix(own.flags, ",fail") || !strings.HasPrefix(own.address, blackbox.Address(gone.Port)+"@") {
		t.Errorf("a removed node shows itself at %q as %q", own.address, own.flags)
	}
}

// termOf is the term that a node has.
func termOf(t testing.TB, n *blackbox.Node) string {
	t.Helper()
	facts, err := blackbox.Info(n.Port, "raft")
	if err != nil {
		t.Fatal(err)
	}
	return facts["raft_current_term"]
}

// expectCalm says that all members stay in a term while the cluster writes.
func expectCalm(t *testing.T, c *blackbox.Cluster, term string) {
	t.Helper()
	connection := c.Nodes[0].Connect(t)
	for range 300 {
		if r := connection.Must(t, "INCR", "calm"); r.Kind != ':' {
			t.Fatalf("INCR was answered %v", r)
		}
	}
	if after := blackbox.Terms(t, c); slices.ContainsFunc(after, func(other string) bool { return other != term }) {
		t.Errorf("the terms are %v, want %s: somebody disturbs", after, term)
	}
}

// D9: A removed node learns of it, says so to its clients, and keeps quiet, also when it is started again with its old
// command line.
func TestMembers_ARemovedNodeSaysSoAndKeepsQuiet(t *testing.T) {
	c := blackbox.StartCluster(t, 3, blackbox.PatientElections...)
	blackbox.Expect(t, c.Nodes[0].Connect(t).Must(t, "SET", "a", "1"), "+OK")
	gone := c.Others(blackbox.Leader(t, c.Nodes))[0]
	term := termOf(t, gone)
	c.Remove(gone, gone) // by way of itself
	expectRemoved(t, gone)
	expectCalm(t, c, term)
	gone.Process.Kill()
	c.Start(gone)
	c.AwaitListening(gone)
	expectRemoved(t, gone)
	expectCalm(t, c, term)
}

// D9: A node that was removed while it was down or paused does not know it. The members ignore its campaigns and tell
// it why.
func TestMembers_ANodeRemovedWhileAsleepDisturbsNone(t *testing.T) {
	c := blackbox.StartCluster(t, 5, blackbox.PatientElections...)
	blackbox.Expect(t, c.Nodes[0].Connect(t).Must(t, "SET", "a", "1"), "+OK")
	asleep := c.Others(blackbox.Leader(t, c.Nodes))[:2]
	paused, dead := asleep[0], asleep[1]
	names := []string{"CLUSTER", "REMOVENODE", paused.Name(t), dead.Name(t)}
	blackbox.Freeze(t, paused)
	dead.Process.Kill()
	c.Drop(paused, dead)
	blackbox.Expect(t, c.Nodes[0].Operator(t).Must(t, names...), "+OK")
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	term := termOf(t, c.Nodes[0])
	paused.Thaw()
	c.Start(dead)
	c.AwaitListening(dead)
	for _, gone := range asleep {
		expectRemoved(t, gone)
	}
	expectCalm(t, c, term)
}

// D11: A removed node must be emptied. Then it may be added as a new one.
func TestMembers_ARemovedNodeReturnsOnlyAsANewOne(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 1, 1, blackbox.HastyElections...)
	c.StartAll()
	member := c.StartSpare()
	c.Add(c.Nodes[0], member)
	first := member.Name(t)
	c.Remove(c.Nodes[0], member)
	blackbox.AwaitFact(t, member, "raft_state", "removed")
	r := c.Nodes[0].Operator(t).Must(t, "CLUSTER", "ADDNODE", blackbox.Address(member.Port))
	if r.Kind != '-' || !strings.Contains(r.Text, "empty") {
		t.Errorf("a removed node was added again with its old directory, or the way out is not named: %v", r)
	}
	member.Process.Kill()
	wipe(t, c, member)
	c.Start(member)
	c.AwaitListening(member)
	c.Add(c.Nodes[0], member)
	if second := member.Name(t); second == first {
		t.Errorf("the node has its old id %s", second)
	}
	blackbox.Expect(t, member.Connect(t).Must(t, "SET", "a", "1"), "+OK")
}

// D14, D16: The cluster refuses impossible changes, says why, and continues.
func TestMembers_ImpossibleChangesAreRefused(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 1, 1, blackbox.HastyElections...)
	c.StartAll()
	only := c.Nodes[0]
	blank := c.StartSpare()
	operator := only.Operator(t)
	name := only.Name(t)
	unknown := strings.Repeat("ab", 20)
	for _, trial := range []struct{ command, want string }{
		{"CLUSTER REMOVENODE " + name, "ERR the last voter cannot be removed"},
		{"CLUSTER REMOVENODE 1", "ERR Unknown node 1: nodes are named by their ids. Node number 1 is " + name},
		{"RAFT.NODE REMOVE 1", "ERR the last voter cannot be removed"},
		{"CLUSTER REMOVENODE " + unknown, "ERR Unknown node " + unknown},
		{"CLUSTER REMOVENODE 77", "ERR Unknown node 77"},
		{"CLUSTER REMOVENODE somebody", "ERR Unknown node somebody"},
		{"CLUSTER REPLACENODE " + unknown + " " + blackbox.Address(blank.Port), "ERR Unknown node " + unknown},
		{"CLUSTER REPLACENODE " + name, "ERR"},
		{"CLUSTER ADDNODE 0.0.0.0:" + strconv.Itoa(blank.Port), "ERR"},
		{"CLUSTER ADDNODE nowhere", "ERR"},
		{"CLUSTER ADDNODE 127.0.0.1:65535", "ERR"},
		{"CLUSTER ADDNODE " + blackbox.Address(blank.Port) + " OBSERVER", "ERR syntax error"},
		{"RAFT.NODE REMOVE 77", "ERR Unknown node 77"},
	} {
		if r := operator.Must(t, strings.Fields(trial.command)...); r.Kind != '-' || !strings.HasPrefix(r.Text, trial.want) {
			t.Errorf("%s was answered %v, want %s", trial.command, r, trial.want)
		}
	}
	// A node is a member already by its own address.
	blackbox.Expect(t, operator.Must(t, "CLUSTER", "ADDNODE", blackbox.Address(only.Port)), strconv.Quote(name))
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	blackbox.Expect(t, only.Connect(t).Must(t, "SET", "a", "1"), "+OK")
	if facts, err := blackbox.Info(blank.Port, "raft"); err != nil || facts["raft_state"] != "joining" {
		t.Errorf("the blank node is %q (%v), want joining", facts["raft_state"], err)
	}
	c.Add(only, blank)
}

// D17, D18: A learner has the whole state and no vote. It serves clients, does not count towards a majority, stays a
// learner after a restart, and becomes a voter when it is added as one.
func TestMembers_ALearnerStaysOneUntilItIsPromoted(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 2, 1, append(blackbox.HastyElections, "--leader-wait-millis", "500",
		"--uncertain-after-millis", "1500")...)
	c.StartAll()
	voters := c.Nodes
	learner := c.StartSpare()
	c.Add(c.Nodes[0], learner, "LEARNER")
	wanted := blackbox.VotersOf(voters)
	wanted[learner.Port] = false
	for round := range 3 {
		blackbox.AwaitMembers(t, c.Nodes, wanted)
		learner.Process.AwaitReady(blackbox.ReadyLimit)
		blackbox.Expect(t, learner.Connect(t).Must(t, "INCR", "rounds"), fmt.Sprint(":", round+1))
		learner.Process.Kill()
		c.Start(learner)
	}
	learner.Process.AwaitReady(blackbox.ReadyLimit)
	if line := nodeLine(t, c.Nodes[0], learner.Name(t)); !strings.HasPrefix(line.flags, "master") || line.slots != "" {
		t.Errorf("CLUSTER NODES shows the learner as %q with slots %q", line.flags, line.slots)
	}
	// Two of three nodes are up and one of two voters: that is no majority.
	voters[1].Process.Kill()
	if r := learner.Connect(t).Must(t, "SET", "a", "1"); r.Fate() == blackbox.Done {
		t.Errorf("with one of two voters dead a write was answered %v", r)
	}
	c.Start(voters[1])
	voters[1].Process.AwaitReady(blackbox.ReadyLimit)
	c.Drop(learner)
	c.Add(c.Nodes[0], learner)
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	voters[1].Process.Kill()
	blackbox.Expect(t, learner.Connect(t).Must(t, "SET", "a", "2"), "+OK")
}
