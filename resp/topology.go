package resp

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/internal/command"
)

// ClusterView is how the cluster looks to cluster clients. Every node serves every key whatever the view: a view only
// says where clients go by themselves.
type ClusterView uint8

const (
	// SpreadView shows each live voter as the owner of an even share of the slots, so that clients use all nodes.
	SpreadView ClusterView = iota
	// LeaderView shows the leader as the owner of all slots and all others as its replicas.
	LeaderView
	// NoView shows no cluster: the node looks like a single Redis, and CLUSTER is refused.
	NoView
)

var clusterViews = [...]string{SpreadView: "spread", LeaderView: "leader", NoView: "off"}

// String is the view's name, as ParseClusterView takes it.
func (v ClusterView) String() string { return clusterViews[v] }

// ParseClusterView finds a view by its name: spread, leader or off.
func ParseClusterView(name string) (ClusterView, error) {
	if i := slices.Index(clusterViews[:], name); i >= 0 {
		return ClusterView(i), nil
	}
	return 0, fmt.Errorf("a cluster view is spread, leader or off, not %q", name)
}

// seat is a node as the cluster protocol shows it.
type seat struct {
	*NodeInfo
	// myself marks the node that answers.
	myself bool
	// replica marks one that owns no slots because it follows another; master is that one, nil if it is not known.
	replica bool
	master  *seat
	// first is the first slot of the share, slots its length.
	first, slots int
}

// last is the last slot of a share that has any.
func (s *seat) last() int { return s.first + s.slots - 1 }

// failed says that clients had better not go there. Learners are not watched by the leader as voters are: of them a
// node says what it sees itself.
func (s *seat) failed() bool { return s.Absent || (!s.Voter && !s.Up && !s.myself) }

// topology makes the seats of all nodes, in the order of their numbers. Who owns which slots follows from nothing but
// the members, the absent among them and, in the view of the leader, who leads: nodes that know the same of these show
// the same map. A node that is no member (yet, or any more) has a seat without slots, since every node shows itself. A
// member that is about to leave has no seat, so that clients leave it before it goes, unless it answers or leads.
func topology(view ClusterView, info *Info, ownPort int) []seat {
	seats := make([]seat, 0, len(info.Nodes)+1)
	for i := range info.Nodes {
		member := &info.Nodes[i]
		if !member.Leaving || member.ID == info.NodeID || member.ID == info.Leader {
			seats = append(seats, seat{NodeInfo: member, myself: member.ID == info.NodeID})
		}
	}
	if info.node(info.NodeID) == nil {
		stranger := NodeInfo{ID: info.NodeID, Name: fmt.Sprintf("%040s", info.Name), Port: ownPort, Voter: true, Up: true}
		seats = append(seats, seat{NodeInfo: &stranger, myself: true})
	}
	slices.SortFunc(seats, func(a, b seat) int { return cmp.Compare(a.ID, b.ID) })
	members := slices.DeleteFunc(pointers(seats), func(s *seat) bool { return info.node(s.ID) == nil })
	if view == LeaderView {
		crown(members, info.Leader)
	} else {
		spread(members, info.Leader)
	}
	return seats
}

func pointers(seats []seat) []*seat {
	all := make([]*seat, len(seats))
	for i := range seats {
		all[i] = &seats[i]
	}
	return all
}

// crown gives all slots to the leader. While none is known nobody owns any.
func crown(members []*seat, leader uint64) {
	enlist(members, leader, func(s *seat) bool { return s.ID != leader })
	for _, s := range members {
		if s.ID == leader {
			s.slots = command.Slots
		}
	}
}

// spread divides the slots among the voters that neither are absent nor leave, in the order of their numbers: each has
// a range, and no range is longer than another by more than one slot.
func spread(members []*seat, leader uint64) {
	enlist(members, leader, func(s *seat) bool { return !s.Voter })
	owners := slices.DeleteFunc(slices.Clone(members), func(s *seat) bool { return !s.Voter || s.Absent || s.Leaving })
	for i, s := range owners {
		s.first = i * command.Slots / len(owners)
		s.slots = (i+1)*command.Slots/len(owners) - s.first
	}
}

// enlist makes replicas of the leader out of some members.
func enlist(members []*seat, leader uint64, follows func(*seat) bool) {
	var master *seat
	for _, s := range members {
		if s.ID == leader && !follows(s) {
			master = s
		}
	}
	for _, s := range members {
		if follows(s) {
			s.replica, s.master = true, master
		}
	}
}
