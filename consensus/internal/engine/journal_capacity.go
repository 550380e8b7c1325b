package engine

import (
	"maps"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The journals of a cluster should have one size, but may differ while an operator changes one node after the other. A
// leader must not take in more than every member can hold: a follower whose journal is full refuses entries until more
// is committed. Otherwise:
//
//  1. Leader L has the largest journal, and fills it. The others hold less than L.
//  2. L restarts and leads again. Nothing of its new term is committed before a majority holds all that L has.
//  3. The others have no room for that, and none of them can be elected, for L's log is longer.
//
// The handshake carries the journal's capacity in both directions. A node without a handshake since this one started
// counts neither towards a majority of this leader nor towards the limit.

// noteCapacity remembers what a node's journal has room for. The configuration may name the node only later: this node
// may be late to learn it.
func (e *Engine) noteCapacity(id raftlog.NodeID, bytes int) {
	if bytes <= 0 {
		delete(e.journalCapacities, id)
		return
	}
	if len(e.journalCapacities) >= 2*membership.MaxMembers {
		maps.DeleteFunc(e.journalCapacities, func(id raftlog.NodeID, _ int) bool { return !e.isMember(id) })
	}
	e.journalCapacities[id] = bytes
}

// proposalCapacity bounds the bytes of entries, not yet in history, up to which a leader takes in batches.
func (e *Engine) proposalCapacity() int {
	room := e.options.proposalRoom()
	c := e.core.Configuration()
	if c == nil {
		return room
	}
	for i := range c.Members {
		if bytes, known := e.journalCapacities[c.Members[i].ID]; known {
			room = min(room, proposalShare(bytes))
		}
	}
	return room
}
