package engine

import (
	"errors"
	"fmt"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// ErrOutdated is the error about a change whose condition does not hold.
var ErrOutdated = membership.ErrOutdated

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

// change makes a change, if it can be made now. A refusal is final: a client that asks again after it knows that the
// first leader did not make the change either. So an entry that may still be lost is no reason to refuse:
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
	return e.core.Configuration(), index, nil
}

// checkConfigurations refuses entries whose configurations no node wrote. The core decodes them without asking.
func checkConfigurations(entries []raftlog.Entry) error {
	for i := range entries {
		e := &entries[i]
		if !e.Kind.Traits().Configures {
			continue
		}
		if _, err := membership.Decode(e.Body); err != nil {
			return fmt.Errorf("entry %d: %w", e.Index, err)
		}
	}
	return nil
}

// FirstEntry is the entry that makes a cluster: its first configuration, at index 1 in term 1.
func FirstEntry(c *membership.Configuration, now raftlog.Stamp) raftlog.Entry {
	first := *c
	first.Index = 1
	e := raftlog.Entry{
		Index: first.Index, Term: 1, Kind: raftlog.EntryConfiguration, Level: c.FeatureLevel(), Stamp: now,
		Body: membership.Encode(&first),
	}
	e.Seal()
	return e
}
