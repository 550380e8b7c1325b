package main_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// patientElections leave a leader without followers in office for a second: time enough to give it work that nobody
// will acknowledge.
var patientElections = []string{"--heartbeat-millis", "50", "--election-millis", "1000"}

// awaiting are clients of one node, each with one command that is not answered yet.
type awaiting struct {
	key     string
	clients []*blackbox.Client
}

// increment sends INCR from some clients to a node, and waits until one of the node's numbers says that all are there.
func increment(t *testing.T, n *node, key, fact string) *awaiting {
	t.Helper()
	const clients = 4
	a := &awaiting{key: key}
	for range clients {
		client := n.connect(t)
		if err := client.Send([]string{"INCR", key}); err != nil {
			t.Fatal(err)
		}
		a.clients = append(a.clients, client)
	}
	awaitFact(t, n, fact, strconv.Itoa(clients))
	return a
}

// awaitFact waits until a node says something of itself.
func awaitFact(t *testing.T, n *node, fact, wanted string) {
	t.Helper()
	blackbox.Eventually(t, effectLimit, fmt.Sprintf("%s of node %d is %s", fact, n.number, wanted), func() bool {
		facts, err := info(n.port, "raft")
		return err == nil && facts[fact] == wanted
	})
}

// end takes all replies, whose fate must be the one given.
func (a *awaiting) end(t *testing.T, want blackbox.Fate) {
	t.Helper()
	seen := map[string]bool{}
	for _, client := range a.clients {
		reply, err := client.Receive()
		if err != nil {
			t.Fatalf("INCR %s: %v", a.key, err)
		}
		if reply.Fate() != want || want == blackbox.Done && (reply.Kind != ':' || seen[reply.Text]) {
			t.Errorf("INCR %s was answered %v, want fate %v and each number once", a.key, reply, want)
		}
		seen[reply.Text] = true
	}
}

// loseMajority leaves one node of a cluster, the leader or a follower: with commands that it has appended or sent to
// the leader, and others that it keeps because it knows no leader any more.
func loseMajority(t *testing.T, c *cluster, leads bool) (survivor *node, sent, queued *awaiting) {
	t.Helper()
	survivor = leader(t, c.nodes)
	if !leads {
		survivor = c.others(survivor)[0]
	}
	rest := c.others(survivor)
	for _, n := range rest {
		freeze(t, n)
	}
	sent = increment(t, survivor, "sent", "raft_unmet_batches")
	for _, n := range rest {
		n.process.Kill() // with everything that waited in its sockets
	}
	awaitFact(t, survivor, "raft_leader_id", "0")
	queued = increment(t, survivor, "queued", "raft_waiting_batches")
	return survivor, sent, queued
}

// survivors are the two kinds of nodes that can be left over.
var survivors = map[string]bool{"a leader": true, "a follower": false}

// A majority dies and comes back too late. What the survivor kept was never done, and it says so; what it had appended
// or sent has an unknown fate, and it says that. It serves again as soon as one other node is back.
func TestS31_WhatASurvivorHadSentIsUncertainAndWhatItKeptIsNotDone(t *testing.T) {
	for name, leads := range survivors {
		t.Run(name+" is left", func(t *testing.T) {
			c := startCluster(t, 3, append(patientElections,
				"--leader-wait-millis", "1500", "--uncertain-after-millis", "3500")...)
			survivor, sent, queued := loseMajority(t, c, leads)
			queued.end(t, blackbox.NotDone)
			sent.end(t, blackbox.Unknown)
			for _, n := range c.others(survivor) {
				c.start(n)
				n.process.AwaitReady(readyLimit) // there is a leader again, whoever it is
				expectOnceAtMost(t, sent, survivor, n)
				expect(t, survivor.connect(t).Must(t, "GET", queued.key), "(nil)")
			}
		})
	}
}

// expectOnceAtMost says that no command was done twice, and that two nodes agree on how many were.
func expectOnceAtMost(t *testing.T, a *awaiting, n, other *node) {
	t.Helper()
	reply := n.connect(t).Must(t, "GET", a.key)
	expect(t, other.connect(t).Must(t, "GET", a.key), reply.String())
	if reply.Null {
		return
	}
	if done, err := reply.Int(); err != nil || done < 1 || done > len(a.clients) {
		t.Errorf("%s is %v after %d INCR of unknown fate", a.key, reply, len(a.clients))
	}
}

// A majority dies and comes back in time. Whatever the survivor held is done, each command once: those that are in its
// log, those that were lost on their way to a leader that died, and those that it kept.
func TestS31_EverythingIsDoneOnceWhenTheMajorityReturnsInTime(t *testing.T) {
	for name, leads := range survivors {
		t.Run(name+" is left", func(t *testing.T) {
			c := startCluster(t, 3, append(patientElections,
				"--leader-wait-millis", "600000", "--uncertain-after-millis", "600000")...)
			survivor, sent, queued := loseMajority(t, c, leads)
			for _, n := range c.others(survivor) {
				c.start(n)
			}
			for _, a := range []*awaiting{sent, queued} {
				a.end(t, blackbox.Done)
			}
			c.awaitReady()
			for _, n := range c.nodes {
				for _, a := range []*awaiting{sent, queued} {
					expect(t, n.connect(t).Must(t, "GET", a.key), strconv.Quote(strconv.Itoa(len(a.clients))))
				}
			}
		})
	}
}

// Clients lose patience: they leave a node that cannot serve them, and send the same command to another one. What the
// first node kept leaves with them, so that it is not done twice when the node finds a leader.
func TestS32_ACommandLeavesWithItsClientIfItWasNeverSent(t *testing.T) {
	c := startCluster(t, 3, append(hastyElections, "--leader-wait-millis", "600000")...)
	survivor := leader(t, c.nodes)
	rest := c.others(survivor)
	for _, n := range rest {
		n.process.Kill()
	}
	awaitFact(t, survivor, "raft_leader_id", "0")
	const key = "patience"
	parked := increment(t, survivor, key, "raft_waiting_batches")
	for _, client := range parked.clients {
		client.Close()
	}
	awaitFact(t, survivor, "raft_waiting_batches", "0")
	for _, n := range rest {
		c.start(n)
	}
	c.awaitReady()
	for i := range parked.clients {
		expect(t, rest[i%len(rest)].connect(t).Must(t, "INCR", key), ":"+strconv.Itoa(i+1))
	}
	expect(t, survivor.connect(t).Must(t, "INCR", key), ":"+strconv.Itoa(len(parked.clients)+1))
}
