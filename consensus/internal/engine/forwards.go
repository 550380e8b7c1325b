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
	// held are other nodes' batches, taken and not yet appended, apart for each origin: for lack of room in the journal,
	// or until the end of the turn. shares.go divides the room.
	held  []*originQueue
	level uint64
	// chosen are what this turn appends, in order.
	chosen []raft.Proposal
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
func (e *Engine) hasRoom(bytes int) bool { return e.core.WindowBytes()+bytes <= e.proposalCapacity() }

// takeOwn counts a batch of this leader's own, and appends it in this turn.
func (f *forwards) takeOwn(tag raftlog.Tag, b ForwardedBatch) {
	f.appended[source{tag.Origin, tag.Boot}] = b.Sequence
	f.chosen = append(f.chosen, b.proposal(tag))
}

// take counts a batch and holds it until there is room. The caller has seen that it is the next of its source.
func (f *forwards) take(s *originQueue, tag raftlog.Tag, b ForwardedBatch) {
	f.appended[source{tag.Origin, tag.Boot}] = b.Sequence
	if !b.Skip {
		s.add(b.proposal(tag))
	}
}

// first is the first place in the sequence that the batch takes.
func (b *ForwardedBatch) first() raftlog.Sequence {
	if b.Skip {
		return b.Sequence - raftlog.Sequence(b.Left)
	}
	return b.Sequence
}

func (b *ForwardedBatch) proposal(tag raftlog.Tag) raft.Proposal {
	kind := raftlog.EntryCommand
	switch {
	case b.InSession && b.Piece:
		kind = raftlog.EntrySessionPiece
	case b.InSession:
		kind = raftlog.EntrySession
	case b.Piece:
		kind = raftlog.EntryPiece
	}
	return raft.Proposal{Kind: kind, Tag: tag, Body: b.Body, Left: b.Left}
}

// heldPerUnmet is how many times Options.LargestUnmetBytes a leader holds of one origin. An origin that obeys has no
// more than that once on its way, and a little; one that restarts has it again.
const heldPerUnmet = 2

// takeForward takes another node's batches, if this node leads the term they are meant for. It drops all others without
// a reply: the origin learns its batches' fate from the log.
func (e *Engine) takeForward(m *Message) {
	member := e.isMember(m.From) || e.options.Weakened.Down(guard.MembersForward)
	if !e.leads() || !e.meantForMe(m.Term) || !member {
		return
	}
	e.noticeTerm() // a message before this one may have changed it
	from, held := source{m.From, m.Boot}, e.forwards.heldOf(m.From)
	again := e.options.Weakened.Down(guard.CopiesDropped)
	for _, b := range m.Batches {
		if held.bytes > heldPerUnmet*e.options.LargestUnmetBytes {
			return // as if it had been lost: the origin sends it again, later and later
		}
		switch counter := e.forwards.appended[from]; {
		case b.Sequence <= counter && !again:
			// a copy of what was taken
		case b.Level > e.core.Level():
			return // not every member could apply it; it ends at its deadline
		case b.first() <= counter+1 || e.options.Weakened.Down(guard.StreamWithoutGaps) || again:
			e.forwards.take(held, raftlog.Tag{Origin: m.From, Boot: m.Boot, Sequence: b.Sequence}, b)
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
	if c == f.checked || e.options.Weakened.Down(guard.HeldOfRemoved) {
		return
	}
	f.checked = c
	f.held = slices.DeleteFunc(f.held, func(s *originQueue) bool { return !e.isMember(s.origin) })
}
