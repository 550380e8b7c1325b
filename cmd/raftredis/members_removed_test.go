package main_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// expectRemoved says what clients of a node see that knows of its removal.
func expectRemoved(t *testing.T, gone *node) {
	t.Helper()
	awaitFact(t, gone, "raft_state", "removed")
	connection := gone.connect(t)
	for _, command := range [][]string{{"SET", "a", "removed"}, {"GET", "a"}} {
		if r := connection.Must(t, command...); r.Fate() != blackbox.NotDone || !strings.HasPrefix(r.Text, "CLUSTERDOWN") {
			t.Errorf("%q on a removed node was answered %v, want CLUSTERDOWN", command, r)
		}
	}
	if r := connection.Must(t, "READONLY"); r.Kind != '-' || !strings.Contains(r.Text, "removed") {
		t.Errorf("READONLY on a removed node was answered %v", r)
	}
}

// termOf is the term that a node has.
func termOf(t testing.TB, n *node) string {
	t.Helper()
	facts, err := info(n.port, "raft")
	if err != nil {
		t.Fatal(err)
	}
	return facts["raft_current_term"]
}

// expectCalm says that all members stay in a term while the cluster writes.
func expectCalm(t *testing.T, c *cluster, term string) {
	t.Helper()
	connection := c.nodes[0].connect(t)
	for range 300 {
		if r := connection.Must(t, "INCR", "calm"); r.Kind != ':' {
			t.Fatalf("INCR was answered %v", r)
		}
	}
	if after := terms(t, c); slices.ContainsFunc(after, func(other string) bool { return other != term }) {
		t.Errorf("the terms are %v, want %s: somebody disturbs", after, term)
	}
}

// A removed node is told, says so to its clients, and keeps quiet, also when it is started again with the command line
// that it always had.
func TestMembers_D9_ARemovedNodeSaysSoAndKeepsQuiet(t *testing.T) {
	c := startCluster(t, 3, patientElections...)
	expect(t, c.nodes[0].connect(t).Must(t, "SET", "a", "1"), "+OK")
	gone := c.others(leader(t, c.nodes))[0]
	term := termOf(t, gone)
	c.remove(gone, gone) // by way of itself
	expectRemoved(t, gone)
	expectCalm(t, c, term)
	gone.process.Kill()
	c.start(gone)
	c.awaitListening(gone)
	expectRemoved(t, gone)
	expectCalm(t, c, term)
}

// A node that was removed while it was down, or while it stood still, does not know. Its campaigns are heard by nobody,
// and it learns why.
func TestMembers_D9_ANodeThatSleptThroughItsRemovalDisturbsNobody(t *testing.T) {
	c := startCluster(t, 5, patientElections...)
	expect(t, c.nodes[0].connect(t).Must(t, "SET", "a", "1"), "+OK")
	asleep := c.others(leader(t, c.nodes))[:2]
	paused, dead := asleep[0], asleep[1]
	names := []string{"CLUSTER", "REMOVENODE", paused.name(t), dead.name(t)}
	freeze(t, paused)
	dead.process.Kill()
	c.drop(paused, dead)
	expect(t, c.nodes[0].operator(t).Must(t, names...), "+OK")
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	term := termOf(t, c.nodes[0])
	paused.thaw()
	c.start(dead)
	c.awaitListening(dead)
	for _, gone := range asleep {
		expectRemoved(t, gone)
	}
	expectCalm(t, c, term)
}

// A removed node is good for nothing but to be emptied: then it may be added anew, as somebody else.
func TestMembers_D11_ARemovedNodeComesBackOnlyAsANewOne(t *testing.T) {
	c := newClusterAndSpares(t, 1, 1, hastyElections...)
	c.startAll()
	member := c.spare()
	c.add(c.nodes[0], member)
	first := member.name(t)
	c.remove(c.nodes[0], member)
	awaitFact(t, member, "raft_state", "removed")
	r := c.nodes[0].operator(t).Must(t, "CLUSTER", "ADDNODE", blackbox.Address(member.port))
	if r.Kind != '-' || !strings.Contains(r.Text, "empty") {
		t.Errorf("a removed node was added again with its old directory, or the way out is not named: %v", r)
	}
	member.process.Kill()
	c.wipe(member)
	c.start(member)
	c.awaitListening(member)
	c.add(c.nodes[0], member)
	if second := member.name(t); second == first {
		t.Errorf("the node has its old id %s", second)
	}
	expect(t, member.connect(t).Must(t, "SET", "a", "1"), "+OK")
}

