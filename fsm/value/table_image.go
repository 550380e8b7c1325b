package value

import (
	"encoding/binary"
	"math"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/number"
)

// The image of a hash or a set begins with a part that is a uvarint: four times the number of its entries, at least
// one, plus the number of its arrangement. The entries follow as a stream, in their order, cut every MaxPartBytes. An
// entry is its key, and behind it what the table keeps for the key: nothing, or an item. An item is a uvarint, 2z+1
// for the integer with the zigzag form z or 2n for another string of n bytes, which follow.

// arrangementBits is how many bits the number of an arrangement takes.
const arrangementBits = 2

// partWriter cuts a stream into parts.
type partWriter struct {
	part []byte
	emit func(part []byte) error
	err  error
}

// write appends b to the stream, and reports whether it goes on.
func (w *partWriter) write(b []byte) bool {
	for len(b) > 0 && w.err == nil {
		n := min(len(b), MaxPartBytes-len(w.part))
		w.part, b = append(w.part, b[:n]...), b[n:]
		if len(w.part) == MaxPartBytes {
			w.err, w.part = w.emit(w.part), w.part[:0]
		}
	}
	return w.err == nil
}

// finish ends the stream.
func (w *partWriter) finish() error {
	if w.err == nil && len(w.part) > 0 {
		w.err = w.emit(w.part)
	}
	return w.err
}

// item writes an item without the hash of a long one.
func (w *partWriter) item(i Item) bool {
	head, n := binary.Uvarint(i.form)
	if head&1 == 0 && head>>1 > maxShortBytes {
		return w.write(i.form[:n]) && w.write(i.form[n+itemHashBytes:])
	}
	return w.write(i.form)
}

// eachPart calls emit with the parts of the image, made in buf.
func (t *table) eachPart(h shape, buf []byte, emit func(part []byte) error) error {
	head := uint64(t.Len())<<arrangementBits | uint64(t.arrangement())
	if err := emit(binary.AppendUvarint(buf[:0], head)); err != nil {
		return err
	}
	w := partWriter{part: buf[:0], emit: emit}
	t.each(h, func(key, kept Item) bool {
		return w.item(key) && (h != withItems || w.item(kept))
	})
	return w.finish()
}

// tableReader makes tables of the parts of their images, one after the other.
type tableReader struct {
	shape       shape
	begun       bool
	arrangement arrangement
	// left is how many entries are still to come.
	left uint64
	made tableBuilder
	// highest is the last key of a table that ascends.
	highest int64
	// rest is the beginning of an entry that is not all here.
	rest []byte
}

// add takes the next part, and reports whether it is one. An item has at most maxBytes.
func (r *tableReader) add(part []byte, maxBytes int, s digest.Sip, generation uint64) bool {
	if !r.begun {
		return r.begin(part, s, generation)
	}
	r.rest = append(r.rest, part...)
	b := r.rest
	for len(b) > 0 {
		n, ok := r.entry(b, maxBytes)
		if !ok {
			return false
		}
		if n == 0 {
			break
		}
		b = b[n:]
	}
	if len(b) < len(r.rest) {
		r.rest = append(r.rest[:0], b...)
	}
	if cap(r.rest) > 4*MaxPartBytes && len(r.rest) == 0 {
		r.rest = nil
	}
	return true
}

// begin takes the first part.
func (r *tableReader) begin(part []byte, s digest.Sip, generation uint64) bool {
	head, n := binary.Uvarint(part)
	r.begun, r.left, r.arrangement = true, head>>arrangementBits, arrangement(head&(1<<arrangementBits-1))
	if n != len(part) || !isShortest(part[:n]) || r.left == 0 || r.left > math.MaxUint32 {
		return false
	}
	r.made.begin(making{r.shape, s, generation}, r.arrangement)
	switch r.arrangement {
	case inserted:
		return r.left <= MaxOrderedEntries
	case ascending:
		r.highest = math.MinInt64
		return r.left <= MaxOrderedEntries && r.shape == keysOnly
	case byHash:
		return true
	}
	return false
}

// isShortest reports whether a uvarint is not spelled longer than it is.
func isShortest(b []byte) bool { return len(b) == 1 || len(b) > 1 && b[len(b)-1] != 0 }

// entry takes the entry at the beginning of b, and says how long it is: 0 if it is not all here.
func (r *tableReader) entry(b []byte, maxBytes int) (length int, ok bool) {
	key, n, ok := r.item(b, maxBytes)
	if !ok || n == 0 {
		return 0, ok
	}
	var kept form
	m := 0
	if r.shape == withItems {
		if kept, m, ok = r.item(b[n:], maxBytes); !ok || m == 0 {
			return 0, ok
		}
	}
	if r.left == 0 {
		return 0, false
	}
	r.left--
	return n + m, r.append(&key, &kept)
}

// item reads an item as images have it, and says how long it is: 0 if it is not all here. It hashes nothing, for it may
// read a long key again with each part of a long value.
func (r *tableReader) item(b []byte, maxBytes int) (f form, length int, ok bool) {
	head, n := binary.Uvarint(b)
	switch size := head >> 1; {
	case n == 0:
		return f, 0, true
	case n < 0 || !isShortest(b[:n]):
		return f, 0, false
	case head&1 == 1:
		f.headBytes = uint8(copy(f.head[:], b[:n]))
		f.length = f.headBytes
		return f, n, true
	case size > uint64(maxBytes):
		return f, 0, false
	case size > uint64(len(b)-n):
		return f, 0, true
	default:
		length = n + int(size)
	}
	text := b[n:length]
	if i, isInteger := number.Parse(text); isInteger && isPackedInteger(i) {
		return f, 0, false
	}
	return wantedForm(text), length, true
}

// append appends an entry. It reports false if that is there already, not behind the last one, or too much for a table
// with an order of its own.
func (r *tableReader) append(key, kept *form) bool {
	key.complete(r.made.edit.state)
	kept.complete(r.made.edit.state)
	hash := key.hash(r.made.edit.state)
	switch r.arrangement {
	case byHash:
		return r.made.add(key, kept, hash)
	case ascending:
		n, isInteger := key.integer()
		if !isInteger || r.made.count > 0 && n <= r.highest {
			return false
		}
		r.highest = n
	case inserted:
		if r.made.has(key, hash) {
			return false
		}
	}
	r.made.append(key, kept, hash)
	return r.made.isOrdered()
}

// finish gives the table. ok is false if something of it is missing, or if it would have an order of its own.
func (r *tableReader) finish() (t table, ok bool) {
	ok = r.begun && r.left == 0 && len(r.rest) == 0
	t = r.made.finish()
	ok = ok && (r.arrangement != byHash || !mustBeOrdered(t.Len(), t.bytes()))
	*r = tableReader{shape: r.shape, made: tableBuilder{pending: r.made.pending[:0]}, rest: r.rest[:0]}
	return t, ok
}
