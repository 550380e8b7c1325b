package consensus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/raftredis/raftredis/consensus/engine"
	"github.com/raftredis/raftredis/consensus/raft"
)

// handOverRetry is how long HandOver waits for another status before it asks once more: an attempt may have failed.
const handOverRetry = 100 * time.Millisecond

// HandOver gives leadership away, for a node that is about to stop: it returns nil when the node knows of another
// leader. Meanwhile commands wait, here and elsewhere, and none fails. A node that does not lead, is blank or is the
// only voter has nothing to give away: nil at once. It goes on trying, the most suitable voter first, until the context
// ends, and then returns the context's error; the node may lead on then. A node that was deposed meanwhile, and has
// heard of no leader for the longest election timeout, returns ErrNotDone: whoever could lead is gone as well, as when
// a whole cluster is stopped. If the node stops meanwhile the error is ErrClosed.
//
// A node that leaves calls HandOver, then lets its clients' last commands end (they go to the new leader by way of this
// node), then calls Close.
func (n *Node) HandOver(ctx context.Context) error {
	r := n.runner.Load()
	if r == nil || r.Status().Role != raft.Leader {
		return nil
	}
	retry := time.NewTicker(handOverRetry)
	defer retry.Stop()
	patience := time.Duration(2*n.options.ElectionMillis) * time.Millisecond
	for led := time.Now(); ; {
		changed, s := r.Changed(), r.Status()
		switch {
		case s.Leader != 0 && s.Leader != s.ID, aloneInOffice(s):
			return nil
		case s.Role == raft.Leader:
			led = time.Now()
			r.HandOver() // once more changes nothing while it is under way
		case time.Since(led) > patience:
			return fmt.Errorf("hand over: %w", ErrNotDone)
		}
		select {
		case <-changed:
		case <-retry.C:
		case <-r.Stopped():
			return errors.Join(ErrClosed, r.Err())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// aloneInOffice reports whether there is no other voter.
func aloneInOffice(s *engine.Status) bool {
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
// The errors: ErrLeads if this node leads already, ErrNotVoter if it is no voter (or blank), ErrNotDone if it knows of
// no leader at the moment.
func (n *Node) TakeOver() error {
	r := n.runner.Load()
	if r == nil {
		return ErrNotVoter
	}
	switch s := r.Status(); {
	case !s.Configuration.Votes(s.ID):
		return ErrNotVoter
	case s.Leader == s.ID:
		return ErrLeads
	case s.Leader == 0:
		return ErrNotDone
	}
	r.TakeOver()
	return nil
}
