package value

import (
	"encoding/binary"
	"math"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/number"
)

// The image of a table begins with a part that is the number of its entries as a uvarint, at least one. The entries
// follow as a stream, in their order, cut every MaxPartBytes. An entry is its key, and behind it what the table keeps
// for the key: nothing, an item, or eight bytes. An item is a uvarint, 2z+1 for the integer with the zigzag form z or
// 2n for another string of n bytes, which follow.

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
	if err := emit(binary.AppendUvarint(buf[:0], uint64(t.Len()))); err != nil {
		return err
	}
	w := partWriter{part: buf[:0], emit: emit}
	t.each(h, func(key, kept Item) bool {
		switch h {
		case withItems:
			return w.item(key) && w.item(kept)
		case withWords:
			return w.item(key) && w.write(kept.form)
		}
		return w.item(key)
	})
	return w.finish()
}

// tableReader makes tables of the parts of their images, one after the other.
type tableReader struct {
	shape shape
	begun bool
	// left is how many entries are still to come.
	left uint64
	made tableBuilder
	// rest is the beginning of an entry that is not all here.
	rest []byte
}

// add takes the next part, and reports whether it is one. An item has at most maxBytes.
func (r *tableReader) add(part []byte, maxBytes int, s digest.Sip, generation uint64) bool {
	if !r.begun {
		count, n := binary.Uvarint(part)
		r.begun, r.left = true, count
		r.made.begin(making{r.shape, s, generation})
		return n == len(part) && isShortest(part[:n]) && 0 < count && count <= math.MaxUint32
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
	switch r.shape {
	case withItems:
		if kept, m, ok = r.item(b[n:], maxBytes); !ok || m == 0 {
			return 0, ok
		}
	case withWords:
		if m = wordBytes; len(b)-n < m {
			return 0, true
		}
		kept = wordForm(binary.LittleEndian.Uint64(b[n:]))
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

// append appends an entry. It reports false if that is not behind the last one.
func (r *tableReader) append(key, kept *form) bool {
	key.complete(r.made.edit.state)
	kept.complete(r.made.edit.state)
	return r.made.add(key, kept, key.hash(r.made.edit.state))
}

// finish gives the table. ok is false if something of it is missing.
func (r *tableReader) finish() (t table, ok bool) {
	ok = r.begun && r.left == 0 && len(r.rest) == 0
	t = r.made.finish()
	*r = tableReader{shape: r.shape, made: tableBuilder{pending: r.made.pending[:0]}, rest: r.rest[:0]}
	return t, ok
}
