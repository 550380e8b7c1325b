package engine

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/raft"
)

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

// LeftOut reports whether a node was a member once and is none in this configuration: then it never will be again. Ids
// are allotted in order, so one that is still to be allotted belongs to a node that catches up with the time before it
// was added. The configuration may be nil: it leaves nobody out.
func LeftOut(c *raft.Configuration, id raft.NodeID) bool {
	return c != nil && id < c.NextID && FindMember(c, id) == nil
}

// removed reports whether this node knows that it is no member any more. It ends what its clients wait for, and goes on
// running: whoever removed it stops it.
func (e *Engine) removed() bool {
	c, _ := e.core.CommittedConfiguration()
	return LeftOut(c, e.options.ID)
}

// arrangePeers says to whom links are held: to the members of the newest configuration, and for a while to those whom
// it leaves out.
//
//   - Until it is committed, one that it leaves out may win an election, as the only one who has an up-to-date log, and
//     must be answered.
//   - A leader goes on sending to it until it knows of its removal: that ends what its clients wait for.
func (e *Engine) arrangePeers(ticks int) {
	c := e.core.Configuration()
	changed := c != e.configuration
	if changed {
		if e.configuration != nil {
			e.leaving = append(slices.Clone(e.configuration.Members), e.leaving...)
		}
		e.configuration = c
		e.leaving = slices.DeleteFunc(e.leaving, func(m raft.Member) bool { return FindMember(c, m.ID) != nil })
	}
	if len(e.leaving) > 0 && ticks > 0 && e.core.ConfigurationIndex() <= e.core.Commit() {
		kept := slices.DeleteFunc(slices.Clone(e.leaving), func(m raft.Member) bool { return !e.serves(m.ID) })
		changed = changed || len(kept) < len(e.leaving)
		e.leaving = kept
	}
	if changed && c != nil {
		e.out.Peers = append(slices.Clone(c.Members), e.leaving...)
	}
}

// serves reports whether this node, as a leader, sends to another one.
func (e *Engine) serves(id raft.NodeID) bool {
	return slices.ContainsFunc(e.core.Status().Followers, func(f raft.FollowerStatus) bool { return f.ID == id })
}
