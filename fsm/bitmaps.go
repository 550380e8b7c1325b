package fsm

import (
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
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
	offset, ok := number.Parse(text)
	return offset, ok && offset >= 0 && offset>>3 < int64(maxValueBytes)
}

func getBit(v view, c call) []byte {
	offset, ok := parseBitOffset(c.args[2], v.maxValueBytes)
	if !ok {
		return c.error(reply.BitOffset)
	}
	text, ok := textOf(v.get(c.args[1]))
	if !ok {
		return c.wrongType()
	}
	b := text.ByteAt(int(offset >> 3))
	return c.integer(int64(b >> (7 - offset&7) & 1))
}

// setBit answers with the bit that was there. A bit behind the end lengthens the string even if it is a zero.
func setBit(m *Machine, c call) []byte {
	key := c.args[1]
	offset, ok := parseBitOffset(c.args[2], m.maxValueBytes)
	if !ok {
		return c.error(reply.BitOffset)
	}
	bit, ok := number.Parse(c.args[3])
	if !ok || bit&^1 != 0 {
		return c.error(reply.BitValue)
	}
	at := m.space.Place(key)
	old := m.space.Find(at, key)
	text, ok := textOf(old)
	if !ok {
		return c.wrongType()
	}
	index, shift := int(offset>>3), 7-offset&7
	before := text.ByteAt(index)
	after := before&^(1<<shift) | byte(bit<<shift)
	if after != before || old == nil || text.Len() <= index {
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

// bitCount counts ones. If the key is absent it ignores the rest of the call, as Redis 7.2 does.
func bitCount(v view, c call) []byte {
	e := v.get(c.args[1])
	text, ok := textOf(e)
	switch {
	case !ok:
		return c.wrongType()
	case e == nil:
		return c.integer(0)
	}
	part := bitSpan{span: span{0, -1}}
	switch len(c.args) {
	case 2:
	case 4, 5:
		var ok, alsoOK bool
		part.first, ok = number.Parse(c.args[2])
		part.last, alsoOK = number.Parse(c.args[3])
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
	begin, end := part.clamped(text.Len())
	return c.integer(text.CountOnes(begin, end))
}

// bitPos finds the first bit of a value. A string that ends before its first zero has one behind its end, unless the
// call says where the part ends.
func bitPos(v view, c call) []byte {
	bit, ok := number.Parse(c.args[2])
	switch {
	case !ok:
		return c.error(reply.NotInteger)
	case bit != 0 && bit != 1:
		return c.error(reply.BitArgument)
	}
	e := v.get(c.args[1])
	if e == nil { // as BITCOUNT: the rest of the call is not looked at
		return c.integer(-bit)
	}
	text, ok := textOf(e)
	if !ok {
		return c.wrongType()
	}
	part, refusal := parseBitPosPart(c.args[3:])
	if refusal != "" {
		return c.error(refusal)
	}
	begin, end := part.clamped(text.Len())
	found := text.FirstBit(begin, end, byte(bit))
	if found < 0 && bit == 0 && begin < end && len(c.args) < 5 {
		found = end
	}
	return c.integer(found)
}

// parseBitPosPart reads what follows the bit in BITPOS: [start [end [BYTE|BIT]]]. refusal is the error that Redis finds
// first, empty if there is none.
func parseBitPosPart(args [][]byte) (part bitSpan, refusal string) {
	part.last = -1
	ok := true
	if len(args) > 3 {
		return part, reply.Syntax
	}
	if len(args) > 0 {
		if part.first, ok = number.Parse(args[0]); !ok {
			return part, reply.NotInteger
		}
	}
	if len(args) > 2 {
		if part.inBits, ok = parseUnit(args[2]); !ok {
			return part, reply.Syntax
		}
	}
	if len(args) > 1 {
		if part.last, ok = number.Parse(args[1]); !ok {
			return part, reply.NotInteger
		}
	}
	return part, ""
}
