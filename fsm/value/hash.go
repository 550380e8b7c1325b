package value

import (
	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/allocated"
)

// Hash is a hash: fields, each with a value. It has at least one. It implements Value.
type Hash struct {
	box    Box
	fields table
}

// newHash gives fields their header, nil if there are none.
func newHash(fields table) *Hash {
	if fields.Len() == 0 {
		return nil
	}
	h := &Hash{fields: fields}
	h.box.Value = h
	return h
}

// Len is the number of fields.
func (h *Hash) Len() int { return h.fields.Len() }

// Get looks for the value of a field.
func (h *Hash) Get(field []byte) (v Item, found bool) { return h.fields.find(withItems, field) }

// At is the field with a number, below Len, in the order of Position.
func (h *Hash) At(number int) (field, v Item) { return h.fields.at(withItems, number) }

// Each visits all fields in the order of Position, until visit wants no more.
func (h *Hash) Each(visit func(field, v Item) bool) { h.fields.each(withItems, visit) }

// Scan visits the fields from a position on, in order, until visit wants no more. A small hash has all at position 0.
func (h *Hash) Scan(from Position, visit func(at Position, field, v Item) bool) {
	h.fields.scan(withItems, from, visit)
}

// HashEdit is a hash while a command writes it. The zero value is of no use: see Edit.
type HashEdit struct{ fields tableEdit }

// Edit begins to write the hash, or an empty one if it is nil. state is a fresh one of the hash of values, generation
// the present one. h is not used any more once a field was written, but for its Digest and Size.
func (h *Hash) Edit(state digest.Sip, generation uint64) HashEdit {
	var fields table
	if h != nil {
		fields = h.fields
	}
	return HashEdit{edit(fields, making{withItems, state, generation})}
}

// Set gives a field a copy of a value, and reports whether the field was there.
func (e *HashEdit) Set(field, v []byte) (existed bool) {
	return e.fields.put(field, newForm(v, e.fields.state))
}

// Get looks for the value of a field. It is valid until the next change.
func (e *HashEdit) Get(field []byte) (v Item, found bool) { return e.fields.find(withItems, field) }

// Remove removes a field, and reports whether it was there.
func (e *HashEdit) Remove(field []byte) (existed bool) { return e.fields.remove(field) }

// Len is the number of fields.
func (e *HashEdit) Len() int { return e.fields.Len() }

// Hash is what was written, nil if no field is left. The edit is not used any more.
func (e *HashEdit) Hash() *Hash { return newHash(e.fields.table) }

// Box is where the value is held: in itself.
func (h *Hash) Box() *Box { return &h.box }

// Kind is KindHash.
func (h *Hash) Kind() Kind { return KindHash }

// Encoding is what OBJECT ENCODING answers.
func (h *Hash) Encoding(limits EncodingLimits) string {
	if h.fields.fitsListpack(withItems, limits.Hash) {
		return "listpack"
	}
	return "hashtable"
}

// Size is about the number of bytes of the fields and their values.
func (h *Hash) Size() int { return h.fields.bytes() }

// MemoryBytes is what the hash occupies.
func (h *Hash) MemoryBytes() int { return allocated.Size(containerBytes) + h.fields.memoryBytes() }

// Digest is the digest of the fields with their values.
func (h *Hash) Digest() uint64 { return h.fields.digest() }

// Generation is that of the newest part.
func (h *Hash) Generation() uint64 { return h.fields.newest() }

// EachPart calls emit with the parts of the image: see table.
func (h *Hash) EachPart(buf []byte, emit func(part []byte) error) error {
	return h.fields.eachPart(withItems, buf, emit)
}

// hashReader is the Reader of hashes.
type hashReader struct{ fields tableReader }

func newHashReader() Reader { return &hashReader{tableReader{shape: withItems}} }

// Add takes the next part.
func (r *hashReader) Add(part []byte, maxBytes int, state digest.Sip, generation uint64) bool {
	return r.fields.add(part, maxBytes, state, generation)
}

// Finish ends a hash.
func (r *hashReader) Finish(digest.Sip, uint64) (text []byte, apart Value, ok bool) {
	fields, ok := r.fields.finish()
	if !ok {
		return nil, nil, false
	}
	return nil, newHash(fields), true
}

// containerBytes is the size of a hash or a set without its elements. A test compares it with the types.
const containerBytes = 48

// fitsListpack reports whether Redis keeps a table within limits as a listpack.
func (t *table) fitsListpack(h shape, limits ListpackLimits) bool {
	return limits.Allow(t.Len(), func(yield func(int) bool) {
		t.each(h, func(key, kept Item) bool {
			return yield(key.Len()) && (h != withItems || yield(kept.Len()))
		})
	})
}
