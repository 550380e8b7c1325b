package engine

import "github.com/raftredis/raftredis/consensus/raft"

// FindMember is what a configuration says of a node; nil if it does not name the node, or is nil itself. What it points
// to must not be changed.
func FindMember(c *raft.Configuration, id raft.NodeID) *raft.Member {
	if c == nil {
		return nil
	}
	for i := range c.Members {
		if c.Members[i].ID == id {
			return &c.Members[i]
		}
	}
	return nil
}
