package raft

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A change of the voters is a walk along configurations. The configuration in force names the steps that are left, so a
// new leader continues where the one before stopped, and asks its owner for each step in Ready.Propose:
//
//	simple, names whom to promote and to retire ── mayStep ──► joint ── committed ──► simple, its new half alone
//
// A new node begins as a learner: before it has the log it could only hold up decisions. A later change may take a node
// out of Promote and Retire again: nothing depends on these lists until the first step.

// nextStep returns, once, the configuration that follows the newest one, when that is committed and its successor due.
func (r *Raft) nextStep() (step *membership.Configuration) {
	newest := r.membership.newest()
	switch {
	case r.role != Leader || r.transferee != 0 || r.stepped == newest.index:
		return nil
	case newest.index > r.commit && !r.down(guard.OneChange), r.commit < r.noOp && !r.down(guard.OwnTermBeforeChange):
		return nil
	case newest.configuration.Joint():
		step = newest.configuration.Final()
	case newest.configuration.Intends() && r.mayStep(newest):
		step = newest.configuration.Exchange()
	default:
		return nil
	}
	r.stepped = newest.index
	return step
}

// mayStep reports whether the voters can be exchanged now without holding up decisions. Every node to be promoted must
// hold what was committed when the last heartbeat was due: a voter that keeps up holds as much. And the new voters must
// be able to decide. Without the second rule, removing one voter while another one is down would stop all decisions
// until that one is back: a joint configuration is in force when appended, and needs both its halves.
func (r *Raft) mayStep(intent configured) bool {
	for _, id := range intent.configuration.Promote {
		level := r.committedAtBeat >= intent.index && r.hasUpTo(id, r.committedAtBeat) == quorum.Yes
		if !level && !r.down(guard.LevelBeforeVoting) {
			return false
		}
	}
	if r.down(guard.NextHalfDecides) {
		return true
	}
	next := intent.configuration.Exchange().Final().Pair()
	return quorum.Decide(next, func(id raftlog.NodeID) quorum.Answer { return r.hasUpTo(id, intent.index) }) == quorum.Won
}

// hasUpTo reports whether a node has the log up to an index on its disk, and was heard within an election timeout.
func (r *Raft) hasUpTo(id raftlog.NodeID, i raftlog.Index) quorum.Answer {
	if r.matchOf(id) >= i && r.heardOf(id) == quorum.Yes {
		return quorum.Yes
	}
	return quorum.No
}

// mustStepDown reports whether this leader was removed: it is not a voter of the newest configuration, and that is
// committed.
func (r *Raft) mustStepDown() bool {
	newest := r.membership.newest()
	return !r.down(guard.RemovedLeaderGoes) && r.role == Leader && newest.index <= r.commit && r.commit >= r.noOp &&
		!newest.configuration.Votes(r.options.ID)
}

// owesFinalMessage reports whether a removed node that was heard within an election timeout does not know its removal
// yet. Nodes that are removed together with the leader depend on its message: its successor may know that the removal
// is committed, and then does not serve them. A node that never learns of its removal waits for a leader for ever.
func (r *Raft) owesFinalMessage() bool {
	return slices.ContainsFunc(r.peers, func(p *progress) bool {
		return p.leaving > 0 && p.silentTicks < r.options.ElectionTicks && !p.knowsRemoval()
	})
}

// stepDown ends the lead of a removed leader. First it sends the final messages, for at most an election timeout, while
// it leads as before. Then it tells the voter with the longest log to take over, so that no client waits for an
// election timeout (thesis section 4.2.2). Under load even that voter may lack entries: then this node proposes no
// more, and leads until the voter holds all of them, for at most an election timeout.
func (r *Raft) stepDown() {
	if r.stepDownTicks < r.options.ElectionTicks && r.owesFinalMessage() {
		return
	}
	if r.transferee == 0 {
		next := r.successor()
		if r.steppingDown || next == nil {
			r.becomeFollower(r.term, 0)
			return
		}
		r.steppingDown = true
		r.Transfer(next.id)
	}
	if r.matchOf(r.transferee) == r.log.last().Index { // it has been told
		r.becomeFollower(r.term, 0)
	}
}
