package snapshot

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// The format, version 2. Numbers are little-endian, checksums are CRC32C.
//
//	header   offset  0  magic                "RRSNAPS\n"
//	                 8  version              u32
//	                12  header bytes         u32  the whole header, its checksum included
//	                16  checksum             u32  of bytes 0 to 15; so far the header is the same in all versions
//	                20  block bytes          u32  image bytes in every block but the last
//	                24  cluster id           u64
//	                32  hash seed            u64
//	                40  index, term          u64, u64
//	                56  stamp                i64
//	                64  offset               i64
//	                72  state hash           u64
//	                80  feature level        u32
//	                84  configuration bytes  u32
//	                88  group                u16  whose state it is; always 0 today
//	                90  zero                 u16
//	                92  sections bytes       u32
//	                96  configuration
//	                 …  sections                  see package section; none is in use yet
//	                 …  checksum             u32  of the header so far
//	block    offset  0  length               u32  of the image bytes that follow
//	                 4  number               u32  from 1
//	                 8  checksum             u32  of the eight bytes before and the image bytes
//	                12  image bytes
//	footer   offset  0  zero                 u32
//	                 4  blocks               u32  how many there are
//	                 8  file bytes           u64  from the first byte of the header to the last of the footer
//	                16  file hash            u64  first eight bytes of the SHA-256 of everything before this field
//	                24  checksum             u32  of the footer so far
//
// The checksums of blocks and footer go on from the header's instead of beginning anew.
const (
	// Version is the version of the format.
	Version = 2
	// BlockBytes is how much of the image a block holds; the last one may hold less.
	BlockBytes = 256 << 10
	// MaxConfigurationBytes bounds the configuration in a header.
	MaxConfigurationBytes = 64 << 10
	// MaxSectionsBytes bounds the sections in a header.
	MaxSectionsBytes = 64 << 10
	// MaxFileBytes bounds a file.
	MaxFileBytes = 1 << 40
	// MaxChunkBytes bounds a frame, and so what File.Chunk returns at once.
	MaxChunkBytes = blockHeaderBytes + BlockBytes

	magic = "RRSNAPS\n"

	prefixBytes      = 20
	fixedHeaderBytes = 96
	checksumBytes    = 4
	blockHeaderBytes = 12
	footerBytes      = 28
	// footerHashedBytes is the part of the footer that the file's hash covers.
	footerHashedBytes = 16
	// minBlockBytes is what a reader accepts at least, so that no file has more frames than it is worth.
	minBlockBytes = 512
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Header says what a snapshot is of. It follows from the log up to Mark, so that all replicas write it alike.
type Header struct {
	// Mark is the last entry that the state holds.
	Mark raftlog.Mark
	// ClusterID and HashSeed are those of the cluster; see membership.Configuration.
	ClusterID uint64
	HashSeed  uint64
	// Time is that of the entry at Mark.
	Time raftlog.Time
	// StateHash is the state machine's own hash of the state.
	StateHash uint64
	// Level is the feature level that a node must know to use the state: the highest of an entry up to Mark.
	Level uint8
	// Configuration is the encoded configuration in force at Mark, at most MaxConfigurationBytes.
	Configuration []byte
	// Sections are encoded sections that this build does not know and may skip, at most MaxSectionsBytes.
	Sections []byte
}

func (h *Header) validate() error {
	switch {
	case h.Mark.Index == 0 || h.Mark.Term == 0:
		return fmt.Errorf("snapshot: a snapshot at %v, before the first entry", h.Mark)
	case len(h.Configuration) > MaxConfigurationBytes:
		return fmt.Errorf("%w: a configuration of %d bytes, not %d", ErrTooLarge, len(h.Configuration), MaxConfigurationBytes)
	case len(h.Sections) > MaxSectionsBytes:
		return fmt.Errorf("%w: sections of %d bytes, not %d", ErrTooLarge, len(h.Sections), MaxSectionsBytes)
	}
	return nil
}

// bytes is the size of the header in a file.
func (h *Header) bytes() int {
	return fixedHeaderBytes + len(h.Configuration) + len(h.Sections) + checksumBytes
}

func (h *Header) append(dst []byte, blockBytes int64) []byte {
	begin := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint32(dst, Version)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(h.bytes()))
	dst = appendChecksum(dst, begin, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(blockBytes))
	for _, word := range [...]uint64{h.ClusterID, h.HashSeed, uint64(h.Mark.Index), uint64(h.Mark.Term),
		uint64(h.Time.Stamp), uint64(h.Time.Offset), h.StateHash} {
		dst = binary.LittleEndian.AppendUint64(dst, word)
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(h.Level))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(h.Configuration)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(raftlog.Group0))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(h.Sections)))
	dst = append(dst, h.Configuration...)
	dst = append(dst, h.Sections...)
	return appendChecksum(dst, begin, 0)
}

// appendBlockHeader appends the header of a block. sum is the checksum of the file's header.
func appendBlockHeader(dst []byte, number uint32, image []byte, sum uint32) []byte {
	begin := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(image)))
	dst = binary.LittleEndian.AppendUint32(dst, number)
	return binary.LittleEndian.AppendUint32(dst, blockSum(sum, dst[begin:], image))
}

func blockSum(sum uint32, lengthAndNumber, image []byte) uint32 {
	return crc32.Update(crc32.Update(sum, castagnoli, lengthAndNumber), castagnoli, image)
}

// footer is what the footer says; put the hash in before it is appended.
type footer struct {
	blocks    uint32
	fileBytes int64
	hash      uint64
}

func (f *footer) append(dst []byte, sum uint32) []byte {
	begin := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, 0)
	dst = binary.LittleEndian.AppendUint32(dst, f.blocks)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(f.fileBytes))
	dst = binary.LittleEndian.AppendUint64(dst, f.hash)
	return appendChecksum(dst, begin, sum)
}

// appendChecksum appends the checksum of dst from begin on, which goes on from another one.
func appendChecksum(dst []byte, begin int, sum uint32) []byte {
	return binary.LittleEndian.AppendUint32(dst, crc32.Update(sum, castagnoli, dst[begin:]))
}

// checked reports whether b ends with the checksum of what precedes it.
func checked(b []byte, sum uint32) bool {
	end := len(b) - checksumBytes
	return crc32.Update(sum, castagnoli, b[:end]) == binary.LittleEndian.Uint32(b[end:])
}

// sumOf is the checksum that a header ends with.
func sumOf(header []byte) uint32 {
	return binary.LittleEndian.Uint32(header[len(header)-checksumBytes:])
}
