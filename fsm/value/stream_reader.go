package value

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/fsm/value/listpack"
	"github.com/raftredis/raftredis/internal/command"
)

// streamReader is the Reader of streams. The zero value awaits the first part of the first stream.
type streamReader struct {
	begun bool
	// rest is the beginning of a record that is not all here.
	rest   []byte
	stream Stream
	// blocks and groups are how many are still to come.
	blocks, groups uint64
	// block is the one whose entries come, of which there are still entries; listpack is how long it is so far. bound is
	// the ID behind which the next block begins.
	block    *streamBlock
	entries  uint64
	listpack uint64
	bound    StreamID
	// texts is a buffer for the fields and values of an entry.
	texts [][]byte
	// group is the one whose consumers come, and then what is pending; named are the consumers that came.
	group              *StreamGroup
	consumers, pending uint64
	named              []*StreamConsumer
}

// Add takes the next part.
func (r *streamReader) Add(part []byte, _ int, s digest.Sip, generation uint64) bool {
	r.rest = append(r.rest, part...)
	b := r.rest
	for len(b) > 0 {
		length, n := binary.Uvarint(b)
		if n < 0 || (n > 1 && b[n-1] == 0) || (n > 0 && length > maxStreamRecordBytes) {
			return false
		}
		if n == 0 || length > uint64(len(b)-n) {
			break
		}
		end := n + int(length)
		if !r.record(words{rest: b[n:end:end]}, b[:end], s, generation) {
			return false
		}
		b = b[end:]
	}
	if len(b) < len(r.rest) {
		r.rest = append(r.rest[:0], b...)
	}
	if len(r.rest) == 0 && cap(r.rest) > 4*MaxPartBytes {
		r.rest = nil
	}
	return true
}

// record takes the next record; whole has its length before it.
func (r *streamReader) record(w words, whole []byte, s digest.Sip, generation uint64) bool {
	switch {
	case !r.begun:
		r.begun = true
		t := &r.stream
		t.generation = generation
		t.last, t.deleted, t.added = w.id(), w.id(), w.number()
		r.blocks, r.groups = w.number(), w.number()
		return w.ends()
	case r.entries > 0:
		return r.entry(w, whole, s, generation)
	case r.blocks > 0:
		r.blocks--
		return r.beginBlock(w, s, generation)
	case r.consumers > 0:
		r.consumers--
		return r.consumer(w, s, generation)
	case r.pending > 0:
		r.pending--
		return r.delivered(w, s, generation)
	case r.groups > 0:
		r.groups--
		r.endGroup(s, generation)
		return r.beginGroup(w, s, generation)
	}
	return false
}

func (r *streamReader) beginBlock(w words, s digest.Sip, generation uint64) bool {
	b := &streamBlock{generation: generation, first: w.id(), last: w.id()}
	added, bytes, held := w.number(), w.number(), w.number()
	if w.bad || added == 0 || added > command.MaxStreamNodeEntries || held > added || bytes > math.MaxUint32 ||
		b.last.Compare(b.first) < 0 || (r.stream.blocks.Len() > 0 && b.first.Compare(r.bound) <= 0) {
		return false
	}
	b.bytes = append(b.bytes, w.rest...)
	count := w.number()
	r.listpack = listpackBase + 3*listpackSmall + uint64(listpack.NumberBytes(int64(count)))
	for i := uint64(0); i < count && !w.bad; i++ {
		r.listpack += uint64(listpack.Bytes(w.text()))
	}
	if !w.ends() || count == 0 {
		return false
	}
	b.added, b.listpack = uint32(added), uint32(bytes)
	b.sealFields(s)
	r.block, r.entries, r.bound = b, held, b.first
	return held > 0 || r.endBlock(s, generation)
}

// entry takes the next entry of the block.
func (r *streamReader) entry(w words, whole []byte, s digest.Sip, generation uint64) bool {
	b, body := r.block, w.rest
	millis, sequence := w.number(), w.number()
	id := StreamID{b.first.Millis + millis, sequence}
	if millis == 0 {
		id.Sequence += b.first.Sequence
	}
	overflows := id.Millis < millis || id.Sequence < sequence
	follows := id.Compare(b.newest) > 0
	if b.held == 0 {
		follows = id.Compare(b.first) >= 0
	}
	if w.bad || overflows || !follows || id.Compare(b.last) > 0 || len(b.bytes)+len(whole) > maxStreamRecordBytes {
		return false
	}
	pairs, same, ok := r.pairs(w)
	if !ok {
		return false
	}
	r.listpack += uint64(b.listpackEntry(id, pairs, same))
	b.bytes = append(b.bytes, whole...)
	b.sum += streamEntryDigest(s, id, body)
	b.newest = id
	b.held++
	if r.entries--; r.entries > 0 {
		return true
	}
	b.close()
	return r.endBlock(s, generation)
}

