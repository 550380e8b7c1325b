package consensus

import (
	"github.com/raftredis/raftredis/consensus/membership"
)

// Leader is the member that this node believes to lead, as of its last turn, and whether it is this node itself: nil if
// it knows of none, or of one that its newest configuration does not name. It takes no lock and allocates nothing, so
// it may be asked before every command. The member must not be changed.
func (n *Node) Leader() (leader *membership.Member, self bool) {
	r := n.runner.Load()
	if r == nil {
		return nil, false
	}
	s := r.Status()
	leader = membership.Find(s.Configuration, s.Leader)
	return leader, leader != nil && s.Leader == s.ID
}

// Removed reports whether this node knows that it belongs to its cluster no more, as of its last turn. It is as cheap
// as Leader.
func (n *Node) Removed() bool {
	r := n.runner.Load()
	return r != nil && r.Status().Removed
}
