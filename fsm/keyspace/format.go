package keyspace

import (
	"encoding/binary"
	"hash/crc32"
)

// An image in bytes; all numbers are little-endian, checksums are CRC32C:
//
//	header    magic "RRIMAGE\n" · format u32 · index u64 · seed u64 · state time i64 · state hash u64 · keys u64
//	          · most bytes of a value u64 · checksum of the header so far u32
//	section   length u32, not 0 · checksum of the payload u32 · checksum of these eight bytes u32 · payload
//	…
//	end       a section of length 0, without payload
//	footer    magic "RRIMGEND" · number of sections u64 · checksum of the footer so far u32
//
// A payload is whole entries: kind u8 · deadline i64, if the kind has deadlineFlag · length of key uvarint · key ·
// length of value uvarint · value. Entries are sorted by (slot, hash, key), across sections. A section is closed by the
// entry that brings it to sectionBytes, so equal contents are cut at equal places. The image ends with its footer.
//
// What is new in an entry is a new kind or flag, which older builds refuse by name; an image without it stays the same
// to the byte. The format changes when the frame around entries does.
const (
	imageMagic  = "RRIMAGE\n"
	footerMagic = "RRIMGEND"
	imageFormat = 1

	headerBytes        = 8 + 4 + 6*8 + 4
	sectionHeaderBytes = 12
	footerBytes        = 8 + 8 + 4

	// deadlineFlag marks the kind of an entry that has a deadline, in images and in the state hash.
	deadlineFlag = 0x80

	// sectionBytes is the payload at which a section is closed.
	sectionBytes = 256 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// imageHeader is the header of an image: what there is to a state besides its keys.
type imageHeader struct {
	index, seed   uint64
	time          int64
	hash, keys    uint64
	maxValueBytes uint64
}

func (h *imageHeader) append(dst []byte) []byte {
	begin := len(dst)
	dst = append(dst, imageMagic...)
	dst = binary.LittleEndian.AppendUint32(dst, imageFormat)
	for _, word := range []uint64{h.index, h.seed, uint64(h.time), h.hash, h.keys, h.maxValueBytes} {
		dst = binary.LittleEndian.AppendUint64(dst, word)
	}
	return appendChecksum(dst, begin)
}

func appendSectionHeader(dst, payload []byte) []byte {
	begin := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(payload, castagnoli))
	return appendChecksum(dst, begin)
}

func appendFooter(dst []byte, sections uint64) []byte {
	begin := len(dst)
	dst = append(dst, footerMagic...)
	dst = binary.LittleEndian.AppendUint64(dst, sections)
	return appendChecksum(dst, begin)
}

func appendEntry(dst []byte, e *Entry) []byte {
	key := e.Key()
	if e.Deadline == 0 {
		dst = append(dst, kindString)
	} else {
		dst = binary.LittleEndian.AppendUint64(append(dst, kindString|deadlineFlag), uint64(e.Deadline))
	}
	dst = binary.AppendUvarint(dst, uint64(len(key)))
	dst = append(dst, key...)
	dst = binary.AppendUvarint(dst, uint64(e.Length()))
	return e.AppendValue(dst)
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
