package rdb

import (
	"encoding/binary"
	"math"

	"github.com/raftredis/raftredis/internal/number"
)

// AppendLength appends a length, or another number that is not negative.
func AppendLength(dst []byte, n uint64) []byte {
	switch {
	case n < 1<<6:
		return append(dst, byte(n))
	case n < 1<<14:
		return append(dst, mediumLength|byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, length32), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, length64), n)
}

// AppendText appends a string. One that is the canonical spelling of a number of 32 bits is written as one. Nothing is
// compressed.
func AppendText[T string | []byte](dst []byte, text T) []byte {
	if n, ok := number.Parse(text); ok && n >= math.MinInt32 && n <= math.MaxInt32 {
		return appendInteger(dst, n)
	}
	return append(AppendLength(dst, uint64(len(text))), text...)
}

// appendInteger appends the string of a number of 32 bits.
func appendInteger(dst []byte, n int64) []byte {
	switch {
	case n >= math.MinInt8 && n <= math.MaxInt8:
		return append(dst, special8, byte(n))
	case n >= math.MinInt16 && n <= math.MaxInt16:
		return binary.LittleEndian.AppendUint16(append(dst, special16), uint16(n))
	}
	return binary.LittleEndian.AppendUint32(append(dst, special32), uint32(n))
}

// AppendMillis appends a time in milliseconds.
func AppendMillis(dst []byte, millis int64) []byte {
	return binary.LittleEndian.AppendUint64(dst, uint64(millis))
}

// AppendScore appends the binary score of a sorted set.
func AppendScore(dst []byte, score float64) []byte {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(score))
}

// appendListpackText appends an element to a listpack.
func appendListpackText[T string | []byte](dst []byte, text T) []byte {
	if n, ok := number.Parse(text); ok {
		return appendListpackInteger(dst, n)
	}
	from := len(dst)
	switch length := len(text); {
	case length < 1<<6:
		dst = append(dst, listpackShort|byte(length))
	case length < 1<<12:
		dst = append(dst, listpackMedium|byte(length>>8), byte(length))
	default:
		dst = binary.LittleEndian.AppendUint32(append(dst, listpackLong), uint32(length))
	}
	dst = append(dst, text...)
	return appendBefore(dst, len(dst)-from)
}

// appendListpackInteger appends an integer to a listpack.
func appendListpackInteger(dst []byte, n int64) []byte {
	from := len(dst)
	switch {
	case n >= 0 && n < 1<<7:
		dst = append(dst, byte(n))
	case n >= -1<<12 && n < 1<<12:
		dst = append(dst, listpackInt13|byte(n>>8)&0x1f, byte(n))
	case n >= math.MinInt16 && n <= math.MaxInt16:
		dst = binary.LittleEndian.AppendUint16(append(dst, listpack16), uint16(n))
	case n >= -1<<23 && n < 1<<23:
		dst = append(dst, listpack24, byte(n), byte(n>>8), byte(n>>16))
	case n >= math.MinInt32 && n <= math.MaxInt32:
		dst = binary.LittleEndian.AppendUint32(append(dst, listpack32), uint32(n))
	default:
		dst = binary.LittleEndian.AppendUint64(append(dst, listpack64), uint64(n))
	}
	return appendBefore(dst, len(dst)-from)
}

// closeListpack writes the header of a listpack that begins at an offset of dst, with room for it, and appends its end.
func closeListpack(dst []byte, from, elements int) []byte {
	dst = append(dst, packedEnd)
	binary.LittleEndian.PutUint32(dst[from:], uint32(len(dst)-from))
	binary.LittleEndian.PutUint16(dst[from+4:], uint16(min(elements, manyElements)))
	return dst
}
