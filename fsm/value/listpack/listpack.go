// Package listpack is the layout that Redis has for the elements of a listpack, and how long they are in it. It imports
// nothing of the project but leaves.
//
// An element is an entry: a head, the text or the number, and behind it the length of both, so that a row of entries
// can be read from either end. An element that reads as a number is kept as one, always. So equal elements have equal
// entries, and take as little memory as in Redis.
//
//	0nnnnnnn                    a number from 0 to 127
//	10llllll text               up to 63 bytes
//	110nnnnn nnnnnnnn           a number of 13 bits
//	1110llll llllllll text      up to 4,095 bytes
//	11110001 to 11110100        a number of 2, 3, 4 or 8 bytes, the lowest first
package listpack

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/raftredis/raftredis/internal/number"
)

const (
	headText   = 0x80
	head13Bits = 0xc0
	headText12 = 0xe0
	head16Bits = 0xf1
	head24Bits = 0xf2
	head32Bits = 0xf3
	head64Bits = 0xf4
)

const (
	// maxShortText is the length up to which the head of a text is one byte, maxEntryText that up to which it is two.
	// Longer ones do not lie in blocks.
	maxShortText, maxEntryText = 63, 4095
	// MaxNumberBytes is the length of the longest number.
	MaxNumberBytes = len("-9223372036854775808")
)

// Append appends the entry of an element of up to maxEntryText bytes.
func Append(dst, element []byte) []byte {
	begin := len(dst)
	dst = AppendHead(dst, element)
	return appendBackLength(dst, len(dst)-begin)
}

// AppendHead appends the entry without the length at its end: what is compared.
func AppendHead(dst, element []byte) []byte {
	if n, ok := number.Parse(element); ok {
		return appendNumber(dst, n)
	}
	if len(element) <= maxShortText {
		dst = append(dst, headText|byte(len(element)))
	} else {
		dst = append(dst, headText12|byte(len(element)>>8), byte(len(element)))
	}
	return append(dst, element...)
}

func appendNumber(dst []byte, n int64) []byte {
	switch {
	case 0 <= n && n <= 0x7f:
		return append(dst, byte(n))
	case -1<<12 <= n && n < 1<<12:
		return append(dst, head13Bits|byte(n>>8)&0x1f, byte(n))
	case math.MinInt16 <= n && n <= math.MaxInt16:
		return append(dst, head16Bits, byte(n), byte(n>>8))
	case -1<<23 <= n && n < 1<<23:
		return append(dst, head24Bits, byte(n), byte(n>>8), byte(n>>16))
	case math.MinInt32 <= n && n <= math.MaxInt32:
		return binary.LittleEndian.AppendUint32(append(dst, head32Bits), uint32(n))
	}
	return binary.LittleEndian.AppendUint64(append(dst, head64Bits), uint64(n))
}

// appendBackLength appends the length of what is before it, of up to two bytes: the highest seven bits first. A byte
// with its top bit set has another one before it.
func appendBackLength(dst []byte, length int) []byte {
	if length <= 0x7f {
		return append(dst, byte(length))
	}
	return append(dst, byte(length>>7), byte(length)|0x80)
}

// entryHead gives the length of the head of the entry at a position, and of the text or the number behind the head.
func entryHead(b []byte, at int) (head, body int) {
	switch c := b[at]; {
	case c < headText:
		return 1, 0
	case c < head13Bits:
		return 1, int(c &^ headText)
	case c < headText12:
		return 2, 0
	case c < head16Bits-1:
		return 2, int(c&0xf)<<8 | int(b[at+1])
	case c == head64Bits:
		return 1, 8
	default:
		return 1, int(c) - head16Bits + 2
	}
}

// End is the position behind the entry at a position.
func End(b []byte, at int) int {
	head, body := entryHead(b, at)
	length := head + body
	return at + length + backLengthBytes(length)
}

// Before is the position of the entry that ends before a position.
func Before(b []byte, end int) int {
	last := int(b[end-1])
	if last <= 0x7f {
		return end - 1 - last
	}
	return end - 2 - (last&0x7f | int(b[end-2])<<7)
}

// Element is the element of the entry at a position: a part of b, or a number that is written into scratch.
func Element(b []byte, at int, scratch *[MaxNumberBytes]byte) []byte {
	c := b[at]
	head, body := entryHead(b, at)
	if c >= headText && c < head13Bits || c >= headText12 && c < head16Bits {
		return b[at+head : at+head+body : at+head+body]
	}
	return strconv.AppendInt(scratch[:0], entryNumber(b[at:at+head+body]), 10)
}

func entryNumber(b []byte) int64 {
	switch b[0] {
	case head16Bits:
		return int64(int16(binary.LittleEndian.Uint16(b[1:])))
	case head24Bits:
		return int64(int32(uint32(b[1])<<8|uint32(b[2])<<16|uint32(b[3])<<24) >> 8)
	case head32Bits:
		return int64(int32(binary.LittleEndian.Uint32(b[1:])))
	case head64Bits:
		return int64(binary.LittleEndian.Uint64(b[1:]))
	}
	if len(b) == 1 {
		return int64(b[0])
	}
	return int64(int16(uint16(b[0]&0x1f)<<11|uint16(b[1])<<3) >> 3)
}

// backLengthBytes is the length of the length at the end of an entry in a block.
func backLengthBytes(length int) int {
	if length <= 0x7f {
		return 1
	}
	return 2
}

// Bytes is what an element occupies in a listpack of Redis. A text that is the canonical spelling of an integer is kept
// as one.
func Bytes[T string | []byte](text T) int {
	length := elementBytes(text)
	switch {
	case length < 1<<7:
		return length + 1
	case length < 1<<14-1:
		return length + 2
	case length < 1<<21-1:
		return length + 3
	case length < 1<<28-1:
		return length + 4
	}
	return length + 5
}

// elementBytes is what an element occupies without the length behind it, by which listpacks are read backwards.
func elementBytes[T string | []byte](text T) int {
	if n, ok := number.Parse(text); ok {
		return numberBytes(n)
	}
	switch {
	case len(text) < 1<<6:
		return len(text) + 1
	case len(text) < 1<<12:
		return len(text) + 2
	}
	return len(text) + 5
}

// NumberBytes is Bytes of a number.
func NumberBytes(n int64) int { return numberBytes(n) + 1 }

// numberBytes is elementBytes of a number.
func numberBytes(n int64) int {
	switch {
	case n >= 0 && n < 1<<7:
		return 1
	case n >= -1<<12 && n < 1<<12:
		return 2
	case n >= -1<<15 && n < 1<<15:
		return 3
	case n >= -1<<23 && n < 1<<23:
		return 4
	case n >= -1<<31 && n < 1<<31:
		return 5
	}
	return 9
}
