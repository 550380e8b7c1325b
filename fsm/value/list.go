package value

import (
	"bytes"
	"encoding/binary"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/fsm/value/rope"
	"github.com/raftredis/raftredis/internal/allocated"
)

// List is a row of strings, which changes at both ends and anywhere between them. It implements Value. A list at a key
// has an element at least; nil is the empty list.
type List struct {
	box  Box
	rope rope.Rope
	// bytes is the length of the entries of all elements, in the blocks of the rope and in a listpack of Redis.
	bytes  int
	digest uint64
	// generation is that of the newest part.
	generation uint64
}

// edited is the list of a rope that was made or changed with w, nil if that is empty.
func edited(r rope.Rope, w *rope.Edit) *List {
	if r.Len() == 0 {
		return nil
	}
	l := &List{rope: r, bytes: r.Size(), digest: r.Digest(w), generation: w.Generation}
	l.box.Value = l
	return l
}

// storage is the rope of a list, empty for nil.
func (l *List) storage() rope.Rope {
	if l == nil {
		return rope.Rope{}
	}
	return l.rope
}

// Pushed is the list with copies of elements at one end, one after the other: pushed at the front, the last one is the
// first of the list.
func (l *List) Pushed(elements [][]byte, front bool, s digest.Sip, generation uint64) *List {
	r, w := l.storage(), rope.NewEdit(s, generation)
	for _, element := range elements {
		r.Push(w, element, front)
	}
	return edited(r, w)
}

// Dropped is the list without so many elements at the front and at the back.
func (l *List) Dropped(front, back int, s digest.Sip, generation uint64) *List {
	r, w := l.storage(), rope.NewEdit(s, generation)
	r.DropFront(w, front)
	r.DropBack(w, back)
	return edited(r, w)
}

// Replaced is the list with a copy of another element at an index, which it has.
func (l *List) Replaced(index int, element []byte, s digest.Sip, generation uint64) *List {
	r, w := l.storage(), rope.NewEdit(s, generation)
	r.Replace(w, index, element)
	return edited(r, w)
}

// Inserted is the list with a copy of an element before an index, or behind all.
func (l *List) Inserted(index int, element []byte, s digest.Sip, generation uint64) *List {
	r, w := l.storage(), rope.NewEdit(s, generation)
	r.Insert(w, index, element)
	return edited(r, w)
}

// Removed is the list without what equals an element: without the first ones, or the last ones, at most so many, which
// is at least one. It says how many that are.
func (l *List) Removed(
	element []byte, limit int, fromEnd bool, s digest.Sip, generation uint64,
) (rest *List, removed int) {
	r, w := l.storage(), rope.NewEdit(s, generation)
	if removed = r.Remove(w, element, limit, fromEnd); removed == 0 {
		return l, 0
	}
	return edited(r, w), removed
}

// Len is the number of elements.
func (l *List) Len() int {
	if l == nil {
		return 0
	}
	return l.rope.Len()
}

// MaxShortElementBytes is the length of the longest element that lies with others in a block. A longer one never
// changes: a visit may keep its bytes.
const MaxShortElementBytes = rope.MaxPackedBytes

// Each visits the elements from an index on, which is 0 at least, until visit wants no more. An element is valid during
// the visit.
func (l *List) Each(from int, visit func(element []byte) bool) {
	if l == nil {
		return
	}
	l.rope.Each(from, visit)
}

// EachBack visits the elements from an index on, which is below Len, back to the first.
func (l *List) EachBack(from int, visit func(element []byte) bool) {
	if l == nil {
		return
	}
	l.rope.EachBack(from, visit)
}

// Find visits the indexes of what equals an element, among the first so many elements, until visit wants no more.
// fromEnd says that the search goes from the last element back.
func (l *List) Find(element []byte, among int, fromEnd bool, visit func(index int) bool) {
	if l == nil {
		return
	}
	l.rope.Find(element, among, fromEnd, visit)
}

// Box is where the value is held: in itself.
func (l *List) Box() *Box { return &l.box }

// Kind is KindList.
func (l *List) Kind() Kind { return KindList }

// Encoding is what OBJECT ENCODING answers.
func (l *List) Encoding(limits EncodingLimits) string {
	return ListEncoding(limits, l.Len(), func(yield func([]byte) bool) { l.Each(0, yield) })
}

// Size is the number of bytes of the elements, with what says where each ends.
func (l *List) Size() int { return l.bytes }

// listBytes is the size of a list without its storage. A test compares it with the type.
const listBytes = 64

