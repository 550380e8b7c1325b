package value

import (
	"encoding/binary"
	"math"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// The image of a sorted set is a stream of its elements, in order: the bits of the score, u64; the length of the
// member, uvarint; and the member. The stream is cut every MaxPartBytes.

// EachPart calls emit with the parts of the image, made in buf.
func (z *SortedSet) EachPart(buf []byte, emit func(part []byte) error) error {
	w := partWriter{part: buf[:0], emit: emit}
	z.Each(0, func(member []byte, score float64) bool {
		var head [packedScoreBytes + binary.MaxVarintLen64]byte
		b := binary.LittleEndian.AppendUint64(head[:0], math.Float64bits(score))
		return w.write(binary.AppendUvarint(b, uint64(len(member)))) && w.write(member)
	})
	return w.finish()
}

// sortedSetReader is the Reader of sorted sets. The zero value awaits the first part of the first set.
type sortedSetReader struct {
	// set is nil before the first part.
	set *SortedSetEdit
	// last is the last element read.
	last scoredKey
	// rest is the beginning of an element that is not all here.
	rest []byte
}

// Add takes the next part. Elements are in order, no member comes twice, and each has one spelling.
func (r *sortedSetReader) Add(part []byte, maxBytes int, s digest.Sip, generation uint64) bool {
	if r.set == nil {
		var none *SortedSet
		fresh := none.Edit(s, generation)
		r.set = &fresh
	}
	r.rest = append(r.rest, part...)
	b := r.rest
	for len(b) > packedScoreBytes {
		score := math.Float64frombits(binary.LittleEndian.Uint64(b))
		length, n := binary.Uvarint(b[packedScoreBytes:])
		head := packedScoreBytes + n
		switch {
		case n < 0 || n > 0 && length > uint64(maxBytes):
			return false
		case n == 0 || length > uint64(len(b)-head):
			r.keep(b)
			return true
		case n > 1 && b[head-1] == 0: // a shorter spelling is the same length
			return false
		case !r.take(score, b[head:head+int(length)]):
			return false
		}
		b = b[head+int(length):]
	}
	r.keep(b)
	return true
}

// keep keeps the beginning of an element. A long one comes in thousands of parts: it stays where it is with each.
func (r *sortedSetReader) keep(b []byte) {
	switch {
	case len(b) == len(r.rest):
	case cap(r.rest) > 4*MaxPartBytes && len(b) < MaxPartBytes:
		r.rest = append([]byte(nil), b...)
	default:
		r.rest = append(r.rest[:0], b...)
	}
}

// take takes an element, and reports whether it is one that may follow.
func (r *sortedSetReader) take(score float64, member []byte) bool {
	element := scoredKey{rankOf(score), member}
	if math.IsNaN(score) || math.Float64bits(scoreOf(element.score)) != math.Float64bits(score) {
		return false
	}
	if r.set.Len() > 0 && !r.last.before(element) {
		return false
	}
	if _, known := r.set.set.find(member); known {
		return false
	}
	r.set.Put(member, score)
	r.last.score, r.last.member = element.score, append(r.last.member[:0], member...)
	return true
}

// Finish ends a set.
func (r *sortedSetReader) Finish(digest.Sip, uint64) (text []byte, apart Value, ok bool) {
	if r.set == nil || len(r.rest) > 0 {
		return nil, nil, false
	}
	done := r.set.Set()
	*r = sortedSetReader{}
	return nil, done, done != nil
}
