package consensus_test

import (
	"log/slog"
	"testing"
)

// The sizes of journals travel with the handshake: the leader knows the smallest, and the operator hears of it.
func TestALeaderKnowsTheSmallestJournal(t *testing.T) {
	c := newTrio(t)
	smallest := c.nodes[c.leader()].Status().JournalLimitBytes
	enlarge := func(i int) *journalist {
		var log journalist
		c.stop(i)
		c.options[i].JournalFileBytes, c.options[i].Logger = 16<<20, slog.New(slog.NewTextHandler(&log, nil))
		c.start(i)
		return &log
	}
	logs := []*journalist{enlarge(0), enlarge(1)}
	for i, log := range logs {
		log.await(t, "a member's journal is smaller", "bytes=10485760", "own=16777216")
		if got := c.nodes[i].Status().JournalLimitBytes; got != smallest {
			t.Errorf("node %d would take in %d bytes, the smallest journal allows %d", i+1, got, smallest)
		}
	}
	enlarge(2)
	until(t, "all nodes to take in more", func() bool {
		for _, n := range c.nodes {
			if n.Status().JournalLimitBytes <= smallest {
				return false
			}
		}
		return true
	})
	add(t, c.nodes[c.leader()], 1)
}
