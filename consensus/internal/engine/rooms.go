package engine

import (
	"maps"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The journals of a cluster should be of one size, and need not be: an operator changes one node after the other. What
// a leader takes in every other member has to be able to hold, before anything of it is known to be committed: the
// journal of a follower that has no room refuses entries, and gets room by commits only. A leader that filled its own,
// larger journal, and led again after a restart, would have to bring all of it to a majority before anything of its new
// term is committed: it could not, and no other node would be elected.
//
// Each node says how large its room is when it introduces itself, whichever of the two dialled. Who has not done so
// since this node started takes part in no majority of this leader's, and bounds nothing.

// noteRoom remembers what a node's journal has room for. It may be one that the configuration names only later: this
// node may be the one that learns it late.
func (e *Engine) noteRoom(id raftlog.NodeID, bytes int) {
	if bytes <= 0 {
		delete(e.rooms, id)
		return
	}
	if len(e.rooms) >= 2*membership.MaxMembers {
		maps.DeleteFunc(e.rooms, func(id raftlog.NodeID, _ int) bool { return !e.isMember(id) })
	}
	e.rooms[id] = bytes
}

// proposalRoom is how many bytes of entries that are not in history a leader may come to have by taking in batches.
func (e *Engine) proposalRoom() int {
	room := e.options.proposalRoom()
	c := e.core.Configuration()
	if c == nil {
		return room
	}
	for i := range c.Members {
		if bytes, known := e.rooms[c.Members[i].ID]; known {
			room = min(room, proposalShare(bytes))
		}
	}
	return room
}
