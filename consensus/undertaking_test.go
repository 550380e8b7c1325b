package consensus

import (
	"errors"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/consensus/transport"
)

func membersOf(incarnations ...uint64) []raft.Member {
	var list []raft.Member
	for i, incarnation := range incarnations {
		list = append(list, raft.Member{ID: raft.NodeID(i + 1), Incarnation: incarnation, PeerAddress: "h:1"})
	}
	return list
}

// Nodes 1 to 3 vote, node 4 is added in the place of node 1. What of it is to be seen?
func TestHowFarTheLogIsWithAChange(t *testing.T) {
	change := engine.Change{Add: []raft.Member{{Incarnation: 14}}, Remove: []raft.NodeID{1}}
	ids := func(ids ...raft.NodeID) []raft.NodeID { return ids }
	four := membersOf(11, 12, 13, 14)
	for name, c := range map[string]struct {
		configuration *raft.Configuration
		want          stage
	}{
		"no configuration": {nil, unseen},
		"before":           {&raft.Configuration{NextID: 4, Members: four[:3], Voters: ids(1, 2, 3)}, unseen},
		"intended": {&raft.Configuration{
			NextID: 5, Members: four, Voters: ids(1, 2, 3), Learners: ids(4), Promote: ids(4), Retire: ids(1),
		}, underWay},
		"joint":    {&raft.Configuration{NextID: 5, Members: four, Voters: ids(2, 3, 4), Outgoing: ids(1, 2, 3)}, underWay},
		"complete": {&raft.Configuration{NextID: 5, Members: four[1:], Voters: ids(2, 3, 4)}, fulfilled},
		"another got the id": {&raft.Configuration{
			NextID: 5, Members: membersOf(11, 12, 13, 99), Voters: ids(1, 2, 3, 4),
		}, unseen},
	} {
		if got, err := stageOf(c.configuration, &change, ids(4)); got != c.want || err != nil {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
	gone := &raft.Configuration{NextID: 5, Members: four[:3], Voters: ids(1, 2, 3)}
	if _, err := stageOf(gone, &change, ids(4)); !errors.Is(err, ErrUndone) || !strings.Contains(err.Error(), "node 4") {
		t.Errorf("the new node was removed again: %v", err)
	}
	learner := engine.Change{Add: []raft.Member{{Incarnation: 14}}, Learner: true}
	added := &raft.Configuration{NextID: 5, Members: four, Voters: ids(1, 2, 3), Learners: ids(4)}
	if got, err := stageOf(added, &learner, ids(4)); got != fulfilled || err != nil {
		t.Errorf("a learner for good: %v, %v", got, err)
	}
}

// Node 4 was added on the leader, and is removed there; this node has heard of neither. The removal is on one disk.
func TestD3_ARemovalIsNotCompleteWhereTheNodeIsNotKnownYet(t *testing.T) {
	c := &raft.Configuration{NextID: 4, Members: membersOf(11, 12, 13), Voters: []raft.NodeID{1, 2, 3}}
	if got, err := stageOf(c, &engine.Change{Remove: []raft.NodeID{4}}, nil); got != unseen || err != nil {
		t.Fatalf("it is %v, %v", got, err)
	}
}

// A cluster of one need not say how others reach it. Before it grows it must.
func TestAClusterThatOthersCannotDialDoesNotGrow(t *testing.T) {
	lonely := &raft.Configuration{Members: []raft.Member{{ID: 1, PeerAddress: "[::]:16379"}}}
	err := checkReachable(lonely)
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "node 1") {
		t.Fatalf("the error is %v", err)
	}
	if err := checkReachable(&raft.Configuration{Members: membersOf(11)}); err != nil {
		t.Fatal(err)
	}
}

func TestAnInvitedNodeThatMakesItsOwnClusterDeclines(t *testing.T) {
	n := openBlank(t, Options{Bootstrap: true, Expect: 2})
	_, err := owner{n}.Invite(7)
	var refusal *transport.Refusal
	if !errors.As(err, &refusal) || !strings.Contains(refusal.Text, "cluster of its own") {
		t.Errorf("it answers %v", err)
	}
	if _, err := (owner{n}).Change(7, nil); !errors.As(err, &refusal) {
		t.Errorf("a blank node answers a change with %v", err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

func TestChangesOfStrangersAndNonsenseAreRefused(t *testing.T) {
	n := openBlank(t, Options{Bootstrap: true})
	own := n.clusterID()
	if _, err := (owner{n}).Change(own+1, nil); !errors.Is(err, transport.ErrCluster) {
		t.Errorf("of another cluster: %v", err)
	}
	if _, err := (owner{n}).Change(own, []byte("nonsense")); err == nil {
		t.Error("nonsense is accepted")
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}
