// Package section encodes typed sections: the way in which a format grows without a new layout.
//
// A place that can grow (a handshake, a configuration, the header of a file) ends with a list of sections. One section:
//
//	offset  0  kind    u16  bit 15 set: a reader that does not know the kind skips the section
//	        2  zero    u16
//	        4  length  u32  of the body
//	        8  body
//
// Numbers are little-endian. Each place numbers its own kinds from 1. A list names each kind at most once, in ascending
// order, so that one content has one encoding. The length of the whole list is a matter of the place.
//
// A reader refuses a kind that it does not know, by number, unless bit 15 is set. The writer sets that bit for what a
// reader may do without.
package section

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Kind says what a section holds.
type Kind uint16

// Skippable is the bit of a Kind that lets a reader skip a section that it does not know.
const Skippable Kind = 1 << 15

// HeaderBytes is the size of a section without its body.
const HeaderBytes = 8

var (
	// ErrUnknown means that a section is of a kind that this build does not know and must not skip.
	ErrUnknown = errors.New("unknown section")
	// ErrMalformed means that the bytes are no list of sections.
	ErrMalformed = errors.New("malformed section")
)

// Skippable reports whether a reader that does not know the kind skips the section.
func (k Kind) Skippable() bool { return k&Skippable != 0 }

// String is the number of the kind, and whether it may be skipped.
func (k Kind) String() string {
	if k.Skippable() {
		return fmt.Sprintf("%d (skippable)", uint16(k&^Skippable))
	}
	return fmt.Sprintf("%d", uint16(k))
}

// Append appends one section.
func Append(dst []byte, kind Kind, body []byte) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, uint16(kind))
	dst = append(dst, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(body)))
	return append(dst, body...)
}

// Next splits the first section off a list that is not empty. The body aliases src. The error wraps ErrMalformed.
func Next(src []byte) (kind Kind, body, rest []byte, err error) {
	if len(src) < HeaderBytes {
		return 0, nil, nil, fmt.Errorf("%w: %d bytes are left, a header has %d", ErrMalformed, len(src), HeaderBytes)
	}
	kind = Kind(binary.LittleEndian.Uint16(src))
	length := uint64(binary.LittleEndian.Uint32(src[4:]))
	src, reserved := src[HeaderBytes:], src[2]|src[3]
	switch {
	case kind&^Skippable == 0 || reserved != 0:
		return 0, nil, nil, fmt.Errorf("%w: kind %v, or reserved bytes in use", ErrMalformed, kind)
	case length > uint64(len(src)):
		return 0, nil, nil, fmt.Errorf("%w: kind %v has %d bytes, %d are left", ErrMalformed, kind, length, len(src))
	}
	return kind, src[:length:length], src[length:], nil
}

// Read calls take with each section of a list, in order. take reports whether it knows the kind, and what is wrong with
// the body. Read returns the sections that take did not know and that may be skipped, encoded, for a reader that hands
// on what it does not understand. The error is take's, or wraps ErrUnknown or ErrMalformed. The bodies alias src.
func Read(src []byte, take func(kind Kind, body []byte) (known bool, err error)) (skipped []byte, err error) {
	for last := Kind(0); len(src) > 0; {
		kind, body, rest, err := Next(src)
		if err != nil {
			return nil, err
		}
		if kind <= last {
			return nil, fmt.Errorf("%w: kind %v after kind %v", ErrMalformed, kind, last)
		}
		known, err := take(kind, body)
		switch {
		case err != nil:
			return nil, fmt.Errorf("section of kind %v: %w", kind, err)
		case !known && !kind.Skippable():
			return nil, fmt.Errorf("%w: kind %v; this build does not know it", ErrUnknown, kind)
		case !known:
			skipped = append(skipped, src[:len(src)-len(rest)]...)
		}
		last, src = kind, rest
	}
	return skipped, nil
}

// None is a take for Read of a place that has no sections yet.
func None(Kind, []byte) (known bool, err error) { return false, nil }
