package keyspace

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/section"
)

// An image in bytes; all numbers are little-endian, checksums are CRC32C:
//
//	header   magic "RRIMAGE\n" · format u32 · index u64 · seed u64 · log time i64 · wall time i64 · offset of the last
//	         entry i64 · state hash u64 · keys u64 · most bytes of a value u64 · last number u64
//	         · checksum of the header so far u32
//	section  kind u16 · zero u16 · length of the payload u32 · checksum of the payload u32
//	         · checksum of these twelve bytes u32 · payload
//	…
//	end      a section of kind sectionEnd. Its payload is the number of sections before it, u64. Nothing follows
//
// Bit 15 of a kind says that a build skips the section if it does not know the kind; see package section. A build
// refuses any other unknown kind by its number. So a later build adds what a state has besides keys as sections of new
// kinds, and the layout stays.
//
// The payload of a section of kind sectionKeys is the number of the database, u32, and then items. The items of all
// these sections are one stream, sorted by (database, slot, hash, key), and each section has items of one database. An
// item is an entry, or a part of the value of the entry before it:
//
//	entry  tag u8 · version uvarint · deadline i64, if the tag has deadlineFlag · length of the key uvarint · key
//	       · length of the value uvarint and value, unless the tag has partsFlag: then parts follow
//	part   length uvarint · bytes. A part of length 0 ends the value
//
// The lower six bits of a tag are the kind of the value. The deadline is a moment of wall time if it is positive, of
// log time, negated, if it is negative. The version is the index of the entry of the log that changed the key last. A
// string of up to value.ChunkBytes is written whole; all other values are written in parts, which the kind defines: see
// value.Reader. A section is closed behind the item that brings its payload to sectionBytes, and behind the last of a
// database, so that equal contents are cut at equal places, and neither writer nor reader needs memory for a whole
// value.
//
// The payload of a section of kind sectionSwaps has, for each database with keys that got its number by a swap, the
// number, u32, and the index of the entry that swapped it, u64: all its keys count as changed there. It follows the
// keys. Without such a database there is none.
//
// The payloads of the sections of kind sectionSessions are, one behind the other, the image of the table of sessions:
// see package sessions. They follow the keys and the swaps; each but the last has sectionBytes. Without sessions there
// is none.
//
// The section of kind sectionRemovals comes last: see removals.append. There is none before an entry has put a key.
const (
	imageMagic  = "RRIMAGE\n"
	imageFormat = 2

	headerBytes        = 8 + 4 + 9*8 + 4
	sectionHeaderBytes = 16
	endBytes           = 8

	sectionKeys     section.Kind = 1
	sectionEnd      section.Kind = 2
	sectionSessions section.Kind = 3
	sectionRemovals section.Kind = 4
	sectionSwaps    section.Kind = 5

	// databaseBytes is the length of the number of a database, swapBytes that of a line about a swap.
	databaseBytes = 4
	swapBytes     = databaseBytes + 8

	// deadlineFlag marks the tag of an entry that has a deadline, in images and in the state hash; partsFlag that of
	// one whose value is written in parts.
	deadlineFlag = 0x80
	partsFlag    = 0x40

	// sectionBytes is the payload at which a section is closed.
	sectionBytes = 256 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// imageHeader is the header of an image: what there is to a state besides its keys.
type imageHeader struct {
	index, seed   uint64
	now           Now
	offset        int64
	hash, keys    uint64
	maxValueBytes uint64
	number        uint64
}

func (h *imageHeader) append(dst []byte) []byte {
	begin := len(dst)
	dst = append(dst, imageMagic...)
	dst = binary.LittleEndian.AppendUint32(dst, imageFormat)
	for _, word := range []uint64{
		h.index, h.seed, uint64(h.now.Log), uint64(h.now.Wall), uint64(h.offset), h.hash, h.keys, h.maxValueBytes,
		h.number,
	} {
		dst = binary.LittleEndian.AppendUint64(dst, word)
	}
	return appendChecksum(dst, begin)
}

func appendSectionHeader(dst []byte, kind section.Kind, payload []byte) []byte {
	begin := len(dst)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(kind))
	dst = append(dst, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(payload, castagnoli))
	return appendChecksum(dst, begin)
}

// appendHead appends what precedes the value of an entry.
func appendHead(dst []byte, e *Entry, flags byte) []byte {
	if e.Deadline != 0 {
		flags |= deadlineFlag
	}
	dst = binary.AppendUvarint(append(dst, byte(e.Kind())|flags), e.version())
	if e.Deadline != 0 {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(e.Deadline))
	}
	return append(dst, e.record[:e.keyEnd()]...) // the length of the key, and the key
}

// appendWhole appends an entry with its string.
func appendWhole(dst []byte, e *Entry, text value.String) []byte {
	dst = binary.AppendUvarint(appendHead(dst, e, 0), uint64(text.Len()))
	if inline, ok := text.Inline(); ok {
		return append(dst, inline...)
	}
	return text.Append(dst)
}

// appendChecksum appends the checksum of dst from begin on.
func appendChecksum(dst []byte, begin int) []byte {
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[begin:], castagnoli))
}

// checked reports whether b ends with the checksum of what precedes it.
func checked(b []byte) bool {
	end := len(b) - 4
	return crc32.Checksum(b[:end], castagnoli) == binary.LittleEndian.Uint32(b[end:])
}
