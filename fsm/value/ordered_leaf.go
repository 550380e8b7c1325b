package value

import (
	"encoding/binary"

	"github.com/raftredis/raftredis/internal/allocated"
)

// orderedLeaf packs elements into a block. An element is its score, big-endian; the length of its member + 1 as a
// uvarint; and the member. A long member lies in long, in the order of the elements, and its length is written as 0.
type orderedLeaf struct {
	generation uint64
	count      int
	block      []byte
	long       [][]byte
}

// packedScoreBytes is the length of a score in a block.
const packedScoreBytes = 8

// leafCursor walks through the elements of a leaf. size is how long the present one is in the block.
type leafCursor struct {
	rest []byte
	long [][]byte
	key  scoredKey
	size int
}

func (l *orderedLeaf) cursor() leafCursor { return leafCursor{rest: l.block, long: l.long} }

// next moves to the next element, the first one at first, and reports whether there is one.
func (c *leafCursor) next() bool {
	if c.rest = c.rest[c.size:]; len(c.rest) == 0 {
		return false
	}
	c.key.score = binary.BigEndian.Uint64(c.rest)
	length, head := uint64(c.rest[packedScoreBytes]), packedScoreBytes+1
	if length >= 0x80 {
		var n int
		length, n = binary.Uvarint(c.rest[packedScoreBytes:])
		head = packedScoreBytes + n
	}
	if length == 0 {
		c.key.member, c.long, c.size = c.long[0], c.long[1:], head
		return true
	}
	c.size = head + int(length) - 1
	c.key.member = c.rest[head:c.size:c.size]
	return true
}

// leafSpot is where an element is in a leaf, or belongs: its number, its offset in the block, and how many long members
// are before it.
type leafSpot struct{ index, offset, long int }

// find is the spot of the first element that is not before another one, and reports whether it is equal.
func (l *orderedLeaf) find(e scoredKey) (at leafSpot, found bool) {
	c := l.cursor()
	for c.next() {
		if !c.key.before(e) {
			at.long = l.longBefore(&c)
			return at, !e.before(c.key)
		}
		at.index, at.offset = at.index+1, at.offset+c.size
	}
	at.long = len(l.long)
	return at, false
}

// longBefore is the number of long members before the element at which a cursor is.
func (l *orderedLeaf) longBefore(c *leafCursor) int {
	count := len(l.long) - len(c.long)
	if len(c.key.member) >= longMemberBytes {
		count--
	}
	return count
}

// first is the first element, of which there is one.
func (l *orderedLeaf) first() scoredKey {
	c := l.cursor()
	c.next()
	return c.key
}

// own is the leaf, or a copy that this generation may change.
func (l *orderedLeaf) own(generation uint64) *orderedLeaf {
	if l.generation == generation {
		return l
	}
	own := &orderedLeaf{generation: generation, count: l.count, block: packed(l.block, 0)}
	if len(l.long) > 0 {
		own.long = append([][]byte(nil), l.long...)
	}
	return own
}

// packed is a copy of a block with a little room behind so many bytes more.
func packed(block []byte, more int) []byte {
	length := len(block) + more
	return append(make([]byte, 0, allocated.Size(length+length/16)), block...)
}

func (l *orderedLeaf) insert(at leafSpot, e scoredKey) {
	var head [packedScoreBytes + binary.MaxVarintLen64]byte
	element, member := binary.BigEndian.AppendUint64(head[:0], e.score), e.member
	if len(member) >= longMemberBytes {
		l.long = append(l.long, nil)
		copy(l.long[at.long+1:], l.long[at.long:])
		l.long[at.long] = member
		element, member = append(element, 0), nil
	} else {
		element = binary.AppendUvarint(element, uint64(len(member))+1)
	}
	size := len(element) + len(member)
	if len(l.block)+size > cap(l.block) {
		l.block = packed(l.block, size)
	}
	l.block = l.block[:len(l.block)+size]
	copy(l.block[at.offset+size:], l.block[at.offset:])
	copy(l.block[at.offset:], element)
	copy(l.block[at.offset+len(element):], member)
	l.count++
}

func (l *orderedLeaf) remove(at leafSpot) {
	c := leafCursor{rest: l.block[at.offset:], long: l.long[at.long:]}
	c.next()
	if len(c.key.member) >= longMemberBytes {
		l.long = append(l.long[:at.long:at.long], l.long[at.long+1:]...)
	}
	l.block = append(l.block[:at.offset], l.block[at.offset+c.size:]...)
	if l.count--; cap(l.block) > 2*len(l.block)+64 {
		l.block = packed(l.block, 0)
	}
}

// divide cuts the leaf in two, and gives the right part. added is the number of the element that came in: where they
// come at an end, in order, the other part stays full.
func (l *orderedLeaf) divide(added int) *orderedLeaf {
	cut := leafSpot{}
	for c := l.cursor(); c.next(); {
		enough := cut.offset >= len(l.block)/2
		switch {
		case added == l.count-1:
			enough = cut.index == added
		case added == 0:
			enough = cut.index == 1
		}
		if cut.index > 0 && (enough || cut.index == l.count-1) {
			cut.long = l.longBefore(&c)
			break
		}
		cut.index, cut.offset = cut.index+1, cut.offset+c.size
	}
	right := &orderedLeaf{
		generation: l.generation, count: l.count - cut.index, block: packed(l.block[cut.offset:], 0),
	}
	if cut.long < len(l.long) {
		right.long = append([][]byte(nil), l.long[cut.long:]...)
		l.long = append([][]byte(nil), l.long[:cut.long]...)
	}
	l.count, l.block = cut.index, l.block[:cut.offset]
	if cap(l.block) > cut.offset+cut.offset/4 {
		l.block = packed(l.block, 0)
	}
	return right
}

// append takes in the elements of the leaf behind.
func (l *orderedLeaf) append(next *orderedLeaf) {
	if len(l.block)+len(next.block) > cap(l.block) {
		l.block = packed(l.block, len(next.block))
	}
	l.block = append(l.block, next.block...)
	l.long = append(l.long, next.long...)
	l.count += next.count
}
