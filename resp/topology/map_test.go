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
		m := Show(SpreadView, clusterOf(nodes))
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
	m := Show(SpreadView, c)
	if owners, slots := m.Assigned(); owners != 2 || slots != command.Slots || m.Owners[1].Slots != 0 {
		t.Fatalf("%d owners of %d slots, the absent one of %d", owners, slots, m.Owners[1].Slots)
	}
}

func TestTheLeaderViewHasOneShardThatKeepsItsID(t *testing.T) {
	c := clusterOf(3)
	before := Show(LeaderView, c)
	c.Leader = 2
	after := Show(LeaderView, c)
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
	c.Self, c.State, c.Name, c.Own = 0, Joining, "ab", Own{"10.0.0.9", 7009, 17009}
	m := Show(SpreadView, c)
	own := m.Myself()
	at := Own{own.Host, own.Port, own.PeerPort}
	if own.Slots != 0 || at != c.Own || len(own.Name) != 40 || len(m.Owners) != 4 {
		t.Fatalf("the node shows %+v among %d", own.Node, len(m.Owners))
	}
}

// A node has one role in a view, whichever command tells it, and members, blank nodes and removed ones have one alike.
func TestEachViewGivesEachNodeOneRole(t *testing.T) {
	for _, view := range []View{SpreadView, LeaderView, NoView} {
		for _, leader := range []uint64{0, 1, 2} {
			for _, self := range []uint64{0, 1, 2, 3} {
				c := clusterOf(3)
				c.Nodes[2].Voter = false
				c.Self, c.Leader, c.Leads = self, leader, self != 0 && self == leader
				m := Show(view, c)
				for i := range m.Owners {
					o := &m.Owners[i]
					want := Master
					if view == LeaderView && (o.ID != leader || leader == 0) {
						want = Replica
					}
					if o.Role != want {
						t.Errorf("%v view of node %d, node %d leads: node %d is a %v, want a %v", view, self, leader, o.ID, o.Role,
							want)
					}
					if o.Role == Replica && leader != 0 && (o.Master == nil || o.Master.ID != leader) {
						t.Errorf("%v view: node %d follows %+v, want node %d", view, o.ID, o.Master, leader)
					}
				}
				if own := m.Myself(); own.Role != view.RoleOf(c.Leads) {
					t.Errorf("%v view: node %d is a %v in its map, and a %v otherwise", view, self, own.Role, view.RoleOf(c.Leads))
				}
			}
		}
	}
}

// A node that serves nothing sends each client to a member that does, and never to itself.
func TestEachSlotHasAMemberAlternative(t *testing.T) {
	for _, view := range []View{SpreadView, LeaderView} {
		c := clusterOf(3)
		c.Self, c.State, c.Leader = 9, Removed, 0
		c.Nodes[0].Absent = true
		m := Show(view, c)
		for slot := range uint16(command.Slots) {
			to := m.Alternative(slot)
			if to == nil || to.Myself || to.Failed() {
				t.Fatalf("%v view: slot %d is sent to %+v", view, slot, to)
			}
			if owner := m.Owner(slot); owner != nil && owner.ID != to.ID {
				t.Fatalf("%v view: slot %d is sent to node %d, and node %d owns it", view, slot, to.ID, owner.ID)
			}
		}
	}
	alone := &Cluster{Standing: Standing{State: Joining}, Name: "ab"}
	if to := Show(SpreadView, alone).Alternative(0); to != nil {
		t.Fatalf("a node that knows of no other sends its clients to %+v", to)
	}
}

func TestANodeThatWasRemovedSaysWhereItIsAndThatItIsGone(t *testing.T) {
	c := clusterOf(3)
	c.Self, c.State, c.Name, c.Own = 9, Removed, "ab", Own{"10.0.0.9", 7009, 17009}
	own := Show(SpreadView, c).Myself()
	if own.Flags() != "myself,master,fail" || own.LinkState() != "disconnected" || own.Host != "10.0.0.9" {
		t.Fatalf("it is %s, %s at %s", own.Flags(), own.LinkState(), own.Host)
	}
}
