package rdb

import (
	"encoding/binary"

	"github.com/raftredis/raftredis/internal/number"
)

// A listpack, a ziplist, an intset and a zipmap hold all elements of a small container in one string. The functions
// here visit the elements, which are valid during the call, until visit returns false. They report whether the string
// is whole, and visit wanted all of it.

// visitor sees one element after the other.
type visitor func(text []byte) bool

// manyElements stands for a number of elements that the header of a ziplist or a listpack has no room for.
const manyElements = 1<<16 - 1

// packedEnd is the last byte of each of these but the intset.
const packedEnd = 0xff

const (
	ziplistHeaderBytes  = 4 + 4 + 2
	listpackHeaderBytes = 4 + 2
	intsetHeaderBytes   = 4 + 4
)

// First bytes of an element of a ziplist, behind the length of the element before it.
const (
	ziplistShort     = 0x00 // the upper two bits of the first byte of a string
	ziplistMedium    = 0x40
	ziplistLong      = 0x80
	ziplist16        = 0xc0
	ziplist32        = 0xd0
	ziplist64        = 0xe0
	ziplist24        = 0xf0
	ziplist8         = 0xfe
	ziplistZero      = 0xf1 // 0; the next twelve are 1 to 12
	ziplistTwelve    = 0xfd
	ziplistFarBefore = 0xfe // the length of the element before follows in four bytes
)

// ziplist visits the elements of a ziplist: the number of its bytes, the offset of its last element, the number of its
// elements; then for each element the bytes of the one before, and the element.
func (r *Reader) ziplist(b []byte, visit visitor) bool {
	if len(b) < ziplistHeaderBytes+1 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) ||
		b[len(b)-1] != packedEnd {
		return false
	}
	last, count := int(binary.LittleEndian.Uint32(b[4:])), int(binary.LittleEndian.Uint16(b[8:]))
	inside := Reader{rest: b[ziplistHeaderBytes : len(b)-1]}
	begin, before, visited := ziplistHeaderBytes, 0, 0
	for !inside.Done() {
		at := len(b) - 1 - len(inside.rest)
		length, ok := inside.ziplistBefore()
		if !ok || length != uint64(before) {
			return false
		}
		text, ok := inside.ziplistElement()
		if !ok || !visit(text) {
			return false
		}
		begin, before = at, len(b)-1-len(inside.rest)-at
		visited++
	}
	return begin == last && (count == visited || count == manyElements)
}

func (r *Reader) ziplistBefore() (length uint64, ok bool) {
	first, ok := r.byte()
	if !ok || first == packedEnd {
		return 0, r.fail()
	}
	if first != ziplistFarBefore {
		return uint64(first), true
	}
	b, ok := r.bytes(4)
	if !ok {
		return 0, false
	}
	return uint64(binary.LittleEndian.Uint32(b)), true
}

func (r *Reader) ziplistElement() (text []byte, ok bool) {
	first, ok := r.byte()
	if !ok {
		return nil, false
	}
	switch first & lengthBits {
	case ziplistShort, ziplistMedium:
		n, ok := r.lengthFrom(first)
		if !ok {
			return nil, false
		}
		return r.bytes(n)
	case ziplistLong:
		b, ok := r.bytes(4)
		if !ok {
			return nil, false
		}
		return r.bytes(uint64(binary.BigEndian.Uint32(b)))
	}
	switch first {
	case ziplist8:
		return r.smallInteger(1)
	case ziplist16:
		return r.smallInteger(2)
	case ziplist24:
		return r.smallInteger(3)
	case ziplist32:
		return r.smallInteger(4)
	case ziplist64:
		return r.smallInteger(8)
	}
	if first < ziplistZero || first > ziplistTwelve {
		return nil, r.fail()
	}
	return r.integer(int64(first - ziplistZero)), true
}

// smallInteger takes a little-endian integer of so many bytes, and gives its text.
func (r *Reader) smallInteger(bytes int) (text []byte, ok bool) {
	b, ok := r.bytes(uint64(bytes))
	if !ok {
		return nil, false
	}
	return r.integer(signed(b)), true
}

// signed is a little-endian integer of one to eight bytes.
func signed(b []byte) int64 {
	var whole [8]byte
	copy(whole[8-len(b):], b)
	return int64(binary.LittleEndian.Uint64(whole[:])) >> (64 - 8*len(b))
}

// First bytes of an element of a listpack.
const (
	listpackShort  = 0x80 // the upper two bits; the rest is the length of a string
	listpackInt13  = 0xc0 // the upper three bits; the rest, and a byte more, are an integer
	listpackMedium = 0xe0 // the upper four bits; the rest, and a byte more, are the length of a string
	listpackLong   = 0xf0
	listpack16     = 0xf1
	listpack24     = 0xf2
	listpack32     = 0xf3
	listpack64     = 0xf4
)

// listpack visits the elements of a listpack.
func (r *Reader) listpack(b []byte, visit visitor) bool {
	inside, ok := openListpack(b)
	for ok && !inside.Done() {
		var text []byte
		if text, ok = inside.next(); ok {
			ok = visit(text)
		}
	}
	return ok && inside.whole()
}

// listpack is a listpack that is read: the number of its bytes, that of its elements; then each element, and its bytes
// in a form that is read from behind.
type listpack struct {
	Reader
	count, visited int
}

