package rdb

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Type is the first byte of an object: the type of the value, and how it is written.
type Type byte

// The types. Those of modules are not read.
const (
	String               Type = 0
	List                 Type = 1
	Set                  Type = 2
	SortedSetText        Type = 3 // scores are decimals
	Hash                 Type = 4
	SortedSet            Type = 5
	HashZipmap           Type = 9
	ListZiplist          Type = 10
	SetIntset            Type = 11
	SortedSetZiplist     Type = 12
	HashZiplist          Type = 13
	ListQuicklist        Type = 14 // of ziplists
	StreamListpacks      Type = 15
	HashListpack         Type = 16
	SortedSetListpack    Type = 17
	ListQuicklistPacked  Type = 18 // of listpacks and long elements
	StreamListpacksNewer Type = 19
	SetListpack          Type = 20
	StreamListpacksLast  Type = 21
)

// Kind is the type of a value, however it is written.
type Kind byte

// The kinds.
const (
	NoKind Kind = iota
	StringKind
	ListKind
	SetKind
	SortedSetKind
	HashKind
	StreamKind
)

// Kind is the type of the values that are written so, NoKind for an unknown type.
func (t Type) Kind() Kind {
	switch t {
	case String:
		return StringKind
	case List, ListZiplist, ListQuicklist, ListQuicklistPacked:
		return ListKind
	case Set, SetIntset, SetListpack:
		return SetKind
	case SortedSet, SortedSetText, SortedSetZiplist, SortedSetListpack:
		return SortedSetKind
	case Hash, HashZipmap, HashZiplist, HashListpack:
		return HashKind
	case StreamListpacks, StreamListpacksNewer, StreamListpacksLast:
		return StreamKind
	}
	return NoKind
}

// The first two bits of a length say how it goes on.
const (
	lengthBits   = 0xc0
	shortLength  = 0x00
	mediumLength = 0x40
	length32     = 0x80
	length64     = 0x81
	// specialLength is no length: the string is an integer, or compressed.
	specialLength = 0xc0
	special8      = 0xc0
	special16     = 0xc1
	special32     = 0xc2
	specialLZF    = 0xc3
)

// Reader reads an object. After something that could not be read, it reads nothing more.
type Reader struct {
	rest []byte
	// unpack is how many bytes may still be made of compressed ones, elements how many elements may still be read.
	unpack, elements int
	// digits is the text of an integer.
	digits []byte
}

// maxMoreElements is how many elements an object has at most beyond its bytes. Of an element, an object has a byte at
// least, but where it is compressed: there some kilobytes may stand for a million of them, each of which takes as long
// as one that a command brings.
const maxMoreElements = 1 << 24

// NewReader reads an object, which Unseal gave, and may unpack so many bytes in all.
func NewReader(object []byte, maxUnpacked int) *Reader {
	return &Reader{rest: object, unpack: maxUnpacked, elements: len(object) + maxMoreElements}
}

// counts reports whether some elements more may be read.
func (r *Reader) counts(elements int) bool {
	r.elements -= elements
	return r.elements >= 0
}

// Done reports whether all was read.
func (r *Reader) Done() bool { return len(r.rest) == 0 }

// fail ends the reading.
func (r *Reader) fail() bool {
	r.rest = nil
	return false
}

// bytes takes so many bytes.
func (r *Reader) bytes(count uint64) (b []byte, ok bool) {
	if count > uint64(len(r.rest)) {
		return nil, r.fail()
	}
	b, r.rest = r.rest[:count:count], r.rest[count:]
	return b, true
}

func (r *Reader) byte() (b byte, ok bool) {
	one, ok := r.bytes(1)
	if !ok {
		return 0, false
	}
	return one[0], true
}

// Type takes the type of the object.
func (r *Reader) Type() (Type, bool) {
	b, ok := r.byte()
	return Type(b), ok
}

