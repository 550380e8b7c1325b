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
//
// A quorum is enough, so the leader asks no more voters than that, the promptest first; each message to the others, of
// entries or a heartbeat, carries the epoch too. A voter that has stopped delays a read until the next tick, with which
// all are asked, and is asked last from then on. The first read behind each heartbeat asks all as well: the voter that
// echoes it first is asked for the next ones. To ask all voters of three at once cost a GET at c=1 a third of the
// processor time of the cluster.

// A follower's reads need no round where the follower and the leader are a quorum, as two of three voters are:
//
//	follower registers reads in term 2 ── request, term 2 ──► leader of term 2: index = max(commit, no-op)
//
//  1. Both were in term 2 after the reads came in: the follower when it sent the request, the leader now.
//  2. A leader of a later term that wrote something before that had the vote of one of the two, who was in the later
//     term by then.

// Read registers the reads of this turn, on a leader; elsewhere ok is false. They may run on a state that contains
// index, once Ready.Confirmed reaches epoch. All reads of a turn share one call.
func (r *Raft) Read() (epoch Epoch, index raftlog.Index, ok bool) {
	if r.role != Leader {
		return 0, 0, false
	}
	if r.epoch == 0 || !r.down(guard.EpochBeforeMessages) {
		r.epoch++
		r.noteLeaseRound()
	}
	r.confirm()
	return r.epoch, r.readIndex(), true
}

// ReadOf gives the index at which reads of another node may run at once. That node has asked for it in this term, after
// they had come in. ok is false if they need a round, as Read begins one.
func (r *Raft) ReadOf(id raftlog.NodeID) (index raftlog.Index, ok bool) {
	if r.role != Leader || quorum.Decide(r.deciders(), func(voter raftlog.NodeID) quorum.Answer {
		if voter == id || voter == r.options.ID || r.down(guard.AskersQuorum) {
			return quorum.Yes
		}
		return quorum.No
	}) != quorum.Won {
		return 0, false
	}
	return r.readIndex(), true
}

// readIndex is the index of reads that come in now. A new leader may know less of what is committed than its
// predecessor told clients; at its no-op it knows all (S10).
func (r *Raft) readIndex() raftlog.Index {
	if r.down(guard.ReadNoOp) {
		return r.commit
	}
	return max(r.commit, r.noOp)
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

// askForEchoes has the newest epoch carried to as many voters as can confirm it.
func (r *Raft) askForEchoes() {
	if r.confirmed == r.epoch {
		return
	}
	pair := r.deciders()
	for r.askAll || quorum.Decide(pair, r.isAsked) != quorum.Won {
		p := r.promptest()
		if p == nil {
			break
		}
		r.sendHeartbeat(p)
	}
	r.askAll = false
}

// isAsked reports whether a message to the node carried the newest epoch.
func (r *Raft) isAsked(id raftlog.NodeID) quorum.Answer {
	if id == r.options.ID {
		return quorum.Yes
	}
	if p := r.peer(id); p != nil && p.carried == r.epoch {
		return quorum.Yes
	}
	return quorum.Silent
}

// promptest is the voter that is asked next. Nil: all are asked.
func (r *Raft) promptest() (best *progress) {
	configuration := r.membership.newest().configuration
	for _, p := range r.peers {
		if p.carried < r.epoch && configuration.Votes(p.id) && (best == nil || p.isPrompterThan(best)) {
			best = p
		}
	}
	return best
}

// isPrompterThan reports whether to ask the node before another one: it is not late, was heard later, echoed a later
// epoch, or the same one before the other did. So one and the same voter confirms read after read while it is prompt,
// and it is the one that answered first when all were asked, whether the others' answers have come since or not.
func (p *progress) isPrompterThan(other *progress) bool {
	switch {
	case p.isLate != other.isLate:
		return other.isLate
	case p.silentTicks != other.silentTicks:
		return p.silentTicks < other.silentTicks
	case p.echoed != other.echoed:
		return p.echoed > other.echoed
	default:
		return p.turn < other.turn
	}
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
