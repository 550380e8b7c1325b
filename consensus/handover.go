package consensus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
)

// HandOver gives leadership away, for a node that is about to stop: it returns nil when the node knows of another
// leader. Meanwhile commands wait, here and elsewhere, and none fails. A node that does not lead, is blank or is the
// only voter has nothing to give away: nil at once. It goes on trying, the most suitable voter first, until the context
// ends, and then returns the context's error; the node may lead on then. A node that was deposed meanwhile, and has
// heard of no leader for the longest election timeout, returns ErrNotDone: the nodes that could lead are gone as well,
// as when a whole cluster is stopped. If the node stops meanwhile the error is ErrClosed.
//
// A node that leaves calls HandOver, then lets its clients' last commands end (they go to the new leader by way of this
// node), then calls Close.
func (n *Node) HandOver(ctx context.Context) error {
	r := n.runner.Load()
	if r == nil || r.Status().Role != raft.Leader {
		return nil
	}
	// Match comes several times a second on a leader: it asks again when an attempt has failed.
	changes, stop := n.watchers.add(Event{Leader: true, Members: true, Match: true})
	defer stop()
	patience := time.Duration(2*n.options.ElectionMillis) * time.Millisecond
	leaderless := time.NewTimer(patience)
	defer leaderless.Stop()
	for led := true; ; {
		s := r.Status()
		if s.Leader != 0 && s.Leader != s.ID || onlyVoter(s) {
			return nil
		}
		leads := s.Role == raft.Leader
		if led || leads {
			leaderless.Reset(patience)
		}
		if led = leads; leads {
			r.HandOver() // changes nothing while an attempt is under way
		}
		select {
		case <-changes.woken:
		case <-leaderless.C:
			if r.Status().Role != raft.Leader {
				return fmt.Errorf("hand over: %w", ErrNotDone)
			}
		case <-r.Stopped():
			return errors.Join(ErrClosed, r.Err())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// onlyVoter reports whether there is no other voter.
func onlyVoter(s *engine.Status) bool {
	if s.Configuration == nil {
		return true
	}
	for i := range s.Configuration.Members {
		if id := s.Configuration.Members[i].ID; id != s.ID && s.Configuration.Votes(id) {
			return false
		}
	}
	return true
}

// TakeOver asks the leader to hand leadership to this node. It does not block; nil means that the leader was asked, and
// Status shows whether it agreed. The request, or what follows from it, may be lost; nothing but time is lost with it.
//
// Errors: ErrAlreadyLeader; ErrRefused if this node is blank or no voter; ErrNotDone if it knows of no leader now.
func (n *Node) TakeOver() error {
	r := n.runner.Load()
	if r == nil {
		return refuse(notVoter)
	}
	switch s := r.Status(); {
	case !s.Configuration.Votes(s.ID):
		return refuse(notVoter)
	case s.Leader == s.ID:
		return ErrAlreadyLeader
	case s.Leader == 0:
		return ErrNotDone
	case s.Quarantine.On():
		return refuse("the state of this node differs from the others', and is being replaced")
	}
	r.TakeOver()
	return nil
}