// What cannot be is refused with a reason, and harms nobody.
func TestMembers_D14_D16_ImpossibleChangesAreRefused(t *testing.T) {
	c := newClusterAndSpares(t, 1, 1, hastyElections...)
	c.startAll()
	only := c.nodes[0]
	blank := c.spare()
	operator := only.operator(t)
	name := only.name(t)
	nobody := strings.Repeat("ab", 20)
	for _, trial := range []struct{ command, want string }{
		{"CLUSTER REMOVENODE " + name, "ERR the last voter cannot be removed"},
		{"CLUSTER REMOVENODE 1", "ERR the last voter cannot be removed"},
		{"CLUSTER REMOVENODE " + nobody, "ERR Unknown node " + nobody},
		{"CLUSTER REMOVENODE 77", "ERR Unknown node 77"},
		{"CLUSTER REMOVENODE nobody", "ERR Unknown node nobody"},
		{"CLUSTER REPLACENODE " + nobody + " " + blackbox.Address(blank.port), "ERR Unknown node " + nobody},
		{"CLUSTER REPLACENODE " + name, "ERR"},
		{"CLUSTER ADDNODE 0.0.0.0:" + strconv.Itoa(blank.port), "ERR"},
		{"CLUSTER ADDNODE nowhere", "ERR"},
		{"CLUSTER ADDNODE 127.0.0.1:65535", "ERR"},
		{"CLUSTER ADDNODE " + blackbox.Address(blank.port) + " OBSERVER", "ERR syntax error"},
		{"RAFT.NODE REMOVE 77", "ERR Unknown node 77"},
	} {
		if r := operator.Must(t, strings.Fields(trial.command)...); r.Kind != '-' || !strings.HasPrefix(r.Text, trial.want) {
			t.Errorf("%s was answered %v, want %s", trial.command, r, trial.want)
		}
	}
	// A node is a member already by its own address.
	expect(t, operator.Must(t, "CLUSTER", "ADDNODE", blackbox.Address(only.port)), strconv.Quote(name))
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	expect(t, only.connect(t).Must(t, "SET", "a", "1"), "+OK")
	if facts, err := info(blank.port, "raft"); err != nil || facts["raft_state"] != "joining" {
		t.Errorf("the blank node is %q (%v), want joining", facts["raft_state"], err)
	}
	c.add(only, blank)
}

// A learner has everything and no vote: it serves clients, does not help a majority, is a learner after every restart,
// and becomes a voter when it is added as one.
func TestMembers_D17_D18_ALearnerIsOneUntilItIsToldOtherwise(t *testing.T) {
	c := newClusterAndSpares(t, 2, 1, append(hastyElections, "--leader-wait-millis", "500",
		"--uncertain-after-millis", "1500")...)
	c.startAll()
	voters := c.nodes
	learner := c.spare()
	c.add(c.nodes[0], learner, "LEARNER")
	wanted := votersOf(voters)
	wanted[learner.port] = false
	for round := range 3 {
		awaitMembers(t, c.nodes, wanted)
		learner.process.AwaitReady(readyLimit)
		expect(t, learner.connect(t).Must(t, "INCR", "rounds"), fmt.Sprint(":", round+1))
		learner.process.Kill()
		c.start(learner)
	}
	learner.process.AwaitReady(readyLimit)
	if line := nodeLine(t, c.nodes[0], learner.name(t)); !strings.HasPrefix(line.flags, "slave") || line.slots != "" {
		t.Errorf("CLUSTER NODES shows the learner as %q with slots %q", line.flags, line.slots)
	}
	// Two of three nodes are up and one of two voters: that is no majority.
	voters[1].process.Kill()
	if r := learner.connect(t).Must(t, "SET", "a", "1"); r.Fate() == blackbox.Done {
		t.Errorf("with one of two voters dead a write was answered %v", r)
	}
	c.start(voters[1])
	voters[1].process.AwaitReady(readyLimit)
	c.drop(learner)
	c.add(c.nodes[0], learner)
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	voters[1].process.Kill()
	expect(t, learner.connect(t).Must(t, "SET", "a", "2"), "+OK")
}
