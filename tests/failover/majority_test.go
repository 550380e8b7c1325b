package failover_test

import (
	"strconv"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// awaiting are clients of one node, each with one command that is not answered yet.
type awaiting struct {
	key     string
	clients []*blackbox.Client
}

// increment sends INCR from some clients to a node, and waits until one of the node's numbers says that all are there.
func increment(t *testing.T, n *blackbox.Node, key, fact string) *awaiting {
	t.Helper()
	const clients = 4
	a := &awaiting{key: key}
	for range clients {
		client := n.Connect(t)
		if err := client.Send([]string{"INCR", key}); err != nil {
			t.Fatal(err)
		}
		a.clients = append(a.clients, client)
	}
	blackbox.AwaitFact(t, n, fact, strconv.Itoa(clients))
	return a
}

// end takes all replies and checks their fate.
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

// loseMajority leaves one node of a cluster, the leader or a follower. The node holds commands that it has appended or
// sent to the leader, and others that it keeps because it knows no leader.
func loseMajority(t *testing.T, c *blackbox.Cluster, leads bool) (survivor *blackbox.Node, sent, queued *awaiting) {
	t.Helper()
	survivor = blackbox.Leader(t, c.Nodes)
	if !leads {
		survivor = c.Others(survivor)[0]
	}
	rest := c.Others(survivor)
	for _, n := range rest {
		blackbox.Freeze(t, n)
	}
	sent = increment(t, survivor, "sent", "raft_unmet_batches")
	for _, n := range rest {
		n.Process.Kill() // with everything that waited in its sockets
	}
	blackbox.AwaitFact(t, survivor, "raft_leader_id", "0")
	queued = increment(t, survivor, "queued", "raft_waiting_batches")
	return survivor, sent, queued
}

// survivors are the two kinds of nodes that can be left over.
var survivors = map[string]bool{"a leader": true, "a follower": false}

// S31: A majority dies and comes back too late. What the survivor kept was never done, and it says so; what it had
// appended or sent has an unknown fate, and it says that. It serves again as soon as one other node is back.
func TestMajority_SentCommandsAreUnknownKeptOnesNotDone(t *testing.T) {
	for name, leads := range survivors {
		t.Run(name+" is left", func(t *testing.T) {
			c := blackbox.StartCluster(t, 3, append(blackbox.PatientElections,
				"--leader-wait-millis", "1500", "--uncertain-after-millis", "3500")...)
			survivor, sent, queued := loseMajority(t, c, leads)
			queued.end(t, blackbox.NotDone)
			sent.end(t, blackbox.Unknown)
			for _, n := range c.Others(survivor) {
				c.Start(n)
				n.Process.AwaitReady(blackbox.ReadyLimit) // a leader exists again
				expectOnceAtMost(t, sent, survivor, n)
				blackbox.Expect(t, survivor.Connect(t).Must(t, "GET", queued.key), "(nil)")
			}
		})
	}
}

// expectOnceAtMost says that no command was done twice, and that two nodes agree on how many were.
func expectOnceAtMost(t *testing.T, a *awaiting, n, other *blackbox.Node) {
	t.Helper()
	reply := n.Connect(t).Must(t, "GET", a.key)
	blackbox.Expect(t, other.Connect(t).Must(t, "GET", a.key), reply.String())
	if reply.Null {
		return
	}
	if done, err := reply.Int(); err != nil || done < 1 || done > len(a.clients) {
		t.Errorf("%s is %v after %d INCR of unknown fate", a.key, reply, len(a.clients))
	}
}

// S31: A majority dies and comes back in time. Whatever the survivor held is done, each command once: those that are in
// its log, those that were lost on their way to a leader that died, and those that it kept.
func TestMajority_EverythingIsDoneOnceIfItReturnsInTime(t *testing.T) {
	for name, leads := range survivors {
		t.Run(name+" is left", func(t *testing.T) {
			c := blackbox.StartCluster(t, 3, append(blackbox.PatientElections,
				"--leader-wait-millis", "600000", "--uncertain-after-millis", "600000")...)
			survivor, sent, queued := loseMajority(t, c, leads)
			for _, n := range c.Others(survivor) {
				c.Start(n)
			}
			for _, a := range []*awaiting{sent, queued} {
				a.end(t, blackbox.Done)
			}
			c.AwaitReady()
			for _, n := range c.Nodes {
				for _, a := range []*awaiting{sent, queued} {
					blackbox.Expect(t, n.Connect(t).Must(t, "GET", a.key), strconv.Quote(strconv.Itoa(len(a.clients))))
				}
			}
		})
	}
}

// S32: Clients lose patience: they leave a node that cannot serve them, and send the same command to another one. What
// the first node kept leaves with them, so that it is not done twice when the node finds a leader.
func TestMajority_ACommandLeavesWithItsClientIfNotSent(t *testing.T) {
	c := blackbox.StartCluster(t, 3, append(blackbox.HastyElections, "--leader-wait-millis", "600000")...)
	survivor := blackbox.Leader(t, c.Nodes)
	rest := c.Others(survivor)
	for _, n := range rest {
		n.Process.Kill()
	}
	blackbox.AwaitFact(t, survivor, "raft_leader_id", "0")
	const key = "patience"
	parked := increment(t, survivor, key, "raft_waiting_batches")
	for _, client := range parked.clients {
		client.Close()
	}
	blackbox.AwaitFact(t, survivor, "raft_waiting_batches", "0")
	for _, n := range rest {
		c.Start(n)
	}
	c.AwaitReady()
	for i := range parked.clients {
		blackbox.Expect(t, rest[i%len(rest)].Connect(t).Must(t, "INCR", key), ":"+strconv.Itoa(i+1))
	}
	blackbox.Expect(t, survivor.Connect(t).Must(t, "INCR", key), ":"+strconv.Itoa(len(parked.clients)+1))
}