// Length takes a length, or another number that is not negative.
func (r *Reader) Length() (n uint64, ok bool) {
	first, ok := r.byte()
	if !ok {
		return 0, false
	}
	return r.lengthFrom(first)
}

func (r *Reader) lengthFrom(first byte) (n uint64, ok bool) {
	switch {
	case first&lengthBits == shortLength:
		return uint64(first), true
	case first&lengthBits == mediumLength:
		second, ok := r.byte()
		return uint64(first&^lengthBits)<<8 | uint64(second), ok
	case first == length32:
		if b, ok := r.bytes(4); ok {
			return uint64(binary.BigEndian.Uint32(b)), true
		}
	case first == length64:
		if b, ok := r.bytes(8); ok {
			return binary.BigEndian.Uint64(b), true
		}
	}
	return 0, r.fail()
}

// Text takes a string. It is valid until the next call.
func (r *Reader) Text() (text []byte, ok bool) {
	first, ok := r.byte()
	if !ok {
		return nil, false
	}
	if first&lengthBits != specialLength {
		n, ok := r.lengthFrom(first)
		if !ok {
			return nil, false
		}
		return r.bytes(n)
	}
	switch first {
	case special8:
		if b, ok := r.bytes(1); ok {
			return r.integer(int64(int8(b[0]))), true
		}
	case special16:
		if b, ok := r.bytes(2); ok {
			return r.integer(int64(int16(binary.LittleEndian.Uint16(b)))), true
		}
	case special32:
		if b, ok := r.bytes(4); ok {
			return r.integer(int64(int32(binary.LittleEndian.Uint32(b)))), true
		}
	case specialLZF:
		return r.compressed()
	}
	return nil, r.fail()
}

// integer is the text of an integer.
func (r *Reader) integer(n int64) []byte {
	r.digits = strconv.AppendInt(r.digits[:0], n, 10)
	return r.digits
}

// compressed takes the rest of a compressed string.
func (r *Reader) compressed() (text []byte, ok bool) {
	packed, ok := r.Length()
	if !ok {
		return nil, false
	}
	length, ok := r.Length()
	if !ok {
		return nil, false
	}
	b, ok := r.bytes(packed)
	if !ok || length > uint64(r.unpack) || length > maxExpansion*packed {
		return nil, r.fail()
	}
	r.unpack -= int(length)
	if text, ok = expand(b, int(length)); !ok {
		return nil, r.fail()
	}
	return text, true
}

// Millis takes a time in milliseconds.
func (r *Reader) Millis() (millis int64, ok bool) {
	b, ok := r.bytes(8)
	if !ok {
		return 0, false
	}
	return int64(binary.LittleEndian.Uint64(b)), true
}

// double takes a binary score.
func (r *Reader) double() (score float64, ok bool) {
	b, ok := r.bytes(8)
	if !ok {
		return 0, false
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b)), true
}

// Lengths that stand for a score without digits.
const (
	textNegativeInfinity = 255
	textInfinity         = 254
	textNoNumber         = 253
)

// textDouble takes a score that is a decimal.
func (r *Reader) textDouble() (score float64, ok bool) {
	length, ok := r.byte()
	switch {
	case !ok || length == textNoNumber:
		return 0, r.fail()
	case length == textNegativeInfinity:
		return math.Inf(-1), true
	case length == textInfinity:
		return math.Inf(1), true
	}
	text, ok := r.bytes(uint64(length))
	if !ok {
		return 0, false
	}
	if score, ok = parseScore(text); !ok {
		return 0, r.fail()
	}
	return score, true
}

// parseScore reads a decimal as Redis writes scores.
func parseScore(text []byte) (score float64, ok bool) {
	switch string(text) {
	case "inf":
		return math.Inf(1), true
	case "-inf":
		return math.Inf(-1), true
	}
	for _, c := range text {
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	score, err := strconv.ParseFloat(string(text), 64)
	return score, err == nil
}
