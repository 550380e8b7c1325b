package topology

import (
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
)

func clusterOf(nodes int) *Cluster {
	c := &Cluster{Standing: Standing{State: Up, Leads: true}, Self: 1, Leader: 1}
	for id := 1; id <= nodes; id++ {
		c.Nodes = append(c.Nodes, Node{ID: uint64(id), Name: fmt.Sprintf("%040d", id), Voter: true, Up: true})
	}
	return c
}

func TestSpreadGivesEverySlotToOneVoter(t *testing.T) {
	for nodes := 1; nodes <= 9; nodes++ {
		m := Show(SpreadView, clusterOf(nodes), 7001)
		next, shortest, longest := 0, command.Slots, 0
		for _, o := range m.Owners {
			if o.First != next {
				t.Fatalf("%d nodes: a range begins at %d, want %d", nodes, o.First, next)
			}
			next = o.Last() + 1
			shortest, longest = min(shortest, o.Slots), max(longest, o.Slots)
		}
		if next != command.Slots || longest > shortest+1 || !m.Serves() {
			t.Fatalf("%d nodes: %d slots in ranges of %d to %d, serves %v", nodes, next, shortest, longest, m.Serves())
		}
	}
}

func TestAnAbsentVoterOwnsNothingInTheSpreadView(t *testing.T) {
	c := clusterOf(3)
	c.Nodes[1].Absent = true
	m := Show(SpreadView, c, 7001)
	if owners, slots := m.Assigned(); owners != 2 || slots != command.Slots || m.Owners[1].Slots != 0 {
		t.Fatalf("%d owners of %d slots, the absent one of %d", owners, slots, m.Owners[1].Slots)
	}
}

func TestTheLeaderViewHasOneShardThatKeepsItsID(t *testing.T) {
	c := clusterOf(3)
	before := Show(LeaderView, c, 7001)
	c.Leader = 2
	after := Show(LeaderView, c, 7001)
	if len(before.Shards()) != 1 || len(after.Shards()) != 1 || before.ShardID() != after.ShardID() {
		t.Fatalf("%d shards %s, then %d shards %s", len(before.Shards()), before.ShardID(), len(after.Shards()),
			after.ShardID())
	}
	if master := after.Shards()[0][0]; master.ID != 2 || len(after.Replicas(master)) != 2 {
		t.Fatalf("node %d leads %d replicas", master.ID, len(after.Replicas(master)))
	}
}

func TestANodeThatIsNoMemberShowsItselfWithoutSlots(t *testing.T) {
	c := clusterOf(3)
	c.Self, c.State, c.Name = 0, Joining, "ab"
	m := Show(SpreadView, c, 7009)
	own := m.Myself()
	if own.Slots != 0 || own.Port != 7009 || len(own.Name) != 40 || len(m.Owners) != 4 {
		t.Fatalf("the node shows %+v among %d", own.Node, len(m.Owners))
	}
}
