package value

import (
	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/allocated"
)

// container is what a hash and a set have in common: elements in a table, at least one.
type container struct {
	box      Box
	elements table
}

// containerBytes is the size of a hash or a set without its elements. A test compares it with the types.
const containerBytes = 48

// Len is the number of elements.
func (c *container) Len() int { return c.elements.Len() }

// Box is where the value is held: in itself.
func (c *container) Box() *Box { return &c.box }

// Size is about the number of bytes of the elements.
func (c *container) Size() int { return c.elements.bytes() }

// MemoryBytes is what the value occupies.
func (c *container) MemoryBytes() int {
	return allocated.Size(containerBytes) + c.elements.memoryBytes()
}

// Digest is the digest of the elements.
func (c *container) Digest() uint64 { return c.elements.digest() }

// Generation is that of the newest part.
func (c *container) Generation() uint64 { return c.elements.newest() }

// containerReader is the Reader of hashes and sets.
type containerReader struct {
	elements tableReader
	// of makes a value of elements.
	of func(elements table) Value
}

// Add takes the next part.
func (r *containerReader) Add(part []byte, maxBytes int, state digest.Sip, generation uint64) bool {
	return r.elements.add(part, maxBytes, state, generation)
}

// Finish ends a value.
func (r *containerReader) Finish(digest.Sip, uint64) (text []byte, apart Value, ok bool) {
	elements, ok := r.elements.finish()
	if !ok {
		return nil, nil, false
	}
	return nil, r.of(elements), true
}

// fitsListpack reports whether Redis keeps a table within limits as a listpack.
func (t *table) fitsListpack(h shape, limits ListpackLimits) bool {
	return limits.Allow(t.Len(), func(yield func(int) bool) {
		t.each(h, func(key, kept Item) bool {
			return yield(key.Len()) && (h != withItems || yield(kept.Len()))
		})
	})
}