// pairs reads the fields and values of an entry. same says that the fields are those of the block.
func (r *streamReader) pairs(w words) (pairs [][]byte, same, ok bool) {
	count := w.number()
	fields := words{rest: r.block.bytes[:r.block.begin]}
	pairs = r.texts[:0]
	if held := fields.number(); count == 0 {
		count, same = held, true
	}
	bytes := 0
	for i := uint64(0); i < count && !w.bad; i++ {
		from := &w
		if same {
			from = &fields
		}
		pairs = append(pairs, from.text(), nil)
		pairs[2*i+1] = w.text()
		bytes += len(pairs[2*i]) + len(pairs[2*i+1])
	}
	r.texts = pairs
	return pairs, same, w.ends() && bytes <= MaxStreamEntryBytes && same == r.block.hasFields(pairs)
}

// endBlock adds the block, of which all is here.
func (r *streamReader) endBlock(s digest.Sip, generation uint64) bool {
	b, t := r.block, &r.stream
	whole := b.held == b.added
	first, _, _ := b.idAt(int(b.from))
	if whole && (r.listpack != uint64(b.listpack) || b.last != b.newest || first != b.first) ||
		!whole && r.listpack >= uint64(b.listpack) {
		return false
	}
	if b.held > 0 {
		r.bound = b.newest
	}
	t.blocks.Put(b.first, b, generation)
	t.blockSum += b.digest(s)
	t.size += b.size()
	t.held += uint64(b.held)
	r.block = nil
	return true
}

func (r *streamReader) beginGroup(w words, s digest.Sip, generation uint64) bool {
	name := w.text()
	if before, any := r.stream.groups.Last(); w.bad || (any && strings.Compare(string(name), before.name.text) <= 0) {
		return false
	}
	g := &StreamGroup{generation: generation, name: newStreamName(name, s), last: w.id(), read: w.signed()}
	g.size = streamGroupBytes + len(name)
	r.consumers, r.pending = w.number(), w.number()
	r.group, r.named = g, r.named[:0]
	return w.ends()
}

func (r *streamReader) consumer(w words, s digest.Sip, generation uint64) bool {
	name := w.text()
	c := &StreamConsumer{generation: generation, name: newStreamName(name, s), seen: w.signed(), active: w.signed()}
	before, any := r.group.consumers.Last()
	if !w.ends() || (any && strings.Compare(string(name), before.name.text) <= 0) {
		return false
	}
	r.group.consumers.Put(c.name.text, c, generation)
	r.group.sum += c.digest(s)
	r.group.size += c.size()
	r.named = append(r.named, c)
	return true
}

// delivered takes an entry that is pending.
func (r *streamReader) delivered(w words, s digest.Sip, generation uint64) bool {
	p := StreamPending{ID: w.id(), Time: w.signed(), Count: w.number()}
	number := w.number()
	before, any := r.group.pending.Last()
	if !w.ends() || number >= uint64(len(r.named)) || (any && p.ID.Compare(before.ID) <= 0) {
		return false
	}
	owner := r.named[number]
	p.owner = owner.name
	r.group.pending.Put(p.ID, p, generation)
	owner.pending.Put(p.ID, p.ID, generation)
	r.group.sum += p.digest(s)
	r.group.size += streamPendingBytes
	return true
}

// endGroup adds the group that came last, if there is one.
func (r *streamReader) endGroup(s digest.Sip, generation uint64) {
	if g := r.group; g != nil {
		r.stream.groups.Put(g.name.text, g, generation)
		r.stream.groupSum += g.digest(s)
		r.stream.size += g.size
		r.group = nil
	}
}

// Finish ends a stream.
func (r *streamReader) Finish(s digest.Sip, generation uint64) (text []byte, apart Value, ok bool) {
	r.endGroup(s, generation)
	t := r.stream
	if !r.begun || len(r.rest) > 0 || r.blocks+r.entries+r.groups+r.consumers+r.pending > 0 ||
		t.added < t.held || t.added > MaxStreamAdded || t.last.Compare(t.Newest()) < 0 {
		return nil, nil, false
	}
	*r = streamReader{}
	return nil, t.sealed(s), true
}