// openListpack begins to read a listpack.
func openListpack(b []byte) (l listpack, ok bool) {
	if len(b) < listpackHeaderBytes+1 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) ||
		b[len(b)-1] != packedEnd {
		return listpack{}, false
	}
	l.rest, l.count = b[listpackHeaderBytes:len(b)-1], int(binary.LittleEndian.Uint16(b[4:]))
	return l, true
}

// next takes the next element.
func (l *listpack) next() (text []byte, ok bool) {
	before := len(l.rest)
	if text, ok = l.listpackElement(); !ok || !l.listpackBefore(before-len(l.rest)) {
		return nil, false
	}
	l.visited++
	return text, true
}

// nextInteger takes the next element, which is an integer.
func (l *listpack) nextInteger() (n int64, ok bool) {
	text, ok := l.next()
	if !ok {
		return 0, false
	}
	return number.Parse(text)
}

// whole reports whether it had as many elements as it says.
func (l *listpack) whole() bool { return l.Done() && (l.count == l.visited || l.count == manyElements) }

func (r *Reader) listpackElement() (text []byte, ok bool) {
	first, ok := r.byte()
	if !ok {
		return nil, false
	}
	switch {
	case first < listpackShort:
		return r.integer(int64(first)), true
	case first < listpackInt13:
		return r.bytes(uint64(first &^ listpackShort))
	case first < listpackMedium:
		second, ok := r.byte()
		return r.integer(int64(first&0x1f^0x10)<<8 - 0x10<<8 + int64(second)), ok
	case first < listpackLong:
		second, ok := r.byte()
		if !ok {
			return nil, false
		}
		return r.bytes(uint64(first&0x0f)<<8 | uint64(second))
	}
	switch first {
	case listpackLong:
		b, ok := r.bytes(4)
		if !ok {
			return nil, false
		}
		return r.bytes(uint64(binary.LittleEndian.Uint32(b)))
	case listpack16:
		return r.smallInteger(2)
	case listpack24:
		return r.smallInteger(3)
	case listpack32:
		return r.smallInteger(4)
	case listpack64:
		return r.smallInteger(8)
	}
	return nil, r.fail()
}

// listpackBefore takes what stands behind an element of so many bytes.
func (r *Reader) listpackBefore(length int) bool {
	var made [maxBeforeBytes]byte
	want := appendBefore(made[:0], length)
	got, ok := r.bytes(uint64(len(want)))
	return ok && string(got) == string(want)
}

// maxBeforeBytes is the most that stands behind an element of a listpack.
const maxBeforeBytes = 5

// appendBefore appends what stands behind an element of so many bytes: seven bits a byte, the highest first. All but
// the first have their highest bit set.
func appendBefore(dst []byte, length int) []byte {
	bytes := 1
	for bytes < maxBeforeBytes && length >= beforeEnd(bytes) {
		bytes++
	}
	for i := bytes - 1; i >= 0; i-- {
		part := byte(length>>(7*i)) & 0x7f
		if i < bytes-1 {
			part |= 0x80
		}
		dst = append(dst, part)
	}
	return dst
}

// beforeEnd is the first length that has no room in so many bytes. But for one byte, Redis leaves the highest unused.
func beforeEnd(bytes int) int {
	if bytes == 1 {
		return 1 << 7
	}
	return 1<<(7*bytes) - 1
}

// intset visits the members of an intset: the bytes of each, how many there are, and then each, in ascending order.
func (r *Reader) intset(b []byte, visit visitor) bool {
	if len(b) < intsetHeaderBytes {
		return false
	}
	width, count := uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:]))
	members := b[intsetHeaderBytes:]
	if width != 2 && width != 4 && width != 8 || uint64(len(members)) != width*count {
		return false
	}
	var before int64
	for i := uint64(0); i < count; i++ {
		n := signed(members[i*width : (i+1)*width])
		if i > 0 && n <= before || !visit(r.integer(n)) {
			return false
		}
		before = n
	}
	return true
}

// zipmapLong says that a length follows in four bytes.
const zipmapLong = 254

// zipmap visits the fields and values of a zipmap: how many fields there are, and then each with its length before it;
// behind the length of a value, how many bytes behind the value are not used.
func (r *Reader) zipmap(b []byte, visit visitor) bool {
	if len(b) < 2 || b[len(b)-1] != packedEnd {
		return false
	}
	count, visited := int(b[0]), 0
	inside := Reader{rest: b[1 : len(b)-1]}
	for !inside.Done() {
		field, ok := inside.zipmapText(false)
		if !ok || !visit(field) {
			return false
		}
		value, ok := inside.zipmapText(true)
		if !ok || !visit(value) {
			return false
		}
		visited++
	}
	return count == visited || count >= zipmapLong
}

func (r *Reader) zipmapText(isValue bool) (text []byte, ok bool) {
	first, ok := r.byte()
	if !ok || first == packedEnd {
		return nil, r.fail()
	}
	length := uint64(first)
	if first == zipmapLong {
		b, ok := r.bytes(4)
		if !ok {
			return nil, false
		}
		length = uint64(binary.LittleEndian.Uint32(b))
	}
	unused := byte(0)
	if isValue {
		if unused, ok = r.byte(); !ok {
			return nil, false
		}
	}
	if text, ok = r.bytes(length); !ok {
		return nil, false
	}
	_, ok = r.bytes(uint64(unused))
	return text, ok
}
