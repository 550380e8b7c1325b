package membership

import "github.com/raftredis/raftredis/wal/raftlog"

// Find is what a configuration says of a node; nil if it does not name the node, or is nil itself. What it points
// to must not be changed.
func Find(c *Configuration, id raftlog.NodeID) *Member {
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

// LeftOut reports whether a node was a member once and is none in this configuration: then it never will be again. Ids
// are allotted in order, so one that is still to be allotted belongs to a node that catches up with the time before it
// was added. The configuration may be nil: it leaves no node out.
func LeftOut(c *Configuration, id raftlog.NodeID) bool {
	return c != nil && id < c.NextID && Find(c, id) == nil
}
