package engine

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// removed reports whether this node has learned that it was removed from the cluster. Then it ends what its clients
// wait for. It keeps running until its operator stops it.
func (e *Engine) removed() bool {
	c, _ := e.core.CommittedConfiguration()
	return membership.LeftOut(c, e.options.ID)
}

// arrangePeers decides to which nodes this one has links: to the members of the newest configuration, and for a while
// to members that it removes.
//
//   - Until the configuration is committed, a removed member may be the only node with an up-to-date log. It may win an
//     election, and must be answered.
//   - A leader sends to a removed member until that one knows of its removal: this ends what its clients wait for.
func (e *Engine) arrangePeers(ticks int) {
	c := e.core.Configuration()
	changed := c != e.configuration
	if changed {
		if e.configuration != nil {
			e.leaving = append(slices.Clone(e.configuration.Members), e.leaving...)
		}
		e.configuration = c
		e.leaving = slices.DeleteFunc(e.leaving, func(m membership.Member) bool { return membership.Find(c, m.ID) != nil })
	}
	if len(e.leaving) > 0 && ticks > 0 && e.core.ConfigurationIndex() <= e.core.Commit() {
		kept := slices.DeleteFunc(slices.Clone(e.leaving), func(m membership.Member) bool { return !e.serves(m.ID) })
		changed = changed || len(kept) < len(e.leaving)
		e.leaving = kept
	}
	if changed && c != nil {
		e.out.Peers = append(slices.Clone(c.Members), e.leaving...)
	}
}

// serves reports whether this node, as a leader, sends to another one.
func (e *Engine) serves(id raftlog.NodeID) bool {
	return slices.ContainsFunc(e.core.Status().Followers, func(f raft.FollowerStatus) bool { return f.ID == id })
}
