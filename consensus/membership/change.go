package membership

import (
	"errors"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Change is a request to change the membership: which nodes become members and which cease to be. Next alone says what
// it makes of the present configuration. A change that was asked for may be asked for again at any
// time: what is done already is no change.
//
//	Add      blank node ──► learner, to be promoted ──caught up──► voter
//	Remove   voter ──► to be retired ──┬── no node is to be promoted: at once ──► gone
//	                                   └── in the same step in which the others become voters ──► gone
//	         learner ──► gone; if it was the last to be promoted, no voter is retired either
//	Add      voter that is to be retired, with no node to be promoted ──► it stays
//
// A node that becomes a voter and one that ceases to be one in the same Change swap places in one step, so that at no
// time fewer nodes vote than before or after.
type Change struct {
	// Add are blank nodes, with ID 0: it is allotted here and never used again. One whose incarnation is a member's is
	// that member if it has the member's address: it becomes a voter if it is a learner, and has these attributes from
	// now on. At another address it is refused: it may be a blank copy of the member's directory, and a member never
	// moves on the word of a blank node. One that has an ID must be a member, which has this address from now on, or
	// have been promised to be one by a leader whose log was lost; a removed member is not added again.
	Add []Member
	// Learner makes those of Add learners for good: they receive the log and do not vote.
	Learner bool
	// Remove are members that shall not be. One that was a member once and is not any more is removed already.
	Remove []raftlog.NodeID
	// Update gives members new addresses and attributes. ID and Incarnation say who is meant and must fit each other.
	Update []Member
	// Logged are members of which the leader knows now that they have a log: see Configuration.HasLog. One of which that
	// is known, and one that is no member any more, is no change.
	Logged []raftlog.NodeID
	// If, unless it is 0, is the Index of the configuration that the change is based on: another one is not changed.
	If raftlog.Index
}

// MaxMembers bounds the members of a cluster, those included that are about to leave. Each costs the leader a link and
// a copy of everything.
const MaxMembers = 128

// Why a Change cannot be. The texts around them name the member, and what to do.
var (
	// ErrNoMember means that a node is not, and never was, a member.
	ErrNoMember = errors.New("no such member")
	// ErrLastVoter means that no voter would be left.
	ErrLastVoter = errors.New("the last voter cannot be removed")
	// ErrInUse means that another member has the address, or another data directory belongs to the member.
	ErrInUse = errors.New("in use by another member")
	// ErrIsVoter means that a voter was to become a learner.
	ErrIsVoter = errors.New("the node is a voter")
	// ErrAttributes means that a member's attributes are longer than MaxAttributesBytes.
	ErrAttributes = errors.New("attributes are too long")
	// ErrTooManyMembers means that there would be more than MaxMembers, or more than fit into a configuration.
	ErrTooManyMembers = errors.New("too many members")
	// ErrOutdated means that the configuration is not that of Change.If any more.
	ErrOutdated = errors.New("the members are not those that the change is based on")
)

// Next is the configuration that the change makes of the present one; it is current itself if that is as the change
// wants it. The errors are those above, or wrap ErrChangeInProgress: then the same change may be possible later.
//
// A change that is made already is no change, whatever its condition says: it takes back nothing. So one with a
// condition may be asked for again as well, while it is under way, and when it is done.
//
//  1. Two operators see configuration 10. One removes node 2, the other one node 3, each on condition of 10.
//  2. The first change makes configuration 11. The second one is refused: it would leave one voter of three.
//  3. The answer to the first was lost. It is asked for again, and finds that node 2 is on its way out.
func (c Change) Next(current *Configuration) (*Configuration, error) {
	next, err := c.unconditional(current)
	if c.If != 0 && c.If != current.Index && next != current {
		return nil, fmt.Errorf("%w: the newest configuration is that of entry %d, not that of entry %d", ErrOutdated,
			current.Index, c.If)
	}
	return next, err
}

// unconditional is Next without the condition.
func (c Change) unconditional(current *Configuration) (*Configuration, error) {
	d := newDraft(current)
	for _, step := range []func(*draft) error{c.note, c.update, c.removeLearners, c.removeVoters, c.add} {
		if err := step(d); err != nil {
			return nil, err
		}
	}
	if !d.changed {
		return current, nil
	}
	return d.finish(current)
}

// draft is a configuration that is being changed.
type draft struct {
	Configuration
	changed bool
	// touched are members whose address or attributes are new.
	touched []raftlog.NodeID
	// pending means that someone was to be promoted or retired before this change and still is.
	pending bool
}

func newDraft(current *Configuration) *draft {
	d := &draft{Configuration: *current}
	for _, ids := range []*[]raftlog.NodeID{&d.Voters, &d.Outgoing, &d.Learners, &d.Promote, &d.Retire, &d.Fresh} {
		*ids = slices.Clone(*ids)
	}
	d.Members = slices.Clone(d.Members)
	d.notePending()
	return d
}

func (d *draft) notePending() { d.pending = len(d.Promote)+len(d.Retire) > 0 }

// leaves reports whether a member is on its way out.
func (d *draft) leaves(id raftlog.NodeID) bool {
	outgoing := slices.Contains(d.Outgoing, id) && !slices.Contains(d.Voters, id)
	return outgoing || slices.Contains(d.Retire, id)
}

func (c Change) note(d *draft) error {
	before := len(d.Fresh)
	d.Fresh = without(d.Fresh, c.Logged)
	d.changed = d.changed || len(d.Fresh) < before
	return nil
}

func (c Change) update(d *draft) error {
	for i := range c.Update {
		wanted := &c.Update[i]
		m := Find(&d.Configuration, wanted.ID)
		switch {
		case m == nil:
			return fmt.Errorf("node %d: %w", wanted.ID, ErrNoMember)
		case m.Incarnation != wanted.Incarnation:
			return fmt.Errorf("node %d: its data directory is %016x, not %016x: %w",
				m.ID, m.Incarnation, wanted.Incarnation, ErrInUse)
		}
		d.move(m, wanted)
	}
	return nil
}

// move gives a member the address and attributes of another description.
func (d *draft) move(m, to *Member) {
	if m.Alike(to) {
		return
	}
	m.Address, m.Attributes = to.Address, to.Attributes
	d.changed = true
	d.touched = append(d.touched, m.ID)
}

// removeLearners comes before voters are removed: it may give up what was intended before, and must not give up what
// this very change intends.
func (c Change) removeLearners(d *draft) error {
	for _, id := range c.Remove {
		if id == 0 || id >= d.NextID {
			return fmt.Errorf("node %d: %w", id, ErrNoMember)
		}
		if !slices.Contains(d.Learners, id) {
			continue
		}
		d.changed = true
		is := func(other raftlog.NodeID) bool { return other == id }
		d.Learners = slices.DeleteFunc(d.Learners, is)
		d.Members = slices.DeleteFunc(d.Members, func(m Member) bool { return m.ID == id })
		if slices.Contains(d.Promote, id) {
			if d.Promote = slices.DeleteFunc(d.Promote, is); len(d.Promote) == 0 {
				d.Retire = nil
			}
		}
	}
	d.notePending()
	return nil
}

func (c Change) removeVoters(d *draft) error {
	for _, id := range c.Remove {
		if !slices.Contains(d.Voters, id) || slices.Contains(d.Retire, id) {
			continue // it is gone, or on its way
		}
		d.changed = true
		if d.pending && len(d.Promote) > 0 {
			return d.inProgress()
		}
		// Another removal that waits takes this one along: maybe it waits for the very node that is to go now.
		d.Retire = append(d.Retire, id)
	}
	return nil
}

func (c Change) add(d *draft) error {
	for i := range c.Add {
		wanted := c.Add[i]
		known := slices.IndexFunc(d.Members, func(m Member) bool { return m.Incarnation == wanted.Incarnation })
		var err error
		switch {
		case known >= 0 && wanted.ID == 0 && wanted.Address != d.Members[known].Address &&
			!guard.Down(guard.BlankMovesNoMember):
			m := &d.Members[known]
			err = fmt.Errorf("the blank node at %s has the incarnation %016x, which is %w: node %d at %s; start it with an "+
				"empty data directory, or remove node %d first if that has never run", wanted.Address, m.Incarnation, ErrInUse,
				m.ID, m.Address, m.ID)
		case known >= 0 && (wanted.ID == 0 || wanted.ID == d.Members[known].ID):
			err = d.addAgain(&d.Members[known], &wanted, c)
		case Find(&d.Configuration, wanted.ID) != nil:
			err = fmt.Errorf("node %d is %w: %016x; the one at %s was called so by a leader whose log was lost; "+
				"start it with an empty data directory", wanted.ID, ErrInUse,
				Find(&d.Configuration, wanted.ID).Incarnation, wanted.Address)
		case known >= 0 || wanted.ID != 0 && wanted.ID < d.NextID || wanted.ID > d.NextID+MaxMembers:
			err = fmt.Errorf("node %d: %w, or not any more", wanted.ID, ErrNoMember)
		default:
			err = d.addNew(wanted, c.Learner)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) addNew(m Member, learner bool) error {
	m.ID = max(m.ID, d.NextID)
	if d.NextID = m.ID + 1; guard.Down(guard.NumbersNotReused) {
		d.NextID = m.ID
	}
	d.Members = append(d.Members, m)
	d.Learners = append(d.Learners, m.ID)
	d.touched = append(d.touched, m.ID)
	d.changed = true
	if learner {
		return nil
	}
	return d.promote(m.ID)
}

// addAgain adds a node that is a member.
func (d *draft) addAgain(m, wanted *Member, c Change) error {
	promoted := slices.Contains(d.Promote, m.ID)
	switch {
	case d.leaves(m.ID):
		if c.Learner || d.Joint() || len(d.Promote) > 0 || slices.Contains(c.Remove, m.ID) {
			return fmt.Errorf("node %d is being removed: %w", m.ID, ErrChangeInProgress)
		}
		d.Retire = slices.DeleteFunc(d.Retire, func(id raftlog.NodeID) bool { return id == m.ID })
		d.changed = true
		d.notePending()
	case c.Learner && promoted:
		return d.inProgress()
	case c.Learner && d.Votes(m.ID):
		return fmt.Errorf("node %d: %w already; remove it, and add it with an empty data directory", m.ID, ErrIsVoter)
	}
	d.move(m, wanted)
	if c.Learner || promoted || d.Votes(m.ID) {
		return nil
	}
	return d.promote(m.ID)
}

// promote intends a learner's promotion, unless an earlier change is on its way: a voter that is to go must not wait
// for one that has nothing to do with it, and what two changes intend must not become one step that neither asked for.
func (d *draft) promote(id raftlog.NodeID) error {
	d.changed = true
	if d.pending {
		return d.inProgress()
	}
	d.Promote = append(d.Promote, id)
	return nil
}

// inProgress says what is on its way, and how to give it up.
func (d *draft) inProgress() error {
	if len(d.Promote) > 0 {
		return fmt.Errorf("%w: node %d is to become a voter and has not caught up; removing it gives that up",
			ErrChangeInProgress, d.Promote[0])
	}
	return fmt.Errorf("%w: node %d is being removed, and waits until the others can decide without it; adding it again "+
		"gives that up", ErrChangeInProgress, d.Retire[0])
}

// finish checks what no single step can see.
func (d *draft) finish(current *Configuration) (*Configuration, error) {
	if current.Joint() {
		return nil, fmt.Errorf("%w: voters are being exchanged", ErrChangeInProgress)
	}
	if len(d.Voters)+len(d.Promote) == len(d.Retire) && !guard.Down(guard.LastVoterStays) {
		return nil, ErrLastVoter
	}
	for _, id := range d.touched {
		m := Find(&d.Configuration, id)
		if err := d.checkAddress(m); err != nil {
			return nil, err
		}
		if len(m.Attributes) > MaxAttributesBytes {
			return nil, fmt.Errorf("node %d: %w: %d bytes, allowed are %d",
				id, ErrAttributes, len(m.Attributes), MaxAttributesBytes)
		}
	}
	next := &d.Configuration
	if len(next.Members) > MaxMembers && len(next.Members) > len(current.Members) {
		return nil, fmt.Errorf("%w: %d, allowed are %d", ErrTooManyMembers, len(next.Members), MaxMembers)
	}
	if len(d.touched) > 0 { // there are new texts in it
		if err := CheckRoom(next); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTooManyMembers, err)
		}
	}
	return next, nil
}

// checkAddress refuses two members at one peer address: one of them could never be reached. A member that leaves does
// not count: an operator who lost the disk of a node puts an empty one in its place, at the same address.
func (d *draft) checkAddress(m *Member) error {
	for i := range d.Members {
		other := &d.Members[i]
		if other.ID != m.ID && m.Address != "" && other.Address == m.Address && !d.leaves(other.ID) {
			return fmt.Errorf("peer address %s: %w: node %d, with the data directory %016x; if that is lost, replace node %d",
				m.Address, ErrInUse, other.ID, other.Incarnation, other.ID)
		}
	}
	return nil
}
