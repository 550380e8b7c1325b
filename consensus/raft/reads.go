package raft

import (
	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Reads without the log (thesis section 6.4). A leader may answer a read from its state once it knows that it still led
// after the read came in. It counts rounds for that:
//
//	turn with reads     epoch 7 ─────────────────────────► index = max(commit, no-op)
//	messages built      carry 7 ──► follower notes 7
//	                                echoes 7 at once ────► a quorum has echoed 7: the reads may run
//
// No message that left before a read was registered carries its epoch, so an echo of it was sent after (S11). The epoch
// belongs to the term: an echo of another term never arrives here, for the rule of terms drops it.

// Read registers the reads of this turn, on a leader; elsewhere ok is false. They may run on a state that contains
// index, once Ready.Confirmed reaches epoch. All reads of a turn share one call.
func (r *Raft) Read() (epoch Epoch, index raftlog.Index, ok bool) {
	if r.role != Leader {
		return 0, 0, false
	}
	if r.epoch == 0 || !r.down(guard.EpochBeforeMessages) {
		r.epoch++
	}
	// A new leader may know less of what is committed than its predecessor told clients; at its no-op it knows all (S10).
	index = max(r.commit, r.noOp)
	if r.down(guard.ReadNoOp) {
		index = r.commit
	}
	r.confirm()
	return r.epoch, index, true
}

// confirm finds the newest epoch that a quorum echoed. The leader itself is always up to date.
func (r *Raft) confirm() {
	if r.down(guard.ReadQuorum) {
		r.confirmed = r.epoch
		return
	}
	pair := r.deciders()
	r.confirmed = max(r.confirmed, quorum.Reached(pair, r.echoOf))
}

func (r *Raft) echoOf(id raftlog.NodeID) Epoch {
	if id == r.options.ID {
		return r.epoch
	}
	if p := r.peer(id); p != nil {
		return p.echoed
	}
	return 0
}
