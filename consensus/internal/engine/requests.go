package engine

import (
	"errors"
	"fmt"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// ErrStopped answers requests to a node that stops.
var ErrStopped = errors.New("the node stops")

// ChangeRequest asks the leader for a change of the membership. Its submitter fills the first two fields, gives it away
// and does not touch it until Wake was called.
type ChangeRequest struct {
	Change membership.Change
	// Wake is called once, when the request was answered. It must not block.
	Wake func()

	// Accepted is the newest configuration of the log, which is as the change wants it, and Index its entry: maybe a new
	// one, that is not committed and may yet be superseded by another leader's; Status.Committed tells. It is nil when Err
	// is not. Err is raft.ErrNotLeader, raft.ErrTooEarly, raft.ErrChangeInProgress, or an error of Change.Next.
	Accepted *membership.Configuration
	Index    raftlog.Index
	Err      error
}

// takeChanges answers the requests of the turn, each on top of the one before: while that is not committed, a later one
// that changes anything is told so.
func (e *Engine) takeChanges(in *Inputs) {
	for _, r := range in.Changes {
		r.Accepted, r.Index, r.Err = e.change(r.Change)
		e.out.EndedChanges = append(e.out.EndedChanges, r)
	}
}

// change makes a change, if it can be made now. A refusal is for good: asked for a second time, the change was not made
// by the first leader either. So nothing is refused for what may yet be lost:
//
//  1. L1 appends the change in term 1, and is paused. Its answer says that it did.
//  2. L2 appends another one in term 2, which takes the address. The first one is asked for again: L2 cannot make both.
//  3. L2 dies; its entry is on no other disk. L1 leads again, in term 3, and commits the first.
//
// Once an entry of L2's own term is committed, what only L1 has is lost, and L2's word is the last.
func (e *Engine) change(c membership.Change) (*membership.Configuration, raftlog.Index, error) {
	if !e.leads() {
		return nil, 0, raft.ErrNotLeader
	}
	current := e.core.Configuration()
	next, err := c.Next(current)
	switch {
	case err == nil && next == current:
		return current, e.core.ConfigurationIndex(), nil
	case err != nil && e.core.Commit() < max(e.core.NoOp(), e.core.ConfigurationIndex()):
		return nil, 0, fmt.Errorf("%w: as it stands, %w", raft.ErrTooEarly, err)
	case err != nil:
		return nil, 0, err
	}
	index, err := e.core.ProposeConfiguration(next)
	if err != nil {
		return nil, 0, err
	}
	return next, index, nil
}

// Arrival is a member that introduces itself, for this node to judge whether it is the one that left. It is used like a
// ChangeRequest: the first group of fields is the submitter's.
type Arrival struct {
	From raftlog.NodeID
	Boot raftlog.Boot
	// Term and Durable are the newcomer's: its present term, and the last index that is on its disk.
	Term    raftlog.Term
	Durable raftlog.Index
	// JournalRoomBytes is the newcomer's Options.JournalRoomBytes; 0 if it did not say.
	JournalRoomBytes int
	Wake             func()

	// Err is nil, or wraps ErrRolledBack.
	Err error
}

// ErrRolledBack means that a node came back without what it had confirmed to have on its disk.
var ErrRolledBack = errors.New("rolled back")

// takeArrivals judges who introduces itself.
func (e *Engine) takeArrivals(in *Inputs) {
	for _, a := range in.Arrivals {
		if a.Err = e.judgeArrival(a); a.Err == nil {
			e.noteRoom(a.From, a.JournalRoomBytes)
		}
		e.out.EndedArrivals = append(e.out.EndedArrivals, a)
	}
}

// judgeArrival refuses a node whose disk was rolled back (an old image, a backup, a disk that lied about a sync): it
// confirmed entries that count as safe because of it, and could now vote a leader into office that lacks them.
//
// The leader knows what the node acknowledged in the leader's own term, and nothing else counts. This node leads term 3
// without knowing that it is deposed:
//
//  1. F acknowledges entry 60 of term 3.
//  2. The leader of term 4 replaces entries of F, rightly. F ends at entry 70 of term 2, in term 4, and restarts.
//  3. F introduces itself here. It does not hold 60 of term 3, and nothing is wrong.
//
// So a newcomer of a later term is none of this leader's business. In the leader's own term nobody else can have made F
// replace an entry, and before its term F cannot be: it made the term durable before it acknowledged anything in it.
//
// Only the first arrival of a boot is judged: what was acknowledged later may be newer than the hello.
func (e *Engine) judgeArrival(a *Arrival) error {
	if !e.isMember(a.From) {
		return nil
	}
	if e.leads() && e.boots[a.From] != a.Boot && a.Term <= e.core.Term() {
		match := e.acknowledged(a.From)
		if match > a.Durable || match > 0 && a.Term < e.core.Term() {
			return fmt.Errorf("%w: node %d confirmed to have entry %d in term %d, and comes back in term %d with entry %d; "+
				"remove it, and add it as a new member with an empty data directory",
				ErrRolledBack, a.From, match, e.core.Term(), a.Term, a.Durable)
		}
	}
	e.boots[a.From] = a.Boot
	return nil
}

// acknowledged is what a node confirmed to this leader.
func (e *Engine) acknowledged(id raftlog.NodeID) raftlog.Index {
	for _, f := range e.core.Status().Followers {
		if f.ID == id {
			return f.Match
		}
	}
	return 0
}
