package main_test

import (
	"strings"
	"testing"
)

// Three of five machines are to be exchanged, the leader's among them. One command does it, in one step of the cluster:
// at no time are there voters that are neither the old five nor the new five. Clients of the two that stay see no
// error; those of the three that leave are told the truth.
func TestMembers_D3_D8_ThreeOfFiveAreReplacedInOneStepUnderLoad(t *testing.T) {
	c := newClusterAndSpares(t, 5, 3)
	c.startAll()
	leads := leader(t, c.nodes)
	leaving := append([]*node{leads}, c.others(leads)[:2]...)
	fresh := []*node{c.spare(), c.spare(), c.spare()}
	command, reply := replacement(t, leaving, fresh)

	l := newLoad(seedOf(t), []int{leaving[0].port, leaving[1].port, leaving[2].port}, len(leaving))
	l.begin(settledWrites)
	c.drop(leaving...)
	staying := c.nodes
	w := newWriting()
	w.stopWith(t)
	w.begin(staying, nil)
	w.awaitAnswered(t, settledWrites)
	expect(t, staying[0].operator(t).Must(t, command...), reply)
	c.nodes = append(c.nodes, fresh...)
	awaitMembers(t, c.nodes, votersOf(c.nodes))
	w.awaitAnswered(t, settledWrites)
	for _, gone := range leaving {
		awaitFact(t, gone, "raft_state", "removed")
		gone.process.Kill()
	}
	w.awaitAnswered(t, settledWrites)
	w.end(t)
	if err := l.end(); err != nil {
		t.Errorf("a client of a node that left: %v", err)
	}
	for _, n := range c.nodes {
		w.verify(t, n)
		l.verify(t, n.port)
	}
	// The members at the beginning, the intent, the exchange and its end: nothing in between, and nothing twice.
	code, entries := runs(t, "inspect", "--dir", c.nodeDirectory(staying[0]), "--entries", "1-1000000")
	if count := strings.Count(entries, ", configuration, "); code != 0 || count != 4 {
		t.Errorf("the log of node %d has %d configurations, want 4 (exit code %d)", staying[0].number, count, code)
	}
}
