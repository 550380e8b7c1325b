package value

import "github.com/raftredis/raftredis/fsm/value/digest"

// Hash is a hash: fields, each with a value. It has at least one. It implements Value.
type Hash struct{ container }

// newHash gives fields their header, nil if there are none.
func newHash(fields table) *Hash {
	if fields.Len() == 0 {
		return nil
	}
	h := &Hash{container{elements: fields}}
	h.box.Value = h
	return h
}

// Get looks for the value of a field.
func (h *Hash) Get(field []byte) (v Item, found bool) { return h.elements.find(withItems, field) }

// At is the field with a number, below Len, in the order of the hash.
func (h *Hash) At(number int) (field, v Item) { return h.elements.at(withItems, number) }

// Each visits all fields in the order of the hash, until visit wants no more.
func (h *Hash) Each(visit func(field, v Item) bool) { h.elements.each(withItems, visit) }

// Scan visits the fields from a position on, in order, until visit wants no more. A hash with an order of its own has
// all at position 0.
func (h *Hash) Scan(from Position, visit func(at Position, field, v Item) bool) {
	h.elements.scan(withItems, from, visit)
}

// HashEdit is a hash while a command writes it. The zero value is of no use: see Edit.
type HashEdit struct{ fields tableEdit }

// Edit begins to write the hash, or an empty one if it is nil. state is a fresh one of the hash of values, generation
// the present one. h is not used any more once a field was written, but for its Digest and Size.
func (h *Hash) Edit(state digest.Sip, generation uint64) HashEdit {
	var fields table
	if h != nil {
		fields = h.elements
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
func (e *HashEdit) Hash() *Hash { return newHash(e.fields.written()) }

// Kind is KindHash.
func (h *Hash) Kind() Kind { return KindHash }

// Encoding is what OBJECT ENCODING answers.
func (h *Hash) Encoding(limits EncodingLimits) string {
	if h.elements.fitsListpack(withItems, limits.Hash) {
		return "listpack"
	}
	return "hashtable"
}

// EachPart calls emit with the parts of the image: see table.
func (h *Hash) EachPart(buf []byte, emit func(part []byte) error) error {
	return h.elements.eachPart(withItems, buf, emit)
}

func newHashReader() Reader {
	return &containerReader{tableReader{shape: withItems}, func(fields table) Value { return newHash(fields) }}
}
