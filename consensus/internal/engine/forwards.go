package engine

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// forwards is what a leader knows about the batches of all origins, itself included, in its term.
type forwards struct {
	term raftlog.Term
	// appended counts, per origin and boot, the batches taken in this term. It begins empty with the term and nothing
	// is forgotten within it: that is what makes a late copy harmless.
	appended map[source]raftlog.Sequence
	// held are proposals in order, taken and not yet appended: for lack of room in the journal, or until the end of
	// the turn.
	held      []raft.Proposal
	heldBytes int
	// lastPiece is the last entry appended in this term that is a piece, 0 if none is.
	lastPiece raftlog.Index
	// checked is the configuration that dropRemovedOrigins last looked at.
	checked *membership.Configuration
}

type source struct {
	origin raftlog.NodeID
	boot   raftlog.Boot
}

// begin forgets the term before. No other leader appends what was held: its origins prove that from the log, and send
// it again.
func (f *forwards) begin(term raftlog.Term) {
	*f = forwards{term: term, appended: map[source]raftlog.Sequence{}}
}

// hasRoom reports whether the journal can take this many more bytes of entries.
func (f *forwards) hasRoom(e *Engine, bytes int) bool {
	return e.core.WindowBytes()+f.heldBytes+bytes <= e.proposalCapacity()
}

// take counts a batch and holds it until the end of the turn. The caller has seen that it is the next of its source.
func (f *forwards) take(tag raftlog.Tag, b ForwardedBatch) {
	f.appended[source{tag.Origin, tag.Boot}] = b.Sequence
	if b.Skip {
		return
	}
	kind := raftlog.EntryCommand
	if b.Piece {
		kind = raftlog.EntryPiece
	}
	f.held = append(f.held, raft.Proposal{Kind: kind, Level: b.Level, Tag: tag, Body: b.Body, Left: b.Left})
	f.heldBytes += raftlog.EntryHeaderBytes + len(b.Body)
}

// takeForward takes another node's batches, if this node leads the term they are meant for. It drops all others without
// a reply: the origin learns its batches' fate from the log.
func (e *Engine) takeForward(m *Message) {
	if !e.leads() || !e.meantForMe(m.Term) || !e.isMember(m.From) {
		return
	}
	e.noticeTerm() // a message before this one may have changed it
	from := source{m.From, m.Boot}
	for _, b := range m.Batches {
		switch counter := e.forwards.appended[from]; {
		case b.Sequence <= counter:
			// a copy of what was taken
		case b.Level > Level:
			return // a newer origin's: this leader could append it, but not apply it; it ends at its deadline
		case b.Sequence == counter+1:
			e.forwards.take(raftlog.Tag{Origin: m.From, Boot: m.Boot, Sequence: b.Sequence}, b)
		default:
			// Something before it was lost. Taking it would make the lost one look met; the stream begins again.
			if !slices.Contains(e.out.Reset, m.From) {
				e.out.Reset = append(e.out.Reset, m.From)
			}
			return
		}
	}
}

func (e *Engine) meantForMe(term raftlog.Term) bool {
	return term == e.core.Term() || e.options.Weakened.Down(guard.ForwardTerm)
}

// isMember reports whether a node is in the newest configuration. A batch of a node outside it must not be appended:
// that node might never see the entry, and would answer its client wrongly.
func (e *Engine) isMember(id raftlog.NodeID) bool {
	return membership.Find(e.core.Configuration(), id) != nil
}

// dropRemovedOrigins drops held batches whose origins were removed from the configuration while they were held. The
// leader takes no later batch of such an origin, so the hole in its sequence does no harm: a removed node does not come
// back under its id.
func (e *Engine) dropRemovedOrigins() {
	f := &e.forwards
	c := e.core.Configuration()
	if c == f.checked {
		return
	}
	f.checked = c
	f.held = slices.DeleteFunc(f.held, func(p raft.Proposal) bool {
		if e.isMember(p.Tag.Origin) {
			return false
		}
		f.heldBytes -= raftlog.EntryHeaderBytes + len(p.Body)
		return true
	})
}

// maxProposeBytes bounds the entries that one turn appends, and with them a group of the log.
const maxProposeBytes = 4 << 20

// flushProposals appends what is held, as far as the journal has room.
func (e *Engine) flushProposals() {
	f := &e.forwards
	if len(f.held) == 0 {
		return
	}
	if !e.leads() || f.term != e.core.Term() {
		f.held, f.heldBytes = nil, 0
		return
	}
	e.dropRemovedOrigins()
	n, bytes, room := 0, 0, e.proposalCapacity()-e.core.WindowBytes()
	if room > maxProposeBytes {
		room = maxProposeBytes
		e.out.Again = f.heldBytes > room
	}
	for n < len(f.held) && bytes+raftlog.EntryHeaderBytes+len(f.held[n].Body) <= room {
		bytes += raftlog.EntryHeaderBytes + len(f.held[n].Body)
		n++
	}
	if n == 0 {
		return
	}
	first, ok := e.core.Propose(f.held[:n])
	if !ok {
		e.out.Again = false // leadership is being handed over: only time ends that, not another turn
		return
	}
	for i := range f.held[:n] {
		if f.held[i].Kind == raftlog.EntryPiece {
			f.lastPiece = first + raftlog.Index(i)
		}
	}
	left := copy(f.held, f.held[n:])
	clear(f.held[left:])
	f.held = f.held[:left]
	f.heldBytes -= bytes
}
