package main_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/client"
)

// What tests of the membership share. Nodes are named as operators name them: by the address of their clients, and by
// the id that CLUSTER MYID tells.

// changeLimit is how long an operator waits for a change of the members: longer than the node that is asked waits.
const changeLimit = 40 * time.Second

// operator connects to a node with the patience that changes of the members need.
func (n *node) operator(t testing.TB) *blackbox.Client {
	t.Helper()
	connection, err := client.Connect(blackbox.Address(n.port), changeLimit)
	if err != nil {
		t.Fatalf("connect to node %d: %v", n.number, err)
	}
	t.Cleanup(connection.Close)
	return &blackbox.Client{Connection: connection}
}

// spare starts the next node that belongs to no cluster, blank as it is, and waits until it listens.
func (c *cluster) spare(begins ...string) *node {
	c.t.Helper()
	n := c.spares[0]
	c.spares = c.spares[1:]
	n.begins = begins
	c.start(n)
	c.awaitListening(n)
	return n
}

// awaitListening waits until a node takes clients, whether it serves them or not.
func (c *cluster) awaitListening(n *node) {
	c.t.Helper()
	blackbox.Eventually(c.t, readyLimit, fmt.Sprintf("node %d listens", n.number), func() bool {
		if n.process.Ended() {
			c.t.Fatalf("node %d has ended", n.number)
		}
		_, err := info(n.port, "raft")
		return err == nil
	})
}

// name is the id of a node, 40 hex digits that it keeps for life.
func (n *node) name(t testing.TB) string {
	t.Helper()
	operator := n.operator(t)
	defer operator.Close()
	return operator.Must(t, "CLUSTER", "MYID").Text
}

// add makes a node a member by way of another one: when that is answered it is a voter, or a learner if the words after
// its address say so.
func (c *cluster) add(via, added *node, words ...string) {
	c.t.Helper()
	command := append([]string{"CLUSTER", "ADDNODE", blackbox.Address(added.port)}, words...)
	expect(c.t, via.operator(c.t).Must(c.t, command...), strconv.Quote(added.name(c.t)))
	c.nodes = append(c.nodes, added)
}

// remove takes members out of the cluster, in one step, by way of another one or of one of them.
func (c *cluster) remove(via *node, gone ...*node) {
	c.t.Helper()
	command := []string{"CLUSTER", "REMOVENODE"}
	for _, n := range gone {
		command = append(command, n.name(c.t))
	}
	expect(c.t, via.operator(c.t).Must(c.t, command...), "+OK")
	c.drop(gone...)
}

// replacement is the command that puts nodes into the places of members, and its reply.
func replacement(t testing.TB, old, fresh []*node) (command []string, reply string) {
	t.Helper()
	command = []string{"CLUSTER", "REPLACENODE"}
	var names []string
	for i := range old {
		command = append(command, old[i].name(t), blackbox.Address(fresh[i].port))
		names = append(names, strconv.Quote(fresh[i].name(t)))
	}
	return command, fmt.Sprint(names)
}

// drop notes that nodes are no members any more.
func (c *cluster) drop(gone ...*node) {
	c.nodes = slices.DeleteFunc(slices.Clone(c.nodes), func(n *node) bool { return slices.Contains(gone, n) })
}

// memberList is who belongs to a cluster, as a node knows it: for each port of clients, whether that member votes.
type memberList map[int]bool

// votersOf is the list in which the nodes vote and nobody else is there.
func votersOf(nodes []*node) memberList {
	list := memberList{}
	for _, n := range nodes {
		list[n.port] = true
	}
	return list
}

func (l memberList) voting() (count int) {
	for _, votes := range l {
		if votes {
			count++
		}
	}
	return count
}

// members asks a node who the members are. While voters are being exchanged, those of both halves vote.
func (n *node) members() (memberList, error) {
	facts, err := info(n.port, "raft")
	if err != nil {
		return nil, err
	}
	list := memberList{}
	for i := range facts {
		if !strings.HasPrefix(i, "raft_node") || !strings.Contains(facts[i], ",voting=") {
			continue
		}
		_, port, _ := strings.Cut(facts[i], ",port=")
		number, err := strconv.Atoi(port)
		if err != nil {
			return nil, fmt.Errorf("%s is %q: %w", i, facts[i], err)
		}
		list[number] = strings.Contains(facts[i], ",voting=yes,")
	}
	return list, nil
}

// awaitMembers waits until each of some nodes knows exactly these members.
func awaitMembers(t testing.TB, nodes []*node, wanted memberList) {
	t.Helper()
	for _, n := range nodes {
		var list memberList
		var err error
		known := blackbox.Poll(effectLimit, func() bool {
			list, err = n.members()
			return err == nil && maps.Equal(list, wanted)
		})
		if !known {
			t.Fatalf("node %d knows the members %v (%v), want %v", n.number, list, err, wanted)
		}
	}
}

// awaitMember waits until a node knows another one as a member that has a vote, or has none.
func awaitMember(t testing.TB, n, other *node, votes bool) {
	t.Helper()
	what := fmt.Sprintf("node %d knows node %d as a member, with a vote: %v", n.number, other.number, votes)
	blackbox.Eventually(t, effectLimit, what, func() bool {
		list, err := n.members()
		voting, known := list[other.port]
		return err == nil && known && voting == votes
	})
}

// awaitWords waits until a node has said something in its log.
func awaitWords(t testing.TB, n *node, words string) {
	t.Helper()
	blackbox.Eventually(t, effectLimit, fmt.Sprintf("node %d says %q", n.number, words), func() bool {
		return strings.Contains(n.process.Err(), words)
	})
}

// burden writes so much that a new member needs some time to catch up: many values of 32 KiB.
func burden(t testing.TB, n *node, values int) {
	t.Helper()
	const valueBytes = 32 << 10
	connection := n.connect(t)
	defer connection.Close()
	for i := range values {
		expect(t, connection.Must(t, "SET", fmt.Sprint("filler", i), fmt.Sprintf("%0*d", valueBytes, i)), "+OK")
	}
}
