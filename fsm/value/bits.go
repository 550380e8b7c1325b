package value

import (
	"encoding/binary"
	"math/bits"
)

// ByteAt is a byte of the string, 0 behind its end.
func (s String) ByteAt(offset int) byte {
	var b [1]byte
	if offset < s.Len() {
		s.ReadAt(b[:], offset)
	}
	return b[0]
}

// ReadPadded fills part with what the string has from an offset on, and zeros behind its end.
func (s String) ReadPadded(part []byte, offset int) {
	n := 0
	if offset < s.Len() {
		n = s.ReadAt(part, offset)
	}
	clear(part[n:])
}

// ZeroFrom reports whether the chunk at an offset, a multiple of ChunkBytes, is known to be zeros: it lies behind the
// end, or was never written.
func (s String) ZeroFrom(offset int) bool {
	return offset >= s.Len() || (s.chunks != nil && s.chunks.at(offset/ChunkBytes) == nil)
}

// CountOnes counts the ones from bit begin to before bit end.
func (s String) CountOnes(begin, end int64) int64 {
	var count int64
	s.eachBlock(begin, end, 0, func(block []byte, _ int64) bool {
		for i := 0; i < len(block); i += 8 {
			count += int64(bits.OnesCount64(binary.BigEndian.Uint64(block[i:])))
		}
		return true
	})
	return count
}

// FirstBit is the position of the first bit of the string from bit begin to before bit end, or -1.
func (s String) FirstBit(begin, end int64, bit byte) int64 {
	found := int64(-1)
	s.eachBlock(begin, end, bit-1, func(block []byte, at int64) bool {
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
func (s String) eachBlock(begin, end int64, flip byte, visit func(block []byte, at int64) bool) {
	var buf [ChunkBytes]byte
	for at := begin &^ 7; at < end; at += 8 * ChunkBytes {
		n := int((min(end-at, 8*ChunkBytes) + 7) / 8)
		block := buf[:(n+7)&^7]
		clear(block[s.ReadAt(block[:n], int(at>>3)):])
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
