package consensus

import (
	"errors"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
)

func goodJoiner(incarnation uint64, address string) transport.Join {
	return transport.Join{Incarnation: incarnation, Address: address}
}

// What a joiner says of itself becomes part of the first entry. If that could not be decoded again, the cluster would
// work until the first restart of its nodes, and never after.
func TestD16_AJoinerThatCannotBeANodeIsRefused(t *testing.T) {
	n := openBlank(t, Options{Bootstrap: true, Expect: 2})
	for what, change := range map[string]func(*transport.Join){
		"no incarnation":  func(j *transport.Join) { j.Incarnation = 0 },
		"long address":    func(j *transport.Join) { j.Address = strings.Repeat("a", maxAddressBytes) + ":1" },
		"long attributes": func(j *transport.Join) { j.Attributes = make([]byte, membership.MaxAttributesBytes+1) },
	} {
		j := goodJoiner(8, "127.0.0.1:1")
		change(&j)
		var refusal *transport.Refusal
		if _, err := (peerHandler{n}).Join(j); !errors.As(err, &refusal) {
			t.Errorf("%s: the answer is %v", what, err)
		}
	}
	if n.Status().Joiners != 0 || n.runner.Load() != nil {
		t.Error("the cluster was formed with a node that cannot be")
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// A node comes back with an emptied directory at the address of one that asked before, and then with its own old
// directory there: it is one node, not two members at one address.
func TestAJoinerThatAsksAgainIsOneMember(t *testing.T) {
	n := openBlank(t, Options{}) // it looks for no joiner: these are not there
	for _, j := range []transport.Join{
		goodJoiner(1, "127.0.0.1:1"), goodJoiner(2, "127.0.0.1:2"), goodJoiner(1, "127.0.0.1:2"),
	} {
		n.mu.Lock()
		n.noteJoiner(j)
		n.mu.Unlock()
	}
	if joiners := n.Status().Joiners; joiners != 1 {
		t.Errorf("%d joiners, want 1", joiners)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// The largest cluster with the longest honest texts, in the form in which it is stored.
func TestAHundredNodesWithOrdinaryAddressesFitAConfiguration(t *testing.T) {
	c := &membership.Configuration{ClusterID: 1, HashSeed: 1, NextID: 1}
	for range 100 {
		host := strings.Repeat("h", 60)
		c.Members = append(c.Members, membership.Member{
			ID: c.NextID, Incarnation: random(), Address: host + ":16379", Attributes: []byte(host + ":6379"),
		})
		c.Voters = append(c.Voters, c.NextID)
		c.NextID++
	}
	if _, err := membership.Decode(membership.Encode(c)); err != nil {
		t.Fatal(err)
	}
}
