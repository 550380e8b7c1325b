package value

import (
	"cmp"
	"math"
	"math/bits"
	"strconv"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/fsm/value/shelves"
	"github.com/raftredis/raftredis/internal/allocated"
)

// Stream is Redis's stream at a key: entries with IDs that grow, each some pairs of a field and a value, and groups of
// consumers that share the work on them. It implements Value.
//
//	Stream ──► blocks ──► streamBlock: some entries, packed
//	     └───► groups ──► StreamGroup ──► pending: what was delivered and not acknowledged, by ID
//	                                └───► consumers ──► StreamConsumer ──► the IDs that are pending for it
//
// Which entries share a block is part of the contents: see streamBlock, and StreamNodes. A Stream is changed by a
// StreamChange.
type Stream struct {
	box Box
	// generation is that of the newest change.
	generation uint64
	blocks     shelves.Shelves[StreamID, *streamBlock]
	groups     shelves.Shelves[string, *StreamGroup]
	// held is how many entries are held, size how many bytes there are of entries and groups.
	held uint64
	size int
	// last is the highest ID that was given, deleted the highest that was deleted one by one.
	last, deleted StreamID
	// added is how many entries were ever added, as far as a client did not set it: up to MaxStreamAdded, and then it
	// stays.
	added uint64
	// blockSum and groupSum add up the digests of blocks and groups.
	blockSum, groupSum uint64
	digest             uint64
}

// MaxStreamAdded is the highest count of entries that were ever added: a client may set it, and Redis reads no more.
const MaxStreamAdded = math.MaxInt64

// NewStream is an empty stream.
func NewStream(s digest.Sip, generation uint64) *Stream {
	return (&Stream{generation: generation}).sealed(s)
}

// sealed gives a stream, which is not in use yet, its digest and its box.
func (t *Stream) sealed(s digest.Sip) *Stream {
	t.digest = s.Word(t.last.Millis).Word(t.last.Sequence).Word(t.deleted.Millis).Word(t.deleted.Sequence).
		Word(t.added).Word(t.blockSum).Word(uint64(t.blocks.Len())).Word(uint64(t.groups.Len())).Finish(t.groupSum)
	t.box.Value = t
	return t
}

// Len is how many entries are held.
func (t *Stream) Len() uint64 { return t.held }

// Last is the highest ID that was given, MaxDeleted the highest that was deleted one by one; zero for none.
func (t *Stream) Last() StreamID { return t.last }

// MaxDeleted is the highest ID that was deleted one by one, zero for none.
func (t *Stream) MaxDeleted() StreamID { return t.deleted }

// Added is how many entries were ever added, as far as a client did not set the number.
func (t *Stream) Added() uint64 { return t.added }

// Blocks is how many nodes Redis would have for the entries.
func (t *Stream) Blocks() int { return t.blocks.Len() }

// First is the ID of the first entry that is held, zero if there is none.
func (t *Stream) First() (first StreamID) {
	t.blocks.Each(shelves.Spot{}, func(b *streamBlock) bool {
		if b.held > 0 {
			first, _, _ = b.idAt(int(b.from))
		}
		return b.held == 0
	})
	return first
}

// Newest is the ID of the last entry that is held, zero if there is none.
func (t *Stream) Newest() StreamID {
	for at := t.blocks.End(); ; {
		b, before, ok := t.blocks.Before(at)
		switch {
		case !ok:
			return StreamID{}
		case b.held > 0:
			return b.newest
		}
		at = before
	}
}

// blockOf gives the spot of the block in which an ID is, or would be.
func (t *Stream) blockOf(id StreamID) shelves.Spot {
	at, found := t.blocks.Seek(id)
	if !found {
		if _, before, ok := t.blocks.Before(at); ok {
			return before
		}
	}
	return at
}

// Each visits the entries from an ID on, up to another one, in their order, until visit wants no more.
func (t *Stream) Each(from, upto StreamID, visit func(e StreamEntry) bool) {
	t.blocks.Each(t.blockOf(from), func(b *streamBlock) bool {
		if b.first.Compare(upto) > 0 {
			return false
		}
		for offset := b.seek(from); offset < len(b.bytes); {
			var e StreamEntry
			if e, offset = b.entryAt(offset); e.ID.Compare(upto) > 0 || !visit(e) {
				return false
			}
		}
		return true
	})
}

// EachBack visits the entries up to an ID, down to another one, in the reverse of their order, until visit wants no
// more.
func (t *Stream) EachBack(from, upto StreamID, visit func(e StreamEntry) bool) {
	var some [128]uint32
	at := t.blockOf(upto)
	if _, exact, ok := t.blocks.Get(at); ok {
		at = exact.Behind()
	}
	for {
		b, before, ok := t.blocks.Before(at)
		if !ok {
			return
		}
		offsets := b.offsets(some[:0], upto)
		for i := len(offsets) - 1; i >= 0; i-- {
			if e, _ := b.entryAt(int(offsets[i])); e.ID.Compare(from) < 0 || !visit(e) {
				return
			}
		}
		at = before
	}
}

// Entry gives the entry with an ID.
func (t *Stream) Entry(id StreamID) (e StreamEntry, ok bool) {
	t.Each(id, id, func(found StreamEntry) bool {
		e, ok = found, true
		return false
	})
	return e, ok
}

