package raft

import (
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Status is a picture of the node for people.
type Status struct {
	ID      raftlog.NodeID
	Role    Role
	Term    raftlog.Term
	Vote    raftlog.NodeID
	Leader  raftlog.NodeID
	Commit  raftlog.Index
	Last    raftlog.Mark
	Durable raftlog.Index
	Floor   raftlog.Mark
	// ConfigurationIndex is the index of the configuration in force.
	ConfigurationIndex raftlog.Index
	// Transferee is the node that a leader hands over to, 0 for none.
	Transferee raftlog.NodeID
	// Followers is filled on a leader, in order of ID.
	Followers []FollowerStatus
}

// FollowerStatus is what a leader knows of another node.
type FollowerStatus struct {
	ID       raftlog.NodeID
	Voter    bool
	State    ProgressState
	Fetching bool
	Match    raftlog.Index
	Next     raftlog.Index
	// InflightMessages are unacknowledged.
	InflightMessages int
	// SilentTicks have passed since the node was last heard. Requests for votes do not count.
	SilentTicks int
	// Leaving means that the configuration in force leaves the node out.
	Leaving bool
}

// Status describes the node. It allocates; it is for INFO, not for every turn.
func (r *Raft) Status() Status {
	s := Status{
		ID:                 r.options.ID,
		Role:               r.role,
		Term:               r.term,
		Vote:               r.vote,
		Leader:             r.leader,
		Commit:             r.commit,
		Last:               r.log.last(),
		Durable:            r.disk.done.last,
		Floor:              r.log.floor,
		ConfigurationIndex: r.membership.newest().index,
		Transferee:         r.transferee,
	}
	for _, p := range r.peers {
		s.Followers = append(s.Followers, FollowerStatus{
			ID:               p.id,
			Voter:            r.membership.newest().configuration.Votes(p.id),
			State:            p.state,
			Fetching:         p.fetching,
			Match:            p.match,
			Next:             p.next,
			InflightMessages: len(p.inflight),
			SilentTicks:      p.silentTicks,
			Leaving:          p.leaving > 0,
		})
	}
	return s
}

// ID is the node's own.
func (r *Raft) ID() raftlog.NodeID { return r.options.ID }

// Role is what the node is in its term.
func (r *Raft) Role() Role { return r.role }

// Term is the present term; it may not be durable yet.
func (r *Raft) Term() raftlog.Term { return r.term }

// Vote is the node that this one voted for in its term, 0 for none.
func (r *Raft) Vote() raftlog.NodeID { return r.vote }

// Leader is the leader of the present term, 0 while it is not known.
func (r *Raft) Leader() raftlog.NodeID { return r.leader }

// Commit is the commit index.
func (r *Raft) Commit() raftlog.Index { return r.commit }

// Last is the mark of the last entry of the log.
func (r *Raft) Last() raftlog.Mark { return r.log.last() }

// Durable is the last index up to which the log, as it is now, is on this node's disk.
func (r *Raft) Durable() raftlog.Index { return r.disk.done.last }

// Floor is the mark of the last entry that is not in memory.
func (r *Raft) Floor() raftlog.Mark { return r.log.floor }

// FirstInMemory is the index of the first entry in memory, or of the next one if there is none.
func (r *Raft) FirstInMemory() raftlog.Index { return r.log.floor.Index + 1 }

// NoOp is the index of the entry that began this leader's term; 0 on a node that does not lead.
func (r *Raft) NoOp() raftlog.Index { return r.noOp }

// Configuration is the one in force: the newest of the log. It is nil on a blank node.
func (r *Raft) Configuration() *membership.Configuration { return r.membership.newest().configuration }

// ConfigurationIndex is the index of the entry that put it in force.
func (r *Raft) ConfigurationIndex() raftlog.Index { return r.membership.newest().index }

// CommittedConfiguration is the newest one known to be committed, with its index; nil if there is none.
func (r *Raft) CommittedConfiguration() (*membership.Configuration, raftlog.Index) {
	c := r.membership.at(r.commit)
	return c.configuration, c.index
}

// Entries returns the entries lo..hi, as far as they exist and fit into maxBytes, but at least one; nil if lo is not in
// memory. The slice may be kept and must not be changed.
func (r *Raft) Entries(lo, hi raftlog.Index, maxBytes int) []raftlog.Entry {
	return r.log.slice(lo, hi, maxBytes)
}

// TermOf is the term of the entry at i; false if it is below the floor or above the last.
func (r *Raft) TermOf(i raftlog.Index) (raftlog.Term, bool) { return r.log.term(i) }

// WindowBytes is the size of the entries in memory that are not known to be in history.
func (r *Raft) WindowBytes() int { return r.log.unwrittenBytes }
