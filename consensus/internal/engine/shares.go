package engine

import (
	"math"
	"slices"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// What a leader may append is limited by the room in the journals. When more waits than there is room for, each node
// whose clients wait gets the same number of bytes, the leader's own clients like any other's:
//
//   - originQueue.served counts what a node got. The one that got least is next. A node that had nothing waiting does
//     not save up: it begins where the one begins that is served.
//   - One that is next and does not fit makes all wait until it fits. So small batches do not starve large ones.
//   - The leader gives its own batches a place in its stream, and registers them, only when they are appended. Those
//     that wait were never sent: they end as not done if it takes too long.
//
// With that, of two nodes that have batches waiting all the time, neither is ahead of the other by more than shareBytes
// and one entry of each.
type originQueue struct {
	origin raftlog.NodeID
	// proposals are held in order from first on; the ones before are gone. bytes is their size as entries.
	proposals []raft.Proposal
	first     int
	bytes     int
	// served counts bytes that were appended, and where the node stood when it began to wait.
	served uint64
}

const (
	// maxProposeBytes bounds the entries that one turn appends, and with them a group of the log.
	maxProposeBytes = 4 << 20
	// shareBytes is how much of one node is appended before the next one is looked for.
	shareBytes = 16 << 10
	// registeredRoom is for how many of its own batches a turn makes room at once.
	registeredRoom = 1024
)

// heldOf is what is held of an origin.
func (f *forwards) heldOf(origin raftlog.NodeID) *originQueue {
	for _, s := range f.held {
		if s.origin == origin {
			return s
		}
	}
	s := &originQueue{origin: origin}
	f.held = append(f.held, s)
	return s
}

func (s *originQueue) add(p raft.Proposal) {
	s.proposals = append(s.proposals, p)
	s.bytes += entryBytes(&p)
}

func entryBytes(p *raft.Proposal) int { return raftlog.EntryHeaderBytes + len(p.Body) }

func (s *originQueue) len() int { return len(s.proposals) - s.first }

// pop takes out the first proposal.
func (s *originQueue) pop() raft.Proposal {
	p := s.proposals[s.first]
	s.proposals[s.first] = raft.Proposal{}
	s.first++
	s.bytes -= entryBytes(&p)
	if s.first > len(s.proposals)/2 { // so each one is moved once, on average
		left := copy(s.proposals, s.proposals[s.first:])
		clear(s.proposals[left:])
		s.proposals, s.first = s.proposals[:left], 0
	}
	return p
}

// holdsPiece reports whether a piece of another node's body waits to be appended.
func (f *forwards) holdsPiece() bool {
	return slices.ContainsFunc(f.held, func(s *originQueue) bool {
		return slices.ContainsFunc(s.proposals[s.first:], func(p raft.Proposal) bool { return p.Kind.Traits().Piece })
	})
}

// next is the queue of the node that was served least among those with something that waits, and the point up to which
// it may be served before another one is next; nil if nothing waits. own is the leader, if it has to be looked at.
func (f *forwards) next(own raftlog.NodeID, weakened guard.Set) (chosen *originQueue, until uint64) {
	start, until := uint64(math.MaxUint64), uint64(math.MaxUint64)
	for _, s := range f.held {
		if s.len() == 0 && s.origin != own {
			continue
		}
		at := max(s.served, f.level)
		if weakened.Down(guard.RoomIsShared) {
			at = 0 // the first in the list
		}
		switch {
		case chosen == nil || at < start:
			chosen, start, until = s, at, start
		default:
			until = min(until, at)
		}
	}
	if chosen == nil {
		return nil, 0
	}
	chosen.served, f.level = start, start
	if until < math.MaxUint64-shareBytes {
		until += shareBytes
	}
	return chosen, until
}

// appendBatches appends what waits, this node's own batches and those of the others, as far as the journal has room.
func (e *Engine) appendBatches() {
	f := &e.forwards
	if !e.leads() || f.term != e.core.Term() {
		f.held = nil
		return
	}
	if !e.anyWaits() {
		return
	}
	e.dropRemovedOrigins()
	if !e.core.MayPropose() {
		return // leadership is being handed over: only time ends that, not another turn
	}
	journal := e.proposalCapacity() - e.core.WindowBytes()
	full := e.chooseBatches(min(journal, maxProposeBytes))
	if len(f.chosen) == 0 {
		return
	}
	e.out.Again = full && journal > maxProposeBytes
	first, ok := e.core.Propose(f.chosen)
	if !ok {
		panic("engine: a leader that may append did not") // its own batches would have no fate
	}
	for i := range f.chosen {
		if f.chosen[i].Kind.Traits().Piece {
			f.lastPiece = first + raftlog.Index(i)
		}
	}
	clear(f.chosen)
	f.chosen = f.chosen[:0]
}

// anyWaits reports whether a leader has anything to append.
func (e *Engine) anyWaits() bool {
	return len(e.waiting.batches) > 0 || len(e.large.batches) > 0 || e.stream.ended ||
		slices.ContainsFunc(e.forwards.held, func(q *originQueue) bool { return q.len() > 0 })
}

// chooseBatches takes out what fits in so many bytes. full: something waits that did not fit.
func (e *Engine) chooseBatches(room int) (full bool) {
	f, p := &e.forwards, e.beginPosting()
	var own raftlog.NodeID
	// If the newest configuration leaves this node out, the next leader is not far, and its own batches wait for that.
	if e.stream.term == e.term && e.isMember(e.options.ID) && !e.lacksState() {
		own = e.options.ID
		f.heldOf(own)
		e.registered = slices.Grow(e.registered, min(len(e.waiting.batches), registeredRoom))
	}
	for !full {
		s, until := f.next(own, e.options.Weakened)
		if s == nil {
			break
		}
		for s.served <= until && !full {
			before := len(f.chosen)
			if s.origin != own {
				full = !s.choose(f, room)
			} else if p.room = room; !e.postNext(&p) {
				full = p.short
				own = 0 // it has nothing more that may be sent in this turn
			}
			if len(f.chosen) == before {
				break
			}
			bytes := entryBytes(&f.chosen[before])
			s.served += uint64(bytes)
			room -= bytes
		}
	}
	e.endPosting(&p)
	return full
}

// choose takes out the first proposal. It returns false if that does not fit.
func (s *originQueue) choose(f *forwards, room int) bool {
	if s.len() == 0 {
		return true
	}
	if entryBytes(&s.proposals[s.first]) > room {
		return false
	}
	f.chosen = append(f.chosen, s.pop())
	return true
}