// MemoryBytes is what the list occupies.
func (l *List) MemoryBytes() int { return allocated.Size(listBytes) + l.rope.MemoryBytes() }

// Digest is the hash of the elements in their order.
func (l *List) Digest() uint64 { return l.digest }

// Generation is that of the newest part.
func (l *List) Generation() uint64 { return l.generation }

// The image of a list is a stream of uvarints and bytes: the number of elements, and of each its length and its bytes.
// It is cut every MaxPartBytes.

// EachPart calls emit with the parts of the image, made in buf.
func (l *List) EachPart(buf []byte, emit func(part []byte) error) error {
	var number [binary.MaxVarintLen64]byte
	out := cutInto(buf, emit)
	out.put(binary.AppendUvarint(number[:0], uint64(l.Len())))
	l.Each(0, func(element []byte) bool {
		out.put(binary.AppendUvarint(number[:0], uint64(len(element))))
		return out.put(element)
	})
	return out.finish()
}

// imageParts cuts a stream of bytes into the parts of an image.
type imageParts struct {
	part []byte
	emit func(part []byte) error
	err  error
}

func cutInto(buf []byte, emit func(part []byte) error) *imageParts {
	return &imageParts{part: buf[:0], emit: emit}
}

// put adds bytes to the stream, and reports whether all is well.
func (p *imageParts) put(b []byte) bool {
	for len(b) > 0 && p.err == nil {
		n := min(len(b), MaxPartBytes-len(p.part))
		if p.part, b = append(p.part, b[:n]...), b[n:]; len(p.part) == MaxPartBytes {
			p.err, p.part = p.emit(p.part), p.part[:0]
		}
	}
	return p.err == nil
}

// finish ends the stream.
func (p *imageParts) finish() error {
	if len(p.part) > 0 && p.err == nil {
		p.err = p.emit(p.part)
	}
	return p.err
}

// listReader is the Reader of lists. The zero value awaits the first part of the first list.
type listReader struct {
	begun bool
	rope  rope.Rope
	// left is how many elements are still to come.
	left uint64
	// rest is the beginning of a number or of an element that is not all here.
	rest []byte
	// missing is how many bytes are missing of a long element, of which rest has the beginning; 0 if none is open.
	missing int
}

// Add takes the next part.
func (r *listReader) Add(part []byte, maxBytes int, s digest.Sip, generation uint64) bool {
	w := rope.NewEdit(s, generation)
	if r.missing > 0 {
		n := min(r.missing, len(part))
		r.rest, part = append(r.rest, part[:n]...), part[n:]
		if r.missing -= n; r.missing > 0 {
			return true
		}
		r.push(w, r.rest)
		r.rest = nil
	}
	b := part
	if len(r.rest) > 0 {
		r.rest = append(r.rest, part...)
		b = r.rest
	}
	b, ok := r.elements(w, b, maxBytes)
	r.rest = append(r.rest[:0], b...)
	return ok
}

// elements takes what is whole of a stream, and gives the rest.
func (r *listReader) elements(w *rope.Edit, b []byte, maxBytes int) (rest []byte, ok bool) {
	for len(b) > 0 {
		n, size := canonicalUvarint(b)
		switch {
		case size == 0:
			return b, true
		case size < 0:
			return nil, false
		case !r.begun:
			r.begun, r.left = true, n
			if b = b[size:]; n == 0 {
				return nil, false
			}
			continue
		case r.left == 0 || n > uint64(maxBytes):
			return nil, false
		case n <= uint64(len(b)-size):
			r.push(w, b[size:size+int(n)])
			b = b[size+int(n):]
		default:
			r.missing = int(n) - (len(b) - size)
			return bytes.Clone(b[size:]), true
		}
	}
	return nil, true
}

func (r *listReader) push(w *rope.Edit, element []byte) {
	r.rope.Push(w, element, false)
	r.left--
}

// canonicalUvarint reads a number that is not written longer than it is. size is 0 if it is not all here, and negative
// if it is none.
func canonicalUvarint(b []byte) (n uint64, size int) {
	if n, size = binary.Uvarint(b); size > 1 && b[size-1] == 0 {
		return 0, -size
	}
	return n, size
}

// Finish ends a list.
func (r *listReader) Finish(s digest.Sip, generation uint64) (text []byte, apart Value, ok bool) {
	if !r.begun || r.left > 0 || len(r.rest) > 0 || r.missing > 0 {
		return nil, nil, false
	}
	l := edited(r.rope, rope.NewEdit(s, generation))
	*r = listReader{}
	return nil, l, true
}
