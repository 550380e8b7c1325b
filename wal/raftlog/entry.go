package raftlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Entry is one entry of the log. Header and body are immutable once the leader appended it.
type Entry struct {
	Index Index
	Term  Term
	Kind  EntryKind
	// Level is the feature level that a node must know to apply the entry.
	Level uint8
	// Left is, in a piece, how many bytes of the whole body are still to come; 0 in entries that are no piece.
	Left uint32
	Tag  Tag
	// Stamp and Offset are the entry's time.
	Stamp  Stamp
	Offset Offset
	// Body is shared by all holders of the entry. It never changes.
	Body []byte
	// CRC is the CRC32C of the encoded header (without this field) and the body. Seal sets it when the leader appends
	// the entry; from then on it travels with the entry and is checked wherever bytes come in.
	CRC uint32
}

// EntryHeaderBytes is the size of an encoded entry without its body:
//
//	offset  0  length of the body   u32
//	        4  CRC32C               u32  of everything else in the header, in order, and the body
//	        8  kind, level          u8, u8
//	       10  flags                u16  zero so far
//	       12  left                 u32  of a piece: how much of the whole follows; zero in all other kinds
//	       16  index, term          u64, u64
//	       32  origin, boot, seq.   u64, u64, u64
//	       56  stamp                i64
//	       64  offset               i64
const EntryHeaderBytes = 72

// MaxOffset bounds Entry.Offset: some 4,459 years, more than any clock is wrong by.
const MaxOffset Offset = 1<<47 - 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Size is the number of bytes of the encoded entry.
func (e *Entry) Size() int { return EntryHeaderBytes + len(e.Body) }

// Time is what the entry says of time.
func (e *Entry) Time() Time { return Time{Stamp: e.Stamp, Offset: e.Offset} }

// Mark is the entry's position.
func (e *Entry) Mark() Mark { return Mark{Term: e.Term, Index: e.Index} }

// Seal computes the CRC: the last act of the leader that appends the entry.
func (e *Entry) Seal() {
	e.SealWith(new([EntryHeaderBytes]byte))
}

// SealWith is Seal with room for the header that its caller keeps: what is passed to crc32 is allocated each time.
func (e *Entry) SealWith(header *[EntryHeaderBytes]byte) {
	*header = [EntryHeaderBytes]byte{}
	e.putHeader(header)
	e.CRC = checksum(header, e.Body)
}

// AppendHeader appends the encoded header to dst; the body follows it on disk and on the wire.
func (e *Entry) AppendHeader(dst []byte) []byte {
	var header [EntryHeaderBytes]byte
	e.putHeader(&header)
	return append(dst, header[:]...)
}

func (e *Entry) putHeader(h *[EntryHeaderBytes]byte) {
	binary.LittleEndian.PutUint32(h[0:], uint32(len(e.Body)))
	binary.LittleEndian.PutUint32(h[4:], e.CRC)
	h[8], h[9] = byte(e.Kind), e.Level
	binary.LittleEndian.PutUint32(h[12:], e.Left)
	binary.LittleEndian.PutUint64(h[16:], uint64(e.Index))
	binary.LittleEndian.PutUint64(h[24:], uint64(e.Term))
	binary.LittleEndian.PutUint64(h[32:], uint64(e.Tag.Origin))
	binary.LittleEndian.PutUint64(h[40:], uint64(e.Tag.Boot))
	binary.LittleEndian.PutUint64(h[48:], uint64(e.Tag.Sequence))
	binary.LittleEndian.PutUint64(h[56:], uint64(e.Stamp))
	binary.LittleEndian.PutUint64(h[64:], uint64(e.Offset))
}

func checksum(h *[EntryHeaderBytes]byte, body []byte) uint32 {
	crc := crc32.Update(0, castagnoli, h[0:4])
	crc = crc32.Update(crc, castagnoli, h[8:])
	return crc32.Update(crc, castagnoli, body)
}

// ErrShortEntry means that the bytes end before the entry does.
var ErrShortEntry = errors.New("entry is cut short")

// DecodeEntry reads one entry from the front of src and returns it with the number of bytes it took. The entry's body
// aliases src. It checks length, CRC, kind and that reserved bytes are zero; it does not decode configurations.
func DecodeEntry(src []byte) (Entry, int, error) {
	if len(src) < EntryHeaderBytes {
		return Entry{}, 0, ErrShortEntry
	}
	h := (*[EntryHeaderBytes]byte)(src)
	bodyBytes := int(binary.LittleEndian.Uint32(h[0:]))
	if len(src)-EntryHeaderBytes < bodyBytes {
		return Entry{}, 0, ErrShortEntry
	}
	end := EntryHeaderBytes + bodyBytes
	e := Entry{
		Kind:  EntryKind(h[8]),
		Level: h[9],
		Index: Index(binary.LittleEndian.Uint64(h[16:])),
		Term:  Term(binary.LittleEndian.Uint64(h[24:])),
		Tag: Tag{
			Origin:   NodeID(binary.LittleEndian.Uint64(h[32:])),
			Boot:     Boot(binary.LittleEndian.Uint64(h[40:])),
			Sequence: Sequence(binary.LittleEndian.Uint64(h[48:])),
		},
		Stamp:  Stamp(binary.LittleEndian.Uint64(h[56:])),
		Offset: Offset(binary.LittleEndian.Uint64(h[64:])),
		Body:   src[EntryHeaderBytes:end:end],
		Left:   binary.LittleEndian.Uint32(h[12:]),
		CRC:    binary.LittleEndian.Uint32(h[4:]),
	}
	if got := checksum(h, e.Body); got != e.CRC {
		return Entry{}, 0, fmt.Errorf("entry %d: CRC32C is %08x, its header says %08x", e.Index, got, e.CRC)
	}
	if !e.Kind.Known() {
		return Entry{}, 0, unknownKind(&e)
	}
	if h[10]|h[11] != 0 || e.Left != 0 && !e.Kind.Traits().Piece {
		return Entry{}, 0, fmt.Errorf("entry %d: reserved bytes are in use", e.Index)
	}
	return e, end, nil
}

// unknownKind is the error about an entry of a kind that this build does not know.
func unknownKind(e *Entry) error {
	if e.Level > Level {
		return fmt.Errorf("%w: kind %d: %w", ErrUnknownKind, uint8(e.Kind),
			LevelError(fmt.Sprintf("entry %s", e.Mark()), e.Level, Level))
	}
	return fmt.Errorf("entry %d: %w: kind %d", e.Index, ErrUnknownKind, uint8(e.Kind))
}

// String is the entry in one line: its mark, and what it holds if that is short.
func (e Entry) String() string {
	switch {
	case e.Kind.Traits().Piece:
		return fmt.Sprintf("%v %v of %d bytes, %d to come", e.Mark(), e.Kind, len(e.Body), e.Left)
	case !e.Kind.Traits().ForMachine:
		return fmt.Sprintf("%v %v", e.Mark(), e.Kind)
	case len(e.Body) <= 16:
		return fmt.Sprintf("%v %q", e.Mark(), e.Body)
	default:
		return fmt.Sprintf("%v %d bytes", e.Mark(), len(e.Body))
	}
}
