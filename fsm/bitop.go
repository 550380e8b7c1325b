package fsm

import (
	"encoding/binary"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/reply"
)

// bitOperation is what BITOP does with strings, bit by bit.
type bitOperation int

const (
	noBitOperation bitOperation = iota
	bitAnd
	bitOr
	bitXor
	bitNot
)

func parseBitOperation(name []byte) bitOperation {
	switch {
	case exec.Is(name, "AND"):
		return bitAnd
	case exec.Is(name, "OR"):
		return bitOr
	case exec.Is(name, "XOR"):
		return bitXor
	case exec.Is(name, "NOT"):
		return bitNot
	}
	return noBitOperation
}

// bitOp combines strings bit by bit and puts the result at a key, or removes that key if the result is empty. The
// result is as long as the longest of them; the others count as if zeros followed.
//
// A short command can make a string of half a gigabyte of zeros, and another one can name it many times. So the work
// follows what is stored: bitOp reads each key once, and neither reads nor makes chunks of zeros.
func bitOp(w *exec.Writer, c exec.Call) []byte {
	operation, target, keys := parseBitOperation(c.Args[1]), c.Args[2], c.Args[3:]
	switch {
	case operation == noBitOperation:
		return c.Error(reply.Syntax)
	case operation == bitNot && len(keys) != 1:
		return c.Error(reply.BitOpNot)
	}
	sources, length, ok := bitSources(w, c, operation, keys)
	if !ok {
		return c.WrongType()
	}
	if length == 0 {
		w.Remove(target)
		return c.Integer(0)
	}
	fill := func(piece []byte, offset int) bool { return operation.fill(piece, offset, sources) }
	w.Put(w.Place(target), target, w.Built(target, length, fill))
	return c.Integer(int64(length))
}

// bitSources gives the strings that an operation reads, each once, and the length of the longest of all. AND and OR do
// not change if a string is repeated; XOR of a string with itself is zeros. An absent key makes the result of AND
// zeros, for which bitSources gives no strings, and does not change the others. ok is false if a key has a value of
// another kind.
func bitSources(
	w *exec.Writer, c exec.Call, operation bitOperation, keys [][]byte,
) (sources []value.String, length int, ok bool) {
	odd := make(map[string]bool, len(keys)) // whether a key stands there an odd number of times
	for _, key := range keys {
		odd[string(key)] = !odd[string(key)]
	}
	absent := false
	for _, key := range keys {
		isOdd, first := odd[string(key)]
		delete(odd, string(key))
		e := c.Read(w.Get(key))
		text, isText := exec.TextOf(e)
		switch {
		case !isText:
			return nil, 0, false
		case e == nil:
			absent = true
		case first:
			length = max(length, text.Len())
			if isOdd || operation != bitXor {
				sources = append(sources, text)
			}
		}
	}
	if absent && operation == bitAnd {
		return nil, length, true
	}
	return sources, length, true
}

// fill writes the bytes of the result at an offset, a multiple of chunkBytes, into zeros, and reports whether one of
// them is not zero. If none is, piece is zeros as before.
func (o bitOperation) fill(piece []byte, offset int, sources []value.String) bool {
	if o == bitNot {
		sources[0].ReadPadded(piece, offset)
		return o.combine(piece, piece)
	}
	some := false
	for i, text := range sources {
		switch {
		case text.ZeroFrom(offset) && o == bitAnd:
			if i > 0 {
				clear(piece)
			}
			return false
		case text.ZeroFrom(offset):
		case o == bitAnd && i == 0:
			text.ReadPadded(piece, offset)
			some = true
		default:
			var other [value.ChunkBytes]byte
			text.ReadPadded(other[:len(piece)], offset)
			some = o.combine(piece, other[:len(piece)])
		}
	}
	return some
}

// combine changes piece by other, which is as long, and reports whether a byte is not zero then.
func (o bitOperation) combine(piece, other []byte) bool {
	var ones uint64
	for len(piece) >= 8 {
		word := o.word(binary.LittleEndian.Uint64(piece), binary.LittleEndian.Uint64(other))
		binary.LittleEndian.PutUint64(piece, word)
		ones |= word
		piece, other = piece[8:], other[8:]
	}
	for i := range piece {
		piece[i] = byte(o.word(uint64(piece[i]), uint64(other[i])))
		ones |= uint64(piece[i])
	}
	return ones != 0
}

func (o bitOperation) word(a, b uint64) uint64 {
	switch o {
	case bitAnd:
		return a & b
	case bitOr:
		return a | b
	case bitXor:
		return a ^ b
	}
	return ^a
}
