package raft

import (
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A leader whose process is gone says so in its own way: its connections end, and its port refuses new ones. A follower
// that is told of it need not wait for its election timeout.
//
//  1. It stands by that leader no more: it helps others that ask whether they could win.
//  2. It asks itself, soon: voters one after the other, in order of ID, so that they do not divide the votes.
//
// Suspicion is never proof: the port may refuse for another reason, and only here. So it raises no term. Voters that
// hear the leader refuse, and the leader's next word ends the suspicion. It breaks no promise: a node that has promised
// a leader to keep away from elections keeps away, whatever has become of that leader's connections (see lease.go).
type suspicion struct {
	// of is the leader whose process seems to be gone; 0 for none.
	of raftlog.NodeID
	// campaigns is how often this node asks for it yet, the next time in delayTicks, which count while the node is free.
	campaigns, delayTicks int
	// restTicks is how long no other suspicion counts in this term.
	restTicks int
}

const (
	// suspicionStaggerTicks is by how much a voter begins later than the one before it: more than it takes to ask, to make
	// a vote durable and to ask for others'.
	suspicionStaggerTicks = 3
	// suspicionSpreadTicks bounds what each draws on top.
	suspicionSpreadTicks = 2
	// suspicionCampaigns is how often a node asks for one suspicion: others may hear of the same a little later.
	suspicionCampaigns = 3
)

// Suspect tells that the process of a node seems to be gone. It counts if that node leads, and in a term at most once
// in Options.ElectionTicks: a link that comes and goes costs no more than that. The leader of another term was elected.
func (r *Raft) Suspect(id raftlog.NodeID) {
	s := &r.suspicion
	rests := s.restTicks > 0 && !r.down(guard.SuspicionRests)
	if id == 0 || r.role != Follower || r.leader != id || rests {
		return
	}
	*s = suspicion{of: id, campaigns: suspicionCampaigns, restTicks: r.options.ElectionTicks}
	s.delayTicks = r.suspicionTicks(r.votersBefore())
}

// suspects reports whether this node stands by its leader no more.
func (r *Raft) suspects() bool { return r.leader != 0 && r.leader == r.suspicion.of }

// suspicionTicks draws how long to wait behind some other voters.
func (r *Raft) suspicionTicks(voters int) int {
	return 1 + voters*suspicionStaggerTicks + r.random.below(suspicionSpreadTicks)
}

// votersBefore is how many of the others that may campaign have a lower ID.
func (r *Raft) votersBefore() (n int) {
	for _, id := range r.inForce().Nodes() {
		if id < r.options.ID && id != r.suspicion.of && r.inForce().Votes(id) {
			n++
		}
	}
	return n
}

// tickSuspicion brings a campaign forward when it is time. The ticks in which the node is bound do not count: all
// voters promise at the same moment, and would campaign at the same moment.
func (r *Raft) tickSuspicion() {
	s := &r.suspicion
	s.restTicks = max(s.restTicks-1, 0)
	if s.campaigns == 0 || r.isBound() || !r.mayCampaign() || r.quarantine.On() {
		return
	}
	if s.delayTicks--; s.delayTicks > 0 {
		return
	}
	s.campaigns--
	s.delayTicks = r.suspicionTicks(len(r.inForce().Nodes()) - 1) // all others have had their turn
	r.electionTicks = r.electionTimeoutTicks
}

// endSuspicion is for when the leader was heard.
func (r *Raft) endSuspicion() {
	if !r.down(guard.SuspicionEnds) {
		r.suspicion = suspicion{restTicks: r.suspicion.restTicks}
	}
}
