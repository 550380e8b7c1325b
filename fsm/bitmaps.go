package fsm

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Bit 0 of a string is the highest bit of its first byte. Behind the end of a string there are zeros.

// bitmapFunctions are those of the commands on strings as arrays of bits.
var bitmapFunctions = []exec.Function{
	{Of: data.BitCount, Read: bitCount},
	{Of: data.BitField, Write: bitField},
	{Of: data.BitFieldRO, Read: bitFieldRO},
	{Of: data.BitOp, Write: bitOp},
	{Of: data.BitPos, Read: bitPos},
	{Of: data.GetBit, Read: getBit},
	{Of: data.SetBit, Write: setBit},
}

// parseBitOffset reads the position of a bit in a string of at most maxValueBytes.
func parseBitOffset(text []byte, maxValueBytes int) (int64, bool) {
	offset, ok := number.Parse(text)
	return offset, ok && offset >= 0 && offset>>3 < int64(maxValueBytes)
}

func getBit(v exec.View, c exec.Call) []byte {
	offset, ok := parseBitOffset(c.Args[2], v.MaxValueBytes)
	if !ok {
		return c.Error(reply.BitOffset)
	}
	text, ok := exec.TextOf(v.Get(c.Args[1]))
	if !ok {
		return c.WrongType()
	}
	b := text.ByteAt(int(offset >> 3))
	return c.Integer(int64(b >> (7 - offset&7) & 1))
}

// setBit answers with the bit that was there. A bit behind the end lengthens the string even if it is a zero.
func setBit(w *exec.Writer, c exec.Call) []byte {
	key := c.Args[1]
	offset, ok := parseBitOffset(c.Args[2], w.MaxValueBytes())
	if !ok {
		return c.Error(reply.BitOffset)
	}
	bit, ok := number.Parse(c.Args[3])
	if !ok || bit&^1 != 0 {
		return c.Error(reply.BitValue)
	}
	at := w.Place(key)
	old := w.Find(at, key)
	text, ok := exec.TextOf(old)
	if !ok {
		return c.WrongType()
	}
	index, shift := int(offset>>3), 7-offset&7
	before := text.ByteAt(index)
	after := before&^(1<<shift) | byte(bit<<shift)
	if after != before || old == nil || text.Len() <= index {
		overwrite(w, at, key, old, index, []byte{after})
	}
	return c.Integer(int64(before >> shift & 1))
}

// bitSpan is a part of a string in bytes, or in bits.
type bitSpan struct {
	exec.Span
	inBits bool
}

// clamped gives the first bit of the part, and the one behind its last, in a string of a length in bytes. Both are
// equal where the part is empty.
func (s bitSpan) clamped(length int) (begin, end int64) {
	if s.inBits {
		return s.Span.Clamped(8 * int64(length))
	}
	begin, end = s.Span.Clamped(int64(length))
	return 8 * begin, 8 * end
}

// parseUnit reads BYTE or BIT.
func parseUnit(text []byte) (inBits, ok bool) {
	inBits = exec.Is(text, "BIT")
	return inBits, inBits || exec.Is(text, "BYTE")
}

// bitCount counts ones. If the key is absent it ignores the rest of the call, as Redis 7.2 does.
func bitCount(v exec.View, c exec.Call) []byte {
	e := v.Get(c.Args[1])
	text, ok := exec.TextOf(e)
	switch {
	case !ok:
		return c.WrongType()
	case e == nil:
		return c.Integer(0)
	}
	part := bitSpan{Span: exec.Span{Last: -1}}
	switch len(c.Args) {
	case 2:
	case 4, 5:
		var ok, alsoOK bool
		part.First, ok = number.Parse(c.Args[2])
		part.Last, alsoOK = number.Parse(c.Args[3])
		if !ok || !alsoOK {
			return c.Error(reply.NotInteger)
		}
		if part.Reversed() { // before the unit is looked at
			return c.Integer(0)
		}
		if len(c.Args) == 5 {
			if part.inBits, ok = parseUnit(c.Args[4]); !ok {
				return c.Error(reply.Syntax)
			}
		}
	default:
		return c.Error(reply.Syntax)
	}
	begin, end := part.clamped(text.Len())
	return c.Integer(text.CountOnes(begin, end))
}

// bitPos finds the first bit of a value. A string that ends before its first zero has one behind its end, unless the
// call says where the part ends.
func bitPos(v exec.View, c exec.Call) []byte {
	bit, ok := number.Parse(c.Args[2])
	switch {
	case !ok:
		return c.Error(reply.NotInteger)
	case bit != 0 && bit != 1:
		return c.Error(reply.BitArgument)
	}
	e := v.Get(c.Args[1])
	if e == nil { // as BITCOUNT: the rest of the call is not looked at
		return c.Integer(-bit)
	}
	text, ok := exec.TextOf(e)
	if !ok {
		return c.WrongType()
	}
	part, refusal := parseBitPosPart(c.Args[3:])
	if refusal != "" {
		return c.Error(refusal)
	}
	begin, end := part.clamped(text.Len())
	found := text.FirstBit(begin, end, byte(bit))
	if found < 0 && bit == 0 && begin < end && len(c.Args) < 5 {
		found = end
	}
	return c.Integer(found)
}

// parseBitPosPart reads what follows the bit in BITPOS: [start [end [BYTE|BIT]]]. refusal is the error that Redis finds
// first, empty if there is none.
func parseBitPosPart(args [][]byte) (part bitSpan, refusal string) {
	part.Last = -1
	ok := true
	if len(args) > 3 {
		return part, reply.Syntax
	}
	if len(args) > 0 {
		if part.First, ok = number.Parse(args[0]); !ok {
			return part, reply.NotInteger
		}
	}
	if len(args) > 2 {
		if part.inBits, ok = parseUnit(args[2]); !ok {
			return part, reply.Syntax
		}
	}
	if len(args) > 1 {
		if part.Last, ok = number.Parse(args[1]); !ok {
			return part, reply.NotInteger
		}
	}
	return part, ""
}
