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
	// Gone marks it if it answers and was removed from the cluster.
	Gone bool
	// Role is that which the view gives it; Master is whom a replica follows, nil if that is not known.
	Role   Role
	Master *SlotOwner
	// First is the first slot that it owns, Slots how many there are.
	First, Slots int
}

// Show makes the map that a node shows. Who owns which slots follows from the members, the absent among them and, in
// the view of the leader, who leads: nodes that know the same of these show the same map. A node that is no member
// (yet, or any more) has an entry without slots, since every node shows itself. A member that is about to leave has no
// entry, so that clients leave it before it goes, unless it answers or leads.
func Show(view View, cluster *Cluster) *Map {
	m := &Map{cluster: cluster, view: view, Owners: make([]SlotOwner, 0, len(cluster.Nodes)+1)}
	for i := range cluster.Nodes {
		node := &cluster.Nodes[i]
		if !node.Leaving || node.ID == cluster.Self || node.ID == cluster.Leader {
			m.Owners = append(m.Owners, SlotOwner{Node: node, Myself: node.ID == cluster.Self})
		}
	}
	if cluster.Node(cluster.Self) == nil {
		own := &Node{
			ID: cluster.Self, Name: fmt.Sprintf("%040s", cluster.Name), Voter: true, Up: true,
			Host: cluster.Own.Host, Port: cluster.Own.Port, PeerPort: cluster.Own.PeerPort,
		}
		m.Owners = append(m.Owners, SlotOwner{Node: own, Myself: true, Gone: cluster.State == Removed})
	}
	slices.SortFunc(m.Owners, func(a, b SlotOwner) int { return cmp.Compare(a.ID, b.ID) })
	m.giveRoles()
	if view == LeaderView {
		m.giveAll()
	} else {
		m.spread()
	}
	return m
}

// member reports whether an entry is that of a member, not of a node that only shows itself.
func (m *Map) member(o *SlotOwner) bool { return m.cluster.Node(o.ID) != nil }

// giveRoles says who is a master, and whom the others follow.
func (m *Map) giveRoles() {
	var leader *SlotOwner
	for i := range m.Owners {
		o := &m.Owners[i]
		leads := o.ID == m.cluster.Leader && m.member(o)
		if o.Role = m.view.RoleOf(leads); leads {
			leader = o
		}
	}
	for i := range m.Owners {
		if o := &m.Owners[i]; o.Role == Replica {
			o.Master = leader
		}
	}
}

// giveAll gives all slots to the leader. While no leader is known no node owns any.
func (m *Map) giveAll() {
	for i := range m.Owners {
		if o := &m.Owners[i]; o.Role == Master {
			o.Slots = command.Slots
		}
	}
}

// spread divides the slots among the voters that neither are absent nor leave, in the order of their numbers: each has
// a range, and no range is longer than another by more than one slot.
func (m *Map) spread() {
	var owners []*SlotOwner
	for i := range m.Owners {
		if o := &m.Owners[i]; m.member(o) && o.Voter && !o.Absent && !o.Leaving {
			owners = append(owners, o)
		}
	}
	for i, o := range owners {
		o.First = i * command.Slots / len(owners)
		o.Slots = (i+1)*command.Slots/len(owners) - o.First
	}
}

// Owner is who owns a slot; nil if no node does.
func (m *Map) Owner(slot uint16) *SlotOwner {
	for i := range m.Owners {
		if o := &m.Owners[i]; o.First <= int(slot) && int(slot) <= o.Last() && o.Slots > 0 {
			return o
		}
	}
	return nil
}

// Named finds a node by its name, or returns nil.
func (m *Map) Named(name string) *SlotOwner {
	for i := range m.Owners {
		if m.Owners[i].Name == name {
			return &m.Owners[i]
		}
	}
	return nil
}

// Alternative is the member to which a node that serves nothing sends its clients for a slot: the slot's owner, or else
// any other member; nil if the node knows of none.
func (m *Map) Alternative(slot uint16) *SlotOwner {
	if o := m.Owner(slot); o != nil && !o.Myself {
		return o
	}
	for i := range m.Owners {
		if o := &m.Owners[i]; !o.Myself && !o.Failed() {
			return o
		}
	}
	return nil
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

// Followers are the replicas of a master.
func (m *Map) Followers(master *SlotOwner) []*SlotOwner {
	var replicas []*SlotOwner
	for i := range m.Owners {
		if o := &m.Owners[i]; o.Master == master {
			replicas = append(replicas, o)
		}
	}
	return replicas
}

// Replicas are those of a master, without the failed ones.
func (m *Map) Replicas(master *SlotOwner) []*SlotOwner {
	return slices.DeleteFunc(m.Followers(master), (*SlotOwner).Failed)
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
		shards = append(shards, append([]*SlotOwner{head}, m.Followers(head)...))
	}
	return shards
}

// ShardID is the id of the shard of the node that answers. In the view of the leader there is one shard, and its id is
// not that of a node: it stays the same when another node leads.
func (m *Map) ShardID() string {
	if m.view == LeaderView {
		return fmt.Sprintf("%040x", m.cluster.ID)
	}
	return m.Myself().Name
}
