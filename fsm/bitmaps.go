package fsm

import (
	"encoding/binary"
	"math/bits"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// Bit 0 of a string is the highest bit of its first byte. Behind the end of a string there are zeros.

// bitmapFunctions are those of the commands on strings as arrays of bits.
var bitmapFunctions = []function{
	{of: command.BitCount, read: bitCount},
	{of: command.BitField, write: bitField},
	{of: command.BitFieldRO, read: bitFieldRO},
	{of: command.BitOp, write: bitOp},
	{of: command.BitPos, read: bitPos},
	{of: command.GetBit, read: getBit},
	{of: command.SetBit, write: setBit},
}

// parseBitOffset reads the position of a bit in a string of at most maxValueBytes.
func parseBitOffset(text []byte, maxValueBytes int) (int64, bool) {
	offset, ok := parseInteger(text)
	return offset, ok && offset >= 0 && offset>>3 < int64(maxValueBytes)
}

// byteAt is a byte of a string, 0 behind the end or if there is no entry.
func (e *entry) byteAt(offset int) byte {
	var b [1]byte
	if e != nil && offset < e.length() {
		e.readAt(b[:], offset)
	}
	return b[0]
}

func getBit(v view, c call) []byte {
	offset, ok := parseBitOffset(c.args[2], v.maxValueBytes)
	if !ok {
		return c.error(reply.BitOffset)
	}
	b := v.space.get(c.args[1]).byteAt(int(offset >> 3))
	return c.integer(int64(b >> (7 - offset&7) & 1))
}

// setBit answers with the bit that was there. A bit behind the end lengthens the string even if it is a zero.
func setBit(m *Machine, c call) []byte {
	key := c.args[1]
	offset, ok := parseBitOffset(c.args[2], m.maxValueBytes)
	if !ok {
		return c.error(reply.BitOffset)
	}
	bit, ok := parseInteger(c.args[3])
	if !ok || bit&^1 != 0 {
		return c.error(reply.BitValue)
	}
	at := m.space.place(key)
	old := m.space.find(at, key)
	index, shift := int(offset>>3), 7-offset&7
	before := old.byteAt(index)
	after := before&^(1<<shift) | byte(bit<<shift)
	if after != before || old == nil || old.length() <= index {
		m.overwrite(at, key, old, index, []byte{after})
	}
	return c.integer(int64(before >> shift & 1))
}

// bitSpan is a part of a string in bytes, or in bits.
type bitSpan struct {
	span
	inBits bool
}

// clamped gives the first bit of the part, and the one behind its last, in a string of a length in bytes. Both are
// equal where the part is empty.
func (s bitSpan) clamped(length int) (begin, end int64) {
	if s.inBits {
		return s.span.clamped(8 * int64(length))
	}
	begin, end = s.span.clamped(int64(length))
	return 8 * begin, 8 * end
}

// parseUnit reads BYTE or BIT.
func parseUnit(text []byte) (inBits, ok bool) {
	inBits = is(text, "BIT")
	return inBits, inBits || is(text, "BYTE")
}

// bitCount counts ones. As in Redis 7.2, where the key is absent the rest of the call is not looked at.
func bitCount(v view, c call) []byte {
	e := v.space.get(c.args[1])
	if e == nil {
		return c.integer(0)
	}
	part := bitSpan{span: span{0, -1}}
	switch len(c.args) {
	case 2:
	case 4, 5:
		var ok, alsoOK bool
		part.first, ok = parseInteger(c.args[2])
		part.last, alsoOK = parseInteger(c.args[3])
		if !ok || !alsoOK {
			return c.error(reply.NotInteger)
		}
		if part.reversed() { // before the unit is looked at
			return c.integer(0)
		}
		if len(c.args) == 5 {
			if part.inBits, ok = parseUnit(c.args[4]); !ok {
				return c.error(reply.Syntax)
			}
		}
	default:
		return c.error(reply.Syntax)
	}
	begin, end := part.clamped(e.length())
	return c.integer(e.countOnes(begin, end))
}

// bitPos finds the first bit of a value. A string that ends before its first zero has one behind its end, unless the
// call says where the part ends.
func bitPos(v view, c call) []byte {
	bit, ok := parseInteger(c.args[2])
	switch {
	case !ok:
		return c.error(reply.NotInteger)
	case bit != 0 && bit != 1:
		return c.error(reply.BitArgument)
	}
	e := v.space.get(c.args[1])
	if e == nil { // as BITCOUNT: the rest of the call is not looked at
		return c.integer(-bit)
	}
	part, refusal := parseBitPosPart(c.args[3:])
	if refusal != "" {
		return c.error(refusal)
	}
	begin, end := part.clamped(e.length())
	found := e.firstBit(begin, end, byte(bit))
	if found < 0 && bit == 0 && begin < end && len(c.args) < 5 {
		found = end
	}
	return c.integer(found)
}

// parseBitPosPart reads what follows the bit in BITPOS: [start [end [BYTE|BIT]]]. The refusal is that which Redis finds
// first, empty if there is none.
func parseBitPosPart(args [][]byte) (part bitSpan, refusal string) {
	part.last = -1
	ok := true
	if len(args) > 3 {
		return part, reply.Syntax
	}
	if len(args) > 0 {
		if part.first, ok = parseInteger(args[0]); !ok {
			return part, reply.NotInteger
		}
	}
	if len(args) > 2 {
		if part.inBits, ok = parseUnit(args[2]); !ok {
			return part, reply.Syntax
		}
	}
	if len(args) > 1 {
		if part.last, ok = parseInteger(args[1]); !ok {
			return part, reply.NotInteger
		}
	}
	return part, ""
}

// countOnes counts the ones from bit begin to before bit end.
func (e *entry) countOnes(begin, end int64) int64 {
	var count int64
	e.eachBlock(begin, end, 0, func(block []byte, _ int64) bool {
		for i := 0; i < len(block); i += 8 {
			count += int64(bits.OnesCount64(binary.BigEndian.Uint64(block[i:])))
		}
		return true
	})
	return count
}

// firstBit is the position of the first bit of a value from bit begin to before bit end, or -1.
func (e *entry) firstBit(begin, end int64, bit byte) int64 {
	found := int64(-1)
	e.eachBlock(begin, end, bit-1, func(block []byte, at int64) bool {
		for i := 0; i < len(block) && found < 0; i += 8 {
			if word := binary.BigEndian.Uint64(block[i:]); word != 0 {
				found = at + int64(8*i+bits.LeadingZeros64(word))
			}
		}
		return found < 0
	})
	return found
}

// eachBlock visits the string from bit begin to before bit end, which it has, in blocks of whole words, until visit
// wants no more. at is the position of a block's first bit. Every byte is combined with flip by exclusive or: 0xff
// shows ones for zeros. Bits outside of the part are shown as 0 in any case.
func (e *entry) eachBlock(begin, end int64, flip byte, visit func(block []byte, at int64) bool) {
	var buf [chunkBytes]byte
	for at := begin &^ 7; at < end; at += 8 * chunkBytes {
		n := int((min(end-at, 8*chunkBytes) + 7) / 8)
		block := buf[:(n+7)&^7]
		clear(block[e.readAt(block[:n], int(at>>3)):])
		if flip != 0 {
			for i := range n {
				block[i] ^= flip
			}
		}
		if before := begin - at; before > 0 {
			block[0] &= 0xff >> before
		}
		if behind := at + 8*int64(n) - end; behind > 0 {
			block[n-1] &= 0xff << behind
		}
		if !visit(block, at) {
			return
		}
	}
}
