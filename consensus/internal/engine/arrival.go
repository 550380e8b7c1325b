package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Arrival is a member that introduces itself. The engine checks that its disk has everything that it acknowledged.
// Arrival is used like a ChangeRequest: the submitter fills the first group of fields.
type Arrival struct {
	From raftlog.NodeID
	Boot raftlog.Boot
	// Incarnation is that of the member's directory, Start the ordinal of the process among those on it.
	Incarnation, Start uint64
	// Level is the highest feature level that the member knows; 0 stands for the first.
	Level uint8
	// Term and Durable are the member's present term, and the last index on its disk.
	Term    raftlog.Term
	Durable raftlog.Index
	// JournalRoomBytes is the member's Options.JournalRoomBytes; 0 if it did not say.
	JournalRoomBytes int
	Wake             func()

	// Err is nil, or wraps ErrRolledBack or ErrLevel.
	Err error
}

// ErrRolledBack means that a node came back without what it had confirmed to have on its disk.
var ErrRolledBack = errors.New("rolled back")

// takeArrivals checks members that introduce themselves.
func (e *Engine) takeArrivals(in *Inputs) {
	for _, a := range in.Arrivals {
		e.noteLevel(a) // also of one that is refused: its link may be there already
		if a.Err = e.checkLevel(a); a.Err == nil {
			a.Err = e.checkArrival(a)
		}
		if a.Err == nil {
			e.noteCapacity(a.From, a.JournalRoomBytes)
		}
		e.out.EndedArrivals = append(e.out.EndedArrivals, a)
	}
}

// checkArrival refuses a node whose disk was rolled back (an old image, a backup, a disk that lied about a sync).
// Entries count as safe because this node acknowledged them; now it could vote for a leader that lacks them.
//
// Only what the node acknowledged in this leader's own term counts. This node leads term 3 and does not know that it is
// deposed:
//
//  1. F acknowledges entry 60 of term 3.
//  2. The leader of term 4 replaces entries of F, rightly. F ends at entry 70 of term 2, in term 4, and restarts.
//  3. F introduces itself here. It does not hold 60 of term 3, and nothing is wrong.
//
// So this leader accepts a node of a later term. In the leader's own term no other leader can have made F replace an
// entry. F cannot be in an earlier term: it made the term durable before it acknowledged anything in it.
//
// Only the first arrival of a boot is checked: what the node acknowledged later may be newer than its hello. The boots
// of nodes that are no members are noted as well, because the configuration of this node may be old:
//
//  1. A new learner dials L2, whose configuration does not name it yet.
//  2. L2 learns the configuration over the same connection, and leads. The learner acknowledges 105.
//  3. The connection breaks. The learner dials, with a hello that was made when it had 100: it is healthy.
func (e *Engine) checkArrival(a *Arrival) error {
	if !e.isMember(a.From) {
		e.forgetStranger()
		if !e.options.Weakened.Down(guard.StrangersBootsNoted) {
			e.boots[a.From] = a.Boot
		}
		return nil
	}
	if e.leads() && e.boots[a.From] != a.Boot && a.Term <= e.core.Term() {
		match := e.acknowledged(a.From)
		if !e.options.Weakened.Down(guard.DurableArrival) && (match > a.Durable || match > 0 && a.Term < e.core.Term()) {
			return fmt.Errorf("%w: node %d confirmed to have entry %d in term %d, and comes back in term %d with entry %d; "+
				"remove it, and add it as a new member with an empty data directory",
				ErrRolledBack, a.From, match, e.core.Term(), a.Term, a.Durable)
		}
	}
	e.boots[a.From] = a.Boot
	return nil
}

// maxStrangers bounds the boots that are kept of nodes that are no members.
const maxStrangers = membership.MaxMembers

// forgetStranger makes room for one more: the one with the lowest id goes, for ids are allotted in ascending order.
func (e *Engine) forgetStranger() {
	var unknown []raftlog.NodeID
	for id := range e.boots {
		if !e.isMember(id) {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) >= maxStrangers {
		delete(e.boots, slices.Min(unknown))
	}
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
