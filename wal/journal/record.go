package journal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/raftredis/raftredis/internal/vfs"
)

const (
	// PageBytes is the unit of writing: a record starts at a page and owns its pages.
	PageBytes = 4096
	// headerBytes is the size of a record's header. It lies within one sector, so that it is whole or absent.
	headerBytes = 64
	// Version is the version of the format.
	Version = 3

	magic = 0x314c4e4a // "JNL1"
)

// recordKind says what a record is for. The numbers are part of the format.
type recordKind uint8

const (
	recordOpening recordKind = 1
	recordGroup   recordKind = 2
	recordSeal    recordKind = 3
)

func (k recordKind) String() string {
	if k < recordOpening || k > recordSeal {
		return "unknown"
	}
	return [...]string{"opening", "group", "seal"}[k-recordOpening]
}

// header is the header of a record:
//
//	offset  0  magic             u32
//	        4  header checksum   u32  CRC32C of bytes 8 to 63
//	        8  kind, version     u8, u8; two zero bytes
//	       12  length            u32  of the payload; zeros follow up to the next page
//	       16  generation, salt  u64, u64
//	       32  previous          u32  checksum of the record before; 0 in an opening
//	       36  checksum          u32  CRC32C of bytes 8 to 35, 40 to 63 and the payload
//	       40  file size         u64
//	       48  previous end      u64  in an opening: where the generation before ended
//	       56  other file size   u64  in an opening: of the file that it rolled from
type header struct {
	kind         recordKind
	version      uint8
	payloadBytes int64
	generation   uint64
	salt         uint64
	previous     uint32
	sum          uint32
	fileBytes    int64
	previousEnd  int64
	otherBytes   int64
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// put writes the header into record, whose payload is in place behind it, and returns the record's checksum.
func (h *header) put(record []byte) uint32 {
	clear(record[:headerBytes])
	binary.LittleEndian.PutUint32(record[0:], magic)
	record[8], record[9] = byte(h.kind), h.version
	binary.LittleEndian.PutUint32(record[12:], uint32(h.payloadBytes))
	binary.LittleEndian.PutUint64(record[16:], h.generation)
	binary.LittleEndian.PutUint64(record[24:], h.salt)
	binary.LittleEndian.PutUint32(record[32:], h.previous)
	binary.LittleEndian.PutUint64(record[40:], uint64(h.fileBytes))
	binary.LittleEndian.PutUint64(record[48:], uint64(h.previousEnd))
	binary.LittleEndian.PutUint64(record[56:], uint64(h.otherBytes))
	h.sum = recordSum(record[:headerBytes+h.payloadBytes])
	binary.LittleEndian.PutUint32(record[36:], h.sum)
	binary.LittleEndian.PutUint32(record[4:], crc32.Checksum(record[8:headerBytes], castagnoli))
	return h.sum
}

func recordSum(record []byte) uint32 {
	sum := crc32.Checksum(record[8:36], castagnoli)
	return crc32.Update(sum, castagnoli, record[40:])
}

// parseHeader reads a header; false means that the bytes are not one, or not a whole one.
func parseHeader(b []byte) (header, bool) {
	if len(b) < headerBytes || binary.LittleEndian.Uint32(b) != magic ||
		binary.LittleEndian.Uint32(b[4:]) != crc32.Checksum(b[8:headerBytes], castagnoli) {
		return header{}, false
	}
	return header{
		kind:         recordKind(b[8]),
		version:      b[9],
		payloadBytes: int64(binary.LittleEndian.Uint32(b[12:])),
		generation:   binary.LittleEndian.Uint64(b[16:]),
		salt:         binary.LittleEndian.Uint64(b[24:]),
		previous:     binary.LittleEndian.Uint32(b[32:]),
		sum:          binary.LittleEndian.Uint32(b[36:]),
		fileBytes:    int64(binary.LittleEndian.Uint64(b[40:])),
		previousEnd:  int64(binary.LittleEndian.Uint64(b[48:])),
		otherBytes:   int64(binary.LittleEndian.Uint64(b[56:])),
	}, true
}

// bytes is what the record takes in the file.
func (h *header) bytes() int64 { return paged(headerBytes + h.payloadBytes) }

// paged rounds up to whole pages.
func paged(bytes int64) int64 { return (bytes + PageBytes - 1) / PageBytes * PageBytes }

// journalFile is one of the two files, open.
type journalFile struct {
	vfs.File
	path  string
	bytes int64
	// mask is that of the generation that was last read or written here.
	mask mask
}

func openFile(fs vfs.FS, path string) (*journalFile, error) {
	f, err := fs.Open(path, false)
	if err != nil {
		return nil, err
	}
	bytes, err := f.Size()
	if err != nil {
		return nil, err
	}
	return &journalFile{File: f, path: path, bytes: bytes}, nil
}

// headerAt reads the header at an offset; false means that there is none.
func (f *journalFile) headerAt(offset int64) (header, bool, error) {
	if offset+headerBytes > f.bytes {
		return header{}, false, nil
	}
	var b [headerBytes]byte
	if _, err := f.ReadAt(b[:], offset); err != nil {
		return header{}, false, fmt.Errorf("read %s at %d: %w", f.path, offset, err)
	}
	h, ok := parseHeader(b[:])
	return h, ok, nil
}

// payloadAt reads the payload of the record whose header lies at an offset; false means that it is not whole. The
// caller owns the bytes.
func (f *journalFile) payloadAt(offset int64, h header) ([]byte, bool, error) {
	if h.payloadBytes > f.bytes-offset-headerBytes {
		return nil, false, nil
	}
	record := make([]byte, headerBytes+h.payloadBytes)
	if _, err := f.ReadAt(record, offset); err != nil && err != io.EOF {
		return nil, false, fmt.Errorf("read %s at %d: %w", f.path, offset, err)
	}
	f.mask.apply(record, h.salt)
	return record[headerBytes:], recordSum(record) == h.sum, nil
}
