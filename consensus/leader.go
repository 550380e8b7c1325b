package consensus

import (
	"github.com/raftredis/raftredis/consensus/engine"
	"github.com/raftredis/raftredis/consensus/raft"
)

// Leader is the member that this node believes to lead, as of its last turn, and whether it is this node itself: nil if
// it knows of none, or of one that its newest configuration does not name. It takes no lock and allocates nothing, so it
// may be asked before every command. The member must not be changed.
func (n *Node) Leader() (leader *raft.Member, self bool) {
	r := n.runner.Load()
	if r == nil {
		return nil, false
	}
	s := r.Status()
	leader = engine.FindMember(s.Configuration, s.Leader)
	return leader, leader != nil && s.Leader == s.ID
}
