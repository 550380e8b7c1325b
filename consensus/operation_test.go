package consensus

import (
	"errors"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

func membersOf(incarnations ...uint64) []membership.Member {
	var list []membership.Member
	for i, incarnation := range incarnations {
		list = append(list, membership.Member{ID: raftlog.NodeID(i + 1), Incarnation: incarnation, Address: "h:1"})
	}
	return list
}

// Nodes 1 to 3 vote, node 4 is added in the place of node 1. How much of that does the log show?
func TestHowFarTheLogIsWithAChange(t *testing.T) {
	change := membership.Change{Add: []membership.Member{{Incarnation: 14}}, Remove: []raftlog.NodeID{1}}
	ids := func(ids ...raftlog.NodeID) []raftlog.NodeID { return ids }
	four := membersOf(11, 12, 13, 14)
	for name, c := range map[string]struct {
		configuration *membership.Configuration
		want          stage
	}{
		"no configuration": {nil, unseen},
		"before":           {&membership.Configuration{NextID: 4, Members: four[:3], Voters: ids(1, 2, 3)}, unseen},
		"intended": {&membership.Configuration{
			NextID: 5, Members: four, Voters: ids(1, 2, 3), Learners: ids(4), Promote: ids(4), Retire: ids(1),
		}, underWay},
		"joint": {&membership.Configuration{
			NextID: 5, Members: four, Voters: ids(2, 3, 4), Outgoing: ids(1, 2, 3),
		}, underWay},
		"complete": {&membership.Configuration{NextID: 5, Members: four[1:], Voters: ids(2, 3, 4)}, fulfilled},
		"another got the id": {&membership.Configuration{
			NextID: 5, Members: membersOf(11, 12, 13, 99), Voters: ids(1, 2, 3, 4),
		}, unseen},
	} {
		if got, err := stageOf(c.configuration, &change, ids(4)); got != c.want || err != nil {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
	gone := &membership.Configuration{NextID: 5, Members: four[:3], Voters: ids(1, 2, 3)}
	_, err := stageOf(gone, &change, ids(4))
	if !errors.Is(err, ErrSuperseded) || !strings.Contains(err.Error(), "node 4") {
		t.Errorf("the new node was removed again: %v", err)
	}
	learner := membership.Change{Add: []membership.Member{{Incarnation: 14}}, Learner: true}
	added := &membership.Configuration{NextID: 5, Members: four, Voters: ids(1, 2, 3), Learners: ids(4)}
	if got, err := stageOf(added, &learner, ids(4)); got != fulfilled || err != nil {
		t.Errorf("a learner for good: %v, %v", got, err)
	}
}

// Node 4 was added on the leader, and is removed there; this node has heard of neither. The removal is on one disk.
func TestD3_ARemovalIsNotCompleteWhereTheNodeIsNotKnownYet(t *testing.T) {
	c := &membership.Configuration{NextID: 4, Members: membersOf(11, 12, 13), Voters: []raftlog.NodeID{1, 2, 3}}
	if got, err := stageOf(c, &membership.Change{Remove: []raftlog.NodeID{4}}, nil); got != unseen || err != nil {
		t.Fatalf("it is %v, %v", got, err)
	}
}

// A cluster of one need not say how others reach it. Before it grows it must.
func TestAClusterThatOthersCannotDialDoesNotGrow(t *testing.T) {
	lonely := &membership.Configuration{Members: []membership.Member{{ID: 1, Address: "[::]:16379"}}}
	err := checkReachable(lonely)
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "node 1") {
		t.Fatalf("the error is %v", err)
	}
	if err := checkReachable(&membership.Configuration{Members: membersOf(11)}); err != nil {
		t.Fatal(err)
	}
}

func TestAnInvitedNodeThatMakesItsOwnClusterDeclines(t *testing.T) {
	n := openBlank(t, Options{Bootstrap: true, Expect: 2})
	_, err := peerHandler{n}.Invite(7)
	var refusal *transport.Refusal
	if !errors.As(err, &refusal) || !strings.Contains(refusal.Text, "cluster of its own") {
		t.Errorf("it answers %v", err)
	}
	if _, err := (peerHandler{n}).Change(7, nil); !errors.As(err, &refusal) {
		t.Errorf("a blank node answers a change with %v", err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

func TestChangesOfStrangersAndNonsenseAreRefused(t *testing.T) {
	n := openBlank(t, Options{Bootstrap: true})
	own := n.clusterID()
	if _, err := (peerHandler{n}).Change(own+1, nil); !errors.Is(err, transport.ErrCluster) {
		t.Errorf("of another cluster: %v", err)
	}
	if _, err := (peerHandler{n}).Change(own, []byte("nonsense")); err == nil {
		t.Error("nonsense is accepted")
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}
