package engine

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
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
	// Term and Durable are the member's present term, and the last index on its disk. DurableTerm is the term of the entry
	// there.
	Term        raftlog.Term
	Durable     raftlog.Index
	DurableTerm raftlog.Term
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
// Beyond the leader's term checkConfirmed counts, on all nodes.
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
			e.noteBoot(a)
		}
		return nil
	}
	if err := e.checkConfirmed(a); err != nil && e.boots[a.From].boot != a.Boot {
		return err
	}
	if e.leads() && e.boots[a.From].boot != a.Boot && a.Term <= e.core.Term() {
		match := e.acknowledged(a.From)
		if !e.options.Weakened.Down(guard.DurableArrival) && (match > a.Durable || match > 0 && a.Term < e.core.Term()) {
			return fmt.Errorf("%w: node %d confirmed to have entry %d in term %d, and comes back in term %d with entry %d; "+
				"remove it, and add it as a new member with an empty data directory",
				ErrRolledBack, a.From, match, e.core.Term(), a.Term, a.Durable)
		}
	}
	e.noteBoot(a)
	return nil
}

// process is a process of a node: one of those on a directory, by the ordinal of its start.
type process struct {
	boot               raftlog.Boot
	incarnation, start uint64
}

// noteBoot remembers which process of a node it is that acknowledges from now on. The hello of an earlier one, taken
// late, changes nothing: what the later one confirms would count for the earlier, and the next hello of the later one
// would be compared with it.
func (e *Engine) noteBoot(a *Arrival) {
	if before := e.boots[a.From]; before.incarnation == a.Incarnation && e.isEarlier(a, before.start) {
		return
	}
	e.boots[a.From] = process{a.Boot, a.Incarnation, a.Start}
}

// Gone says that a process seems to have ended: its connections with this node have, and its port refuses new ones.
type Gone struct {
	Node raftlog.NodeID
	Boot raftlog.Boot
}

// takeGone has the core suspect a leader whose process is gone. That of an earlier process on the same node does not
// count, nor that of a node of which something came in the same turn: perhaps it came later. The transport tells it
// again while nothing comes.
func (e *Engine) takeGone(in *Inputs) {
	for _, g := range in.Gone {
		present := e.boots[g.Node].boot
		earlier := present != 0 && present != g.Boot && !e.options.Weakened.Down(guard.PresentProcessMeant)
		heard := slices.ContainsFunc(in.Messages, func(m Message) bool { return m.From == g.Node })
		if !earlier && (!heard || e.options.Weakened.Down(guard.HeardIsAlive)) {
			e.core.Suspect(g.Node)
		}
	}
}

// isEarlier reports whether an arrival is of an earlier process than the one with the ordinal start on its directory.
// Handshakes of two processes may be taken in any order.
func (e *Engine) isEarlier(a *Arrival, start uint64) bool {
	return a.Start < start && !e.options.Weakened.Down(guard.LatestProcessSpeaks)
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

// Confirmed is how far a member's disk holds what is committed: it confirmed that, in a boot, to a leader. Entries that
// are committed are never replaced. So in all terms and under all leaders, a later boot of the member ends its log at
// Index or behind it, or was rolled back.
type Confirmed struct {
	Node  raftlog.NodeID
	Boot  raftlog.Boot
	Index raftlog.Index
}

// confirmations are the newest marks of all members, in ascending order. The leader tells them to all members, together
// with the list of absent voters: so they are some hundred milliseconds old, and cost a write nothing. The host keeps
// them on its disk. Each node refuses a member that comes back with less: the leader to which it confirmed may be gone,
// and a majority that has the marks, or one node of it that the member meets, is enough.
//
// A hello of the boot in which a mark was confirmed may be older than the mark, and is not compared with it:
//
//  1. F restarts and makes a hello for M, up to entry 100. M is slow to take it.
//  2. F confirms 105 to L. L tells M.
//  3. M takes the hello. Nothing is wrong with F.
//
// What is replaced is never changed: the status shows it.
type confirmations []Confirmed

// of is the mark of a member, zero if there is none.
func (c confirmations) of(id raftlog.NodeID) Confirmed {
	for _, mark := range c {
		if mark.Node == id {
			return mark
		}
	}
	return Confirmed{}
}

// with is c with a later mark of one member. A mark of a later boot is never lower than one of an earlier.
func (c confirmations) with(mark Confirmed) confirmations {
	old := c.of(mark.Node)
	if mark.Boot == 0 || mark.Index < old.Index || mark == old {
		return c
	}
	next := slices.DeleteFunc(slices.Clone(c), func(m Confirmed) bool { return m.Node == mark.Node })
	at, _ := slices.BinarySearchFunc(next, mark.Node, func(m Confirmed, id raftlog.NodeID) int {
		return cmp.Compare(m.Node, id)
	})
	return slices.Insert(next, at, mark)
}

// confirm has a leader note how far the members are, and forget those that are none.
func (e *Engine) confirm(followers []raft.FollowerStatus) {
	marks := e.confirmed.with(Confirmed{e.options.ID, e.options.Boot, min(e.core.Durable(), e.commit)})
	for i := range followers {
		f := &followers[i]
		marks = marks.with(Confirmed{f.ID, e.boots[f.ID].boot, min(f.Match, e.commit)})
	}
	if gone := func(m Confirmed) bool { return !e.isMember(m.Node) }; slices.ContainsFunc(marks, gone) {
		marks = slices.DeleteFunc(slices.Clone(marks), gone)
	}
	e.setConfirmed(marks)
}

// hearConfirmed takes the marks that a leader tells. Those of nodes that it does not name are kept while they are
// members for this node.
func (e *Engine) hearConfirmed(heard []Confirmed) {
	marks := e.confirmed
	for _, mark := range heard {
		marks = marks.with(mark)
	}
	gone := func(m Confirmed) bool { return !e.isMember(m.Node) && confirmations(heard).of(m.Node).Node == 0 }
	if slices.ContainsFunc(marks, gone) {
		marks = slices.DeleteFunc(slices.Clone(marks), gone)
	}
	e.setConfirmed(marks)
}

func (e *Engine) setConfirmed(marks confirmations) {
	if !slices.Equal(marks, e.confirmed) {
		e.confirmed = marks
		e.presence.observation++
	}
}

// checkConfirmed refuses a member that comes back with less than it confirmed in an earlier boot. A node whose log is
// closed says nothing of it: its term is 0.
func (e *Engine) checkConfirmed(a *Arrival) error {
	mark := e.confirmed.of(a.From)
	if a.Term == 0 || mark.Boot == a.Boot || mark.Index <= a.Durable ||
		e.options.Weakened.Down(guard.ConfirmedArrival) {
		return nil
	}
	return fmt.Errorf("%w: node %d confirmed to have entry %d, which is committed, and comes back with entry %d; "+
		"remove it, and add it as a new member with an empty data directory", ErrRolledBack, a.From, mark.Index, a.Durable)
}
