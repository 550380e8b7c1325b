package raft

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A change of the voters is a walk along configurations. What is still to come is written in the one in force, so
// whoever leads goes on where the leader before stopped, and asks its owner for each step in Ready.Propose:
//
//	simple, names whom to promote and to retire ── mayStep ──► joint ── committed ──► simple, its new half alone
//
// A new node begins as a learner: before it has the log it could only hold up decisions. Whom somebody changed their
// mind about leaves Promote and Retire as easily as it came there, for until the first step nothing depends on it.

// nextStep returns, once, the configuration that follows the newest one, when that is committed and its successor due.
func (r *Raft) nextStep() (step *membership.Configuration) {
	newest := r.membership.newest()
	switch {
	case r.role != Leader || r.transferee != 0 || r.stepped == newest.index:
		return nil
	case newest.index > r.commit && !r.down(guard.OneChange) || r.commit < r.noOp:
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

// mayStep reports whether nothing is held up by exchanging the voters now. Everyone to be promoted must hold what was
// committed when the last heartbeat was due, which is as much as a voter holds that keeps up; and those who will vote
// must be able to decide. Without the second rule the removal of a voter, while another one is down, would be the end
// of all decisions until that one comes back: in force when appended, a joint configuration needs both its halves.
func (r *Raft) mayStep(intent configured) bool {
	for _, id := range intent.configuration.Promote {
		if r.committedAtBeat < intent.index || r.hasUpTo(id, r.committedAtBeat) != quorum.Yes {
			return false
		}
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

// outOfOffice reports whether this leader's part is over: it is not a voter of the newest configuration, and that is
// committed.
func (r *Raft) outOfOffice() bool {
	newest := r.membership.newest()
	return r.role == Leader && newest.index <= r.commit && r.commit >= r.noOp &&
		!newest.configuration.Votes(r.options.ID)
}

// owesFarewell reports whether somebody who is left out, and was heard within an election timeout, was not told so yet.
// Others who leave together with the leader depend on it: its successor may know that all of that is committed, and
// then serves nobody who left. Whoever never hears of its removal waits for a leader for ever.
func (r *Raft) owesFarewell() bool {
	return slices.ContainsFunc(r.peers, func(p *progress) bool {
		return p.leaving > 0 && p.silentTicks < r.options.ElectionTicks && !p.knowsItLeaves()
	})
}

// resign ends the lead of a leader that the configuration leaves out. It says farewell first, for an election timeout
// at most, while it leads on as before. Then the voter that holds most is told to take over,
// so that nobody waits for an election timeout (thesis section 4.2.2). Under load not even that one may hold everything
// at this moment: then no more is proposed, and this node leads until it does, but not beyond an election timeout.
func (r *Raft) resign() {
	if r.partingTicks < r.options.ElectionTicks && r.owesFarewell() {
		return
	}
	if r.transferee == 0 {
		next := r.successor()
		if r.resigning || next == nil {
			r.becomeFollower(r.term, 0)
			return
		}
		r.resigning = true
		r.Transfer(next.id)
	}
	if r.matchOf(r.transferee) == r.log.last().Index { // it has been told
		r.becomeFollower(r.term, 0)
	}
}
