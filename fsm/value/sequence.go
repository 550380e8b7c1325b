package value

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"sort"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/allocated"
)

// Sequence is a row of entries: bytes, each with a time that never runs back. Entries are appended behind and trimmed
// in front, and never changed. The number of an entry counts from 0, trimmed ones included. The zero value is empty.
//
//	Sequence ──► list ──► stretch ──► marks: where each entry ends, and its time
//	               │            └───► bytes of all its entries, without a gap
//	               └────► stretch …
//
// It is a part of a value, and changes as that does: a write copies the Sequence and changes the copy. Within one
// generation the copy shares everything with the old one, so only the newest may be used. What is of an older
// generation is copied before it is changed: the list, and the last stretch. The bytes of an entry stay as they are and
// where they are as long as anything points to them.
type Sequence struct {
	// generation is the one that made list.
	generation uint64
	list       []*stretch
	// first is the number of the first entry that is held, next that of the next one to come.
	first, next uint64
	// bytes are those of the entries held.
	bytes int
	// sum adds up the digests of the entries held; skipped those of the trimmed entries of the first stretch.
	sum, skipped uint64
}

// stretch is some entries that follow each other, at least one.
type stretch struct {
	generation uint64
	// first is the number of the first entry, began its time.
	first uint64
	began int64
	// sum adds up the digests of the entries.
	sum   uint64
	marks []mark
	bytes []byte
}

// mark says of an entry where it ends in the bytes, and how many milliseconds behind the first of its stretch it came.
type mark struct{ end, after uint32 }

// A stretch is full with stretchBytes of entries, or with stretchEntries. A longer entry has a stretch for itself.
const (
	stretchBytes   = 64 << 10
	stretchEntries = 4 << 10
)

// markBytes is what an entry occupies besides its bytes. A test compares it with the type.
const markBytes = 8

// entryDigest is the digest of an entry.
func entryDigest(s digest.Sip, number uint64, time int64, data []byte) uint64 {
	return digest.Seal(digest.Extend(s.Word(number).Word(uint64(time)), data, 0), data)
}

// Len is the number of entries held.
func (q *Sequence) Len() uint64 { return q.next - q.first }

// append appends a copy of data. time is not before that of the last entry.
func (q *Sequence) append(time int64, data []byte, s digest.Sip, generation uint64) {
	if q.generation < generation {
		q.generation, q.list = generation, slices.Clone(q.list)
	}
	digest := entryDigest(s, q.next, time, data)
	q.room(time, len(data), generation).add(time, data, digest)
	q.next++
	q.bytes += len(data)
	q.sum += digest
}

// room gives the stretch that takes the next entry, which this generation may change.
func (q *Sequence) room(time int64, bytes int, generation uint64) *stretch {
	if end := len(q.list) - 1; end >= 0 && q.list[end].takes(time, bytes) {
		if last := q.list[end]; last.generation < generation {
			q.list[end] = last.copy(generation)
		}
		return q.list[end]
	}
	fresh := &stretch{generation: generation, first: q.next, began: time}
	q.list = append(q.list, fresh)
	return fresh
}

func (c *stretch) takes(time int64, bytes int) bool {
	if time < c.time(len(c.marks)-1) {
		panic("value: the time of a sequence runs back")
	}
	return len(c.marks) < stretchEntries && len(c.bytes)+bytes <= stretchBytes && time-c.began <= math.MaxUint32
}

func (c *stretch) copy(generation uint64) *stretch {
	own := *c
	own.generation = generation
	own.marks = append(make([]mark, 0, len(c.marks)+len(c.marks)/4+1), c.marks...)
	own.bytes = append(make([]byte, 0, roomFor(len(c.bytes))), c.bytes...)
	return &own
}

// roomFor is how much room the bytes of a stretch get.
func roomFor(length int) int {
	if length > stretchBytes {
		return length
	}
	return 1 << bits.Len(uint(max(length, 8)-1))
}

func (c *stretch) add(time int64, data []byte, digest uint64) {
	if end := len(c.bytes) + len(data); end > cap(c.bytes) {
		c.bytes = append(make([]byte, 0, roomFor(end)), c.bytes...)
	}
	c.bytes = append(c.bytes, data...)
	c.marks = append(c.marks, mark{uint32(len(c.bytes)), uint32(time - c.began)})
	c.sum += digest
}

// next is the number behind the last entry.
func (c *stretch) next() uint64 { return c.first + uint64(len(c.marks)) }

func (c *stretch) time(i int) int64 { return c.began + int64(c.marks[i].after) }

// offset is where entry i begins in the bytes.
func (c *stretch) offset(i int) int {
	if i == 0 {
		return 0
	}
	return int(c.marks[i-1].end)
}

func (c *stretch) data(i int) []byte {
	end := int(c.marks[i].end)
	return c.bytes[c.offset(i):end:end]
}

// at is the position of the stretch with an entry that is held.
func (q *Sequence) at(number uint64) int {
	return sort.Search(len(q.list), func(i int) bool { return q.list[i].first > number }) - 1
}

// each visits the entries from a number on, which is at most next, until visit wants no more. data stays as it is.
func (q *Sequence) each(number uint64, visit func(number uint64, time int64, data []byte) bool) {
	number = max(number, q.first)
	if number == q.next {
		return
	}
	for at := q.at(number); at < len(q.list); at++ {
		c := q.list[at]
		for i := int(number - c.first); i < len(c.marks); i++ {
			if !visit(number, c.time(i), c.data(i)) {
				return
			}
			number++
		}
	}
}

