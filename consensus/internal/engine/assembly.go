package engine

import (
	"errors"
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/stepwise"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Assembly is a body that goes through the log in pieces (raftlog.EntryPiece), as far as the log has it.
type Assembly struct {
	// Origin and Boot name the node that has the body. Sequence is that of the entry which announced it.
	Origin   raftlog.NodeID
	Boot     raftlog.Boot
	Sequence raftlog.Sequence
	// TotalBytes is the size of the whole.
	TotalBytes int
	// Body is the part that is here. It is immutable; more is added behind it.
	Body []byte
}

// assemblies are the bodies that were announced and have not ended, in the order of their announcements. They follow
// from the log alone, so they are the same on all nodes at the same index; a snapshot carries them (assembly_image.go).
//
//	announced ──► first in the list: its turn ──last piece──► applied as one
//	    │                   │
//	    └───────────────────┴── announced anew, ended by its origin or by the leader, its origin was removed,
//	                            a later term began ──► no effect
//
// Only the first takes pieces; so a node holds one body at a time, whatever the number of origins. A piece of another
// one has no effect, nor has one that does not follow the piece before it. If a last piece has no effect, its body has
// none, and never will: the origin learns that from the same entry as everyone else.
type assemblies struct {
	list []Assembly
	// taken counts the pieces that some body took.
	taken uint64
}

// take takes an entry that is a piece. It returns the body that takes effect with it, nil if none does.
func (s *assemblies) take(e *raftlog.Entry, weakened guard.Set) (body []byte) {
	switch {
	case len(e.Body) == 0:
		s.drop(func(a *Assembly) bool { return a.Origin == e.Tag.Origin && (e.Left > 0 || a.Boot == e.Tag.Boot) })
		if e.Left > 0 && e.Left <= raftlog.MaxBodyBytes {
			s.list = append(s.list, Assembly{
				Origin: e.Tag.Origin, Boot: e.Tag.Boot, Sequence: e.Tag.Sequence, TotalBytes: int(e.Left),
			})
		}
		return nil
	case s.follows(e) || len(s.list) > 0 && weakened.Down(guard.PiecesFollow):
		return s.grow(e)
	case e.Left == 0 && weakened.Down(guard.WholeBodies):
		return e.Body
	}
	return nil
}

// follows reports whether the entry is the next piece of the body whose turn it is.
func (s *assemblies) follows(e *raftlog.Entry) bool {
	if len(s.list) == 0 {
		return false
	}
	a := &s.list[0]
	return a.Origin == e.Tag.Origin && a.Boot == e.Tag.Boot && len(a.Body)+len(e.Body)+int(e.Left) == a.TotalBytes
}

// grow adds the next piece. It makes room for the whole once: with the first piece, or behind a part from a file.
func (s *assemblies) grow(e *raftlog.Entry) (body []byte) {
	a := &s.list[0]
	if cap(a.Body) < a.TotalBytes {
		a.Body = stepwise.Append(make([]byte, 0, a.TotalBytes), a.Body)
	}
	a.Body = append(a.Body, e.Body...)
	s.taken++
	if e.Left > 0 {
		return nil
	}
	body = a.Body
	s.list = slices.Delete(s.list, 0, 1)
	return body
}

// drop ends bodies without effect.
func (s *assemblies) drop(ends func(*Assembly) bool) {
	s.list = slices.DeleteFunc(s.list, func(a Assembly) bool { return ends(&a) })
}

// dropAll ends all of them: a later term began, and no piece of an earlier one follows.
func (s *assemblies) dropAll() { s.list = nil }

// dropRemoved ends the bodies of nodes that a configuration leaves out: no leader appends a piece of theirs behind it.
func (s *assemblies) dropRemoved(c *membership.Configuration) {
	s.drop(func(a *Assembly) bool { return membership.Find(c, a.Origin) == nil })
}

// frozen is a copy that does not change.
func (s *assemblies) frozen() []Assembly {
	list := slices.Clone(s.list)
	for i := range list {
		list[i].Body = slices.Clip(list[i].Body)
	}
	return list
}

// begun is what is here of the body whose turn it is, and how long the whole will be; nil if there is nothing.
func (s *assemblies) begun() (part []byte, totalBytes int) {
	if len(s.list) == 0 {
		return nil, 0
	}
	return s.list[0].Body, s.list[0].TotalBytes
}

// PiecesState is what the loop needs to know of the assemblies at an applied index.
type PiecesState struct {
	// Term is that of the log there.
	Term raftlog.Term
	// Origin and Boot have their turn, 0 if none has; TakenBytes is how much of their body the log has.
	Origin     raftlog.NodeID
	Boot       raftlog.Boot
	TakenBytes int
	// Taken counts the pieces that some body took since this node began, or last jumped.
	Taken uint64
	// Own is the sequence with which this node announced a body that has not ended, 0 if there is none; OwnTurn says
	// that it has its turn.
	Own     raftlog.Sequence
	OwnTurn bool
}

// state is what the loop of a node needs to know.
func (s *assemblies) state(term raftlog.Term, id raftlog.NodeID, boot raftlog.Boot) PiecesState {
	p := PiecesState{Term: term, Taken: s.taken}
	for i := range s.list {
		a := &s.list[i]
		if i == 0 {
			p.Origin, p.Boot, p.TakenBytes = a.Origin, a.Boot, len(a.Body)
		}
		if a.Origin == id && a.Boot == boot {
			p.Own, p.OwnTurn = a.Sequence, i == 0
		}
	}
	return p
}

// gathered is how far the applier has put bodies together: ahead of what is applied, between Gather and Apply.
type gathered struct {
	// mark is the last entry.
	mark raftlog.Mark
	// body takes effect with the entry at index whole, which is the last one; 0 for none.
	body  []byte
	whole raftlog.Index
	// shown says that the machine has been shown a part of a body, and waits for the rest.
	shown bool
}

// Divisible gives the first of some entries that may be gathered together and applied in several calls of Apply, with a
// report each: a report tells of bodies in pieces at its index, so no entry behind that may have changed them. An entry
// that changes them comes alone.
func (a *Applier) Divisible(entries []raftlog.Entry) []raftlog.Entry {
	for i := range entries {
		e := &entries[i]
		if traits := e.Kind.Traits(); traits.Piece || traits.Configures || e.Term != a.base.Mark.Term {
			return entries[:max(i, 1)]
		}
	}
	return entries
}

// Gather adds the pieces among entries to the bodies that they belong to, and shows the machine what is here of one.
// That is most of the work for a large body, and changes nothing that a view sees, so the owner calls it without the
// lock, before Apply. It returns the entries that can be applied now, which end behind the last piece of a body.
func (a *Applier) Gather(entries []raftlog.Entry) []raftlog.Entry {
	for i := range entries {
		if e := &entries[i]; e.Index > a.gathered.mark.Index {
			a.gather(e)
		}
		if a.gathered.whole == entries[i].Index {
			return entries[:i+1]
		}
	}
	return entries
}

// gather does that for the next entry.
func (a *Applier) gather(e *raftlog.Entry) {
	g, taken := &a.gathered, a.assemblies.taken
	if e.Term > g.mark.Term && !a.options.Weakened.Down(guard.PiecesEndWithTerm) {
		a.assemblies.dropAll()
	}
	switch traits := e.Kind.Traits(); {
	case traits.Piece:
		if g.body = a.assemblies.take(e, a.options.Weakened); g.body != nil {
			g.whole = e.Index
		}
	case traits.Configures:
		a.assemblies.dropRemoved(configurationOf(e))
	}
	g.mark = e.Mark()
	part, totalBytes := a.assemblies.begun()
	switch {
	case g.body != nil:
		a.prepare(e, g.body, len(g.body))
		g.shown = false
	case a.assemblies.taken > taken:
		g.shown = a.prepare(e, part, totalBytes)
	case g.shown && len(part) == 0:
		a.machine.Prepare(nil, 0)
		g.shown = false
	}
}

// take is the body that takes effect with an entry, nil for none.
func (g *gathered) take(e *raftlog.Entry) (body []byte) {
	if g.whole == e.Index {
		body, g.body, g.whole = g.body, nil, 0
	}
	return body
}

// Bodies finds the bodies for the state machine in a log that is read from any entry on: those that take effect, each
// with the entry with which it does. It keeps the rules of assemblies. What it cannot know is what was announced before
// the first entry that it was shown; so it says where that matters, and the reader begins again further back.
//
// It needs no more than that. A body in pieces that it saw announced is decided by what it saw, although others may
// have been announced before: their origins have their turns first, and an origin sends no piece before its own node
// has applied what gave it the turn. So if the log has a piece, those before it in the list have ended.
//
// The zero value has been shown nothing.
type Bodies struct {
	assemblies assemblies
	last       raftlog.Mark
	// whole: nothing that was announced earlier matters: the log was read from its beginning, or a later term began.
	whole bool
	// seen are the bodies of which it is known what the log has, announced those of all boots of an origin.
	seen      map[announcer]bool
	announced map[raftlog.NodeID]bool
}

// announcer is who announces bodies.
type announcer struct {
	origin raftlog.NodeID
	boot   raftlog.Boot
}

// ErrBegunEarlier means that a body which was announced before the entries that were read may take effect with one.
var ErrBegunEarlier = errors.New("the command began earlier in the log")

// Take takes the next entry, and returns the body that takes effect with it, nil for none. Pieces of bodies that were
// announced before the first entry are passed over. The error is ErrBegunEarlier, for the last one of such a body: the
// entry may be taken once more, or passed over.
func (b *Bodies) Take(e *raftlog.Entry) (body []byte, err error) {
	laterTerm := b.last.Term != 0 && e.Term > b.last.Term
	if laterTerm || e.Index == 1 {
		b.assemblies.dropAll()
		b.whole = true
	}
	traits := e.Kind.Traits()
	switch {
	case traits.ForMachine:
		body = e.Body
	case traits.Configures:
		b.assemblies.dropRemoved(configurationOf(e))
	case traits.Piece && len(e.Body) > 0 && !b.knows(e.Tag):
		if e.Left == 0 {
			err = ErrBegunEarlier
		}
	case traits.Piece:
		b.note(e)
		body = b.assemblies.take(e, guard.Set{})
	}
	b.last = e.Mark()
	return body, err
}

func (b *Bodies) knows(t raftlog.Tag) bool {
	return b.whole || b.announced[t.Origin] || b.seen[announcer{t.Origin, t.Boot}]
}

// note remembers what an announcement, or the end of a body, says of those before it.
func (b *Bodies) note(e *raftlog.Entry) {
	switch {
	case b.whole || len(e.Body) > 0:
	case e.Left > 0:
		if b.announced == nil {
			b.announced = map[raftlog.NodeID]bool{}
		}
		b.announced[e.Tag.Origin] = true
	default:
		if b.seen == nil {
			b.seen = map[announcer]bool{}
		}
		b.seen[announcer{e.Tag.Origin, e.Tag.Boot}] = true
	}
}

// Wants is how many bytes Take would make room for, if an entry is the first piece of a body; else 0.
func (b *Bodies) Wants(e *raftlog.Entry) int {
	if !e.Kind.Traits().Piece || len(e.Body) == 0 || !b.knows(e.Tag) || !b.assemblies.follows(e) {
		return 0
	}
	if a := &b.assemblies.list[0]; cap(a.Body) < a.TotalBytes {
		return a.TotalBytes
	}
	return 0
}

// Holds reports whether a part of a body is in memory.
func (b *Bodies) Holds() bool {
	return slices.ContainsFunc(b.assemblies.list, func(a Assembly) bool { return len(a.Body) > 0 })
}

// Begun reports whether a body has begun and has not ended.
func (b *Bodies) Begun() bool { return len(b.assemblies.list) > 0 }