// Groups is how many groups there are.
func (t *Stream) Groups() int { return t.groups.Len() }

// Group gives a group by its name, nil if there is none.
func (t *Stream) Group(name []byte) *StreamGroup {
	g, _ := t.groups.Find(string(name))
	return g
}

// EachGroup visits the groups in the order of their names, until visit wants no more.
func (t *Stream) EachGroup(visit func(g *StreamGroup) bool) { t.groups.Each(shelves.Spot{}, visit) }

// Box is where the value is held: in itself.
func (t *Stream) Box() *Box { return &t.box }

// Kind is KindStream.
func (t *Stream) Kind() Kind { return KindStream }

// Encoding is what OBJECT ENCODING answers.
func (t *Stream) Encoding(EncodingLimits) string { return "stream" }

// Size is the number of bytes of the entries and the groups.
func (t *Stream) Size() int { return t.size }

// Digest is the digest of the contents.
func (t *Stream) Digest() uint64 { return t.digest }

// Generation is that of the storage.
func (t *Stream) Generation() uint64 { return t.generation }

// streamBytes is the size of a stream without its storage. A test compares it with the type.
const streamBytes = 184

// MemoryBytes is what the stream occupies. It costs O(N) in the number of blocks and of consumers.
func (t *Stream) MemoryBytes() int {
	bytes := allocated.Size(streamBytes) + t.blocks.MemoryBytes(pointerBytes) + t.groups.MemoryBytes(pointerBytes)
	t.blocks.Each(shelves.Spot{}, func(b *streamBlock) bool {
		bytes += allocated.Size(streamBlockBytes) + allocated.Size(cap(b.bytes))
		return true
	})
	t.groups.Each(shelves.Spot{}, func(g *StreamGroup) bool {
		bytes += g.memoryBytes()
		return true
	})
	return bytes
}

// StreamID names an entry of a stream: a moment in milliseconds, and a number within it. IDs are ordered by both. The
// zero value is before the ID of every entry.
type StreamID struct{ Millis, Sequence uint64 }

// MaxStreamID is the last ID there is.
func MaxStreamID() StreamID { return StreamID{math.MaxUint64, math.MaxUint64} }

// Compare is negative if the ID is before another one, 0 if they are equal, and positive if it is behind.
func (id StreamID) Compare(other StreamID) int {
	if c := cmp.Compare(id.Millis, other.Millis); c != 0 {
		return c
	}
	return cmp.Compare(id.Sequence, other.Sequence)
}

// Next is the ID behind this one. ok is false behind the last one.
func (id StreamID) Next() (next StreamID, ok bool) {
	switch {
	case id.Sequence < math.MaxUint64:
		return StreamID{id.Millis, id.Sequence + 1}, true
	case id.Millis < math.MaxUint64:
		return StreamID{id.Millis + 1, 0}, true
	}
	return StreamID{}, false
}

// Before is the ID before this one. ok is false before the first one.
func (id StreamID) Before() (before StreamID, ok bool) {
	switch {
	case id.Sequence > 0:
		return StreamID{id.Millis, id.Sequence - 1}, true
	case id.Millis > 0:
		return StreamID{id.Millis - 1, math.MaxUint64}, true
	}
	return StreamID{}, false
}

// Append appends the ID as clients see it.
func (id StreamID) Append(dst []byte) []byte {
	dst = strconv.AppendUint(dst, id.Millis, 10)
	return strconv.AppendUint(append(dst, '-'), id.Sequence, 10)
}

// idBytes is how long an ID is as a key of a radix tree.
const idBytes = 16

// TreeNodes is how many nodes the radix tree of Redis has for the blocks: one for each block, one where IDs part, and
// one for each row of bytes that IDs have in common, or alone. It costs O(N) in the number of blocks.
func (t *Stream) TreeNodes() (nodes int) {
	var fork [idBytes]int // at how many bytes the IDs part that are being passed, each further than the one before
	depth, before, last := 0, -1, StreamID{}
	inner := func(outer int) { // leaves the innermost fork for what is around it
		depth--
		nodes += 1 + digitOf(fork[depth] > outer+1)
	}
	first := true
	leaf := func(outer int) { nodes += 1 + digitOf(idBytes > outer+1) }
	t.blocks.Each(shelves.Spot{}, func(b *streamBlock) bool {
		if first {
			first, last = false, b.first
			return true
		}
		common := commonBytes(last, b.first)
		leaf(max(before, common))
		for depth > 0 && fork[depth-1] > common {
			outer := common
			if depth > 1 {
				outer = max(outer, fork[depth-2])
			}
			inner(outer)
		}
		if depth == 0 || fork[depth-1] < common {
			fork[depth] = common
			depth++
		}
		before, last = common, b.first
		return true
	})
	if first {
		return 1
	}
	leaf(before)
	for depth > 0 {
		outer := -1
		if depth > 1 {
			outer = fork[depth-2]
		}
		inner(outer)
	}
	return nodes
}

// commonBytes is how many bytes two IDs have in common at their beginning, the highest first.
func commonBytes(a, b StreamID) int {
	if a.Millis != b.Millis {
		return bits.LeadingZeros64(a.Millis^b.Millis) / 8
	}
	return idBytes/2 + bits.LeadingZeros64(a.Sequence^b.Sequence)/8
}