// lastTime is the time of the last entry held, 0 if there is none.
func (q *Sequence) lastTime() int64 {
	if q.Len() == 0 {
		return 0
	}
	last := q.list[len(q.list)-1]
	return last.time(len(last.marks) - 1)
}

// since is the number of the first entry held whose time is not before a moment, or next.
func (q *Sequence) since(time int64) uint64 {
	at := sort.Search(len(q.list), func(i int) bool { return q.list[i].began >= time })
	if at == 0 {
		return q.first
	}
	before := q.list[at-1]
	i := sort.Search(len(before.marks), func(i int) bool { return before.time(i) >= time })
	return max(before.first+uint64(i), q.first)
}

// within is the number of the first entry from which on the entries have at most so many bytes.
func (q *Sequence) within(bytes int) uint64 {
	left, number := q.bytes, q.first
	for _, c := range q.list {
		begin := c.offset(int(number - c.first))
		if left-(len(c.bytes)-begin) > bytes {
			left, number = left-(len(c.bytes)-begin), c.next()
			continue
		}
		if left <= bytes {
			return number
		}
		i := sort.Search(len(c.marks), func(i int) bool { return left-(int(c.marks[i].end)-begin) <= bytes })
		return c.first + uint64(i) + 1
	}
	return number
}

// trim lets go of the entries before a number, which is at most next. Their memory is free when their stretch is. It
// looks at no entries of stretches that go as a whole.
func (q *Sequence) trim(number uint64, s digest.Sip, generation uint64) {
	dropped := 0
	for ; dropped < len(q.list) && q.list[dropped].next() <= number; dropped++ {
		c := q.list[dropped]
		q.bytes -= len(c.bytes) - c.offset(int(max(q.first, c.first)-c.first))
		q.sum -= c.sum - q.skipped
		q.skipped = 0
		q.first = c.next()
	}
	switch {
	case dropped == 0:
	case q.generation < generation:
		q.generation, q.list = generation, slices.Clone(q.list[dropped:])
	default:
		clear(q.list[:dropped])
		q.list = q.list[dropped:]
	}
	for ; q.first < number; q.first++ {
		c := q.list[0]
		i := int(q.first - c.first)
		digest := entryDigest(s, q.first, c.time(i), c.data(i))
		q.bytes -= len(c.data(i))
		q.sum -= digest
		q.skipped += digest
	}
}

// What the storage occupies besides bytes and marks. A test compares it with the type.
const stretchHeaderBytes = 80

// memoryBytes is what the storage occupies.
func (q *Sequence) memoryBytes() int {
	bytes := allocated.Size(cap(q.list) * pointerBytes)
	for _, c := range q.list {
		bytes += allocated.Size(stretchHeaderBytes) + allocated.Size(cap(c.marks)*markBytes) + allocated.Size(cap(c.bytes))
	}
	return bytes
}

// The image of the entries is a stream: of each entry how many milliseconds it came behind the one before it, for the
// first one its time; the length; and the bytes. Numbers are uvarints. The stream is cut every MaxPartBytes.

// eachPart calls emit with the image of the entries, in parts made in buf.
func (q *Sequence) eachPart(buf []byte, emit func(part []byte) error) (err error) {
	part, before := buf[:0], int64(0)
	put := func(b []byte) bool {
		for len(b) > 0 && err == nil {
			n := min(len(b), MaxPartBytes-len(part))
			part, b = append(part, b[:n]...), b[n:]
			if len(part) == MaxPartBytes {
				err, part = emit(part), buf[:0]
			}
		}
		return err == nil
	}
	q.each(q.first, func(_ uint64, time int64, data []byte) bool {
		var head [2 * binary.MaxVarintLen64]byte
		b := binary.AppendUvarint(head[:0], uint64(time-before))
		before = time
		return put(binary.AppendUvarint(b, uint64(len(data)))) && put(data)
	})
	if err == nil && len(part) > 0 {
		err = emit(part)
	}
	return err
}

// sequenceReader makes a Sequence of the parts of its image.
type sequenceReader struct {
	q Sequence
	// left is how many entries are still to come, time that of the last one.
	left, time uint64
	// rest is the beginning of an entry that is not all here.
	rest []byte
}

// add takes the next part, and reports whether it is one. An entry has at most maxBytes.
func (r *sequenceReader) add(part []byte, maxBytes int, s digest.Sip, generation uint64) bool {
	r.rest = append(r.rest, part...)
	b := r.rest
	for len(b) > 0 {
		after, n := binary.Uvarint(b)
		length, m := binary.Uvarint(b[max(n, 0):])
		switch {
		case n < 0 || m < 0 || (n > 0 && m > 0 && length > uint64(maxBytes)):
			return false
		case n == 0 || m == 0 || length > uint64(len(b)-n-m):
			if len(b) < len(r.rest) {
				r.rest = append(r.rest[:0], b...)
			}
			return true
		case r.left == 0 || after > math.MaxInt64-r.time:
			return false
		}
		r.left--
		r.time += after
		r.q.append(int64(r.time), b[n+m:n+m+int(length)], s, generation)
		b = b[n+m+int(length):]
	}
	if r.rest = r.rest[:0]; cap(r.rest) > 4*MaxPartBytes {
		r.rest = nil
	}
	return true
}

// finish gives the sequence. ok is false if something of it is missing.
func (r *sequenceReader) finish() (q Sequence, ok bool) { return r.q, r.left == 0 && len(r.rest) == 0 }
