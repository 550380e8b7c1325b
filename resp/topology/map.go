package topology

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/internal/command"
)

// Map is the cluster as one node shows it: its nodes, in the order of their numbers.
type Map struct {
	cluster *Cluster
	view    View
	Owners  []SlotOwner
}

// SlotOwner is a node as the cluster protocol shows it. It may own no slots.
type SlotOwner struct {
	*Node
	// Myself marks the node that answers.
	Myself bool
	// Replica marks one that owns no slots because it follows another; Master is that one, nil if it is not known.
	Replica bool
	Master  *SlotOwner
	// First is the first slot that it owns, Slots how many there are.
	First, Slots int
}

// Show makes the map that a node shows. Who owns which slots follows from the members, the absent among them and, in
// the view of the leader, who leads: nodes that know the same of these show the same map. A node that is no member
// (yet, or any more) has an entry without slots, since every node shows itself. A member that is about to leave has no
// entry, so that clients leave it before it goes, unless it answers or leads. ownPort is where clients reach a node
// that is no member.
func Show(view View, cluster *Cluster, ownPort int) *Map {
	m := &Map{cluster: cluster, view: view, Owners: make([]SlotOwner, 0, len(cluster.Nodes)+1)}
	for i := range cluster.Nodes {
		node := &cluster.Nodes[i]
		if !node.Leaving || node.ID == cluster.Self || node.ID == cluster.Leader {
			m.Owners = append(m.Owners, SlotOwner{Node: node, Myself: node.ID == cluster.Self})
		}
	}
	if cluster.Node(cluster.Self) == nil {
		outsider := Node{
			ID: cluster.Self, Name: fmt.Sprintf("%040s", cluster.Name), Port: ownPort, Voter: true, Up: true,
		}
		m.Owners = append(m.Owners, SlotOwner{Node: &outsider, Myself: true})
	}
	slices.SortFunc(m.Owners, func(a, b SlotOwner) int { return cmp.Compare(a.ID, b.ID) })
	var members []*SlotOwner
	for i := range m.Owners {
		if cluster.Node(m.Owners[i].ID) != nil {
			members = append(members, &m.Owners[i])
		}
	}
	if view == LeaderView {
		giveAll(members, cluster.Leader)
	} else {
		spread(members, cluster.Leader)
	}
	return m
}

// giveAll gives all slots to the leader. While no leader is known no node owns any.
func giveAll(members []*SlotOwner, leader uint64) {
	follow(members, leader, func(o *SlotOwner) bool { return o.ID != leader })
	for _, o := range members {
		if o.ID == leader {
			o.Slots = command.Slots
		}
	}
}

// spread divides the slots among the voters that neither are absent nor leave, in the order of their numbers: each has
// a range, and no range is longer than another by more than one slot.
func spread(members []*SlotOwner, leader uint64) {
	follow(members, leader, func(o *SlotOwner) bool { return !o.Voter })
	owners := slices.DeleteFunc(slices.Clone(members), func(o *SlotOwner) bool {
		return !o.Voter || o.Absent || o.Leaving
	})
	for i, o := range owners {
		o.First = i * command.Slots / len(owners)
		o.Slots = (i+1)*command.Slots/len(owners) - o.First
	}
}

// follow makes replicas of the leader out of some members.
func follow(members []*SlotOwner, leader uint64, follows func(*SlotOwner) bool) {
	var master *SlotOwner
	for _, o := range members {
		if o.ID == leader && !follows(o) {
			master = o
		}
	}
	for _, o := range members {
		if follows(o) {
			o.Replica, o.Master = true, master
		}
	}
}

// Myself is the entry of the node that answers; Show makes exactly one.
func (m *Map) Myself() *SlotOwner {
	for i := range m.Owners {
		if m.Owners[i].Myself {
			return &m.Owners[i]
		}
	}
	panic("topology: a node has no entry in its own map")
}

// Assigned counts the nodes that own slots, and the slots that have an owner.
func (m *Map) Assigned() (owners, slots int) {
	for i := range m.Owners {
		if n := m.Owners[i].Slots; n > 0 {
			owners++
			slots += n
		}
	}
	return owners, slots
}

// Serves reports whether commands on all slots can be answered. Without a leader nothing is served, nor by a node that
// loads its state or was removed.
func (m *Map) Serves() bool {
	_, slots := m.Assigned()
	return m.cluster.Leader != 0 && slots == command.Slots && m.cluster.State == Up
}

// Replicas are those of a master, without the failed ones.
func (m *Map) Replicas(master *SlotOwner) []*SlotOwner {
	var replicas []*SlotOwner
	for i := range m.Owners {
		if o := &m.Owners[i]; o.Master == master && !o.Failed() {
			replicas = append(replicas, o)
		}
	}
	return replicas
}

// Shards are the masters, each with its replicas behind it, the failed ones too. A node whose master is not known is a
// shard by itself.
func (m *Map) Shards() [][]*SlotOwner {
	var shards [][]*SlotOwner
	for i := range m.Owners {
		head := &m.Owners[i]
		if head.Master != nil {
			continue
		}
		shard := []*SlotOwner{head}
		for j := range m.Owners {
			if m.Owners[j].Master == head {
				shard = append(shard, &m.Owners[j])
			}
		}
		shards = append(shards, shard)
	}
	return shards
}

// ShardID is the id of the shard of the node that answers. In the view of the leader there is one shard, and its id is
// not that of a node: it stays the same when another node leads.
func (m *Map) ShardID() string {
	own := m.Myself()
	switch {
	case m.view == LeaderView:
		return fmt.Sprintf("%040x", m.cluster.ID)
	case own.Master != nil:
		return own.Master.Name
	}
	return own.Name
}
