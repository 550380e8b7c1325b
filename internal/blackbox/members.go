package blackbox

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

// What tests of the membership share. Nodes are named as operators name them: by the address of their clients, and by
// the id that CLUSTER MYID tells.

// changeLimit is how long an operator waits for a change of the members: longer than the node that is asked waits.
const changeLimit = 40 * time.Second

// Operator connects to a node with the patience that changes of the members need.
func (n *Node) Operator(t testing.TB) *Client {
	t.Helper()
	connection, err := client.Connect(Address(n.Port), changeLimit)
	if err != nil {
		t.Fatalf("connect to node %d: %v", n.Number, err)
	}
	t.Cleanup(connection.Close)
	return &Client{Connection: connection}
}

// StartSpare starts the next node that belongs to no cluster, blank as it is, and waits until it listens.
func (c *Cluster) StartSpare(begins ...string) *Node {
	c.t.Helper()
	n := c.Spares[0]
	c.Spares = c.Spares[1:]
	n.FirstFlags = begins
	c.Start(n)
	c.AwaitListening(n)
	return n
}

// AwaitListening waits until a node has opened its directory and takes clients, whether it serves them or not.
func (c *Cluster) AwaitListening(n *Node) {
	c.t.Helper()
	Eventually(c.t, ReadyLimit, fmt.Sprintf("node %d listens", n.Number), func() bool {
		if n.Process.Ended() {
			c.t.Fatalf("node %d has ended", n.Number)
		}
		facts, err := Info(n.Port, "persistence")
		return err == nil && facts["loading"] == "0"
	})
}

// Name is the id of a node, 40 hex digits that it keeps for life.
func (n *Node) Name(t testing.TB) string {
	t.Helper()
	operator := n.Operator(t)
	defer operator.Close()
	return operator.Must(t, "CLUSTER", "MYID").Text
}

// Add makes a node a member, through another one. When it returns the node is a voter, or a learner if words say so.
func (c *Cluster) Add(via, added *Node, words ...string) {
	c.t.Helper()
	command := append([]string{"CLUSTER", "ADDNODE", Address(added.Port)}, words...)
	Expect(c.t, via.Operator(c.t).Must(c.t, command...), strconv.Quote(added.Name(c.t)))
	c.Nodes = append(c.Nodes, added)
}

// Remove takes members out of the cluster in one step, through any member.
func (c *Cluster) Remove(via *Node, gone ...*Node) {
	c.t.Helper()
	command := []string{"CLUSTER", "REMOVENODE"}
	for _, n := range gone {
		command = append(command, n.Name(c.t))
	}
	Expect(c.t, via.Operator(c.t).Must(c.t, command...), "+OK")
	c.Drop(gone...)
}

// Replacement is the command that puts nodes into the places of members, and its reply.
func Replacement(t testing.TB, old, fresh []*Node) (command []string, reply string) {
	t.Helper()
	command = []string{"CLUSTER", "REPLACENODE"}
	var names []string
	for i := range old {
		command = append(command, old[i].Name(t), Address(fresh[i].Port))
		names = append(names, strconv.Quote(fresh[i].Name(t)))
	}
	return command, fmt.Sprint(names)
}

// Drop takes nodes off the list of members.
func (c *Cluster) Drop(gone ...*Node) {
	c.Nodes = slices.DeleteFunc(slices.Clone(c.Nodes), func(n *Node) bool { return slices.Contains(gone, n) })
}

// MemberList is who belongs to a cluster, as a node knows it: for each port of clients, whether that member votes.
type MemberList map[int]bool

// VotersOf is the list with these nodes as voters and no other members.
func VotersOf(nodes []*Node) MemberList {
	list := MemberList{}
	for _, n := range nodes {
		list[n.Port] = true
	}
	return list
}

func (l MemberList) Voting() (count int) {
	for _, votes := range l {
		if votes {
			count++
		}
	}
	return count
}

// Members asks a node who the members are. While voters are being exchanged, those of both halves vote.
func (n *Node) Members() (MemberList, error) {
	facts, err := Info(n.Port, "raft")
	if err != nil {
		return nil, err
	}
	list := MemberList{}
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

// isStable reports whether no change of the members is under way, as far as a node knows.
func (n *Node) isStable() bool {
	facts, err := Info(n.Port, "raft")
	return err == nil && facts["raft_configuration"] == "stable"
}

// AwaitMembers waits until each of some nodes knows exactly these members. If all vote, no change is under way then:
// while the voters of two halves decide, a test that ends one of them may leave no majority of the old half.
func AwaitMembers(t testing.TB, nodes []*Node, wanted MemberList) {
	t.Helper()
	for _, n := range nodes {
		var list MemberList
		var err error
		known := Poll(EffectLimit, func() bool {
			list, err = n.Members()
			return err == nil && maps.Equal(list, wanted) && (wanted.Voting() < len(wanted) || n.isStable())
		})
		if !known {
			t.Fatalf("node %d knows the members %v (%v), want %v", n.Number, list, err, wanted)
		}
	}
}

// AwaitMember waits until a node knows another one as a member that has a vote, or has none.
func AwaitMember(t testing.TB, n, other *Node, votes bool) {
	t.Helper()
	what := fmt.Sprintf("node %d knows node %d as a member, with a vote: %v", n.Number, other.Number, votes)
	Eventually(t, EffectLimit, what, func() bool {
		list, err := n.Members()
		voting, known := list[other.Port]
		return err == nil && known && voting == votes
	})
}

// AwaitLog waits until a node has said something in its log.
func AwaitLog(t testing.TB, n *Node, words string) {
	t.Helper()
	Eventually(t, EffectLimit, fmt.Sprintf("node %d says %q", n.Number, words), func() bool {
		return strings.Contains(n.Process.Err(), words)
	})
}

// Burden writes so much that a new member needs some time to catch up: many values of 32 KiB.
func Burden(t testing.TB, n *Node, values int) {
	t.Helper()
	const valueBytes = 32 << 10
	connection := n.Connect(t)
	defer connection.Close()
	for i := range values {
		Expect(t, connection.Must(t, "SET", fmt.Sprint("filler", i), fmt.Sprintf("%0*d", valueBytes, i)), "+OK")
	}
}
