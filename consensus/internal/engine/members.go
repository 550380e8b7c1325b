package engine

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// removed reports whether this node knows that it is no member any more. It ends what its clients wait for, and goes on
// running: whoever removed it stops it.
func (e *Engine) removed() bool {
	c, _ := e.core.CommittedConfiguration()
	return membership.LeftOut(c, e.options.ID)
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
