package keyspace

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/fsm/value"
)

// kindString is the kind of value that a string is, in images and in the state hash.
const kindString = 1

// ChunkedBytes is the length from which a string that a command changed, and did not replace, is kept apart from its
// key, in chunks. Shorter ones are copied whole: that is cheaper than more objects.
const ChunkedBytes = 512

// Entry is a key, its value and its deadline. It is replaced, never changed: what it points to can be in the reach of a
// freeze.
type Entry struct {
	// record is one allocation: the length of the key as a uvarint, the key, and the value unless chunks hold that.
	// It is a Go string because those are immutable, and own their bytes.
	record string
	chunks *value.Chunks
	// Deadline is the state time, in milliseconds since 1970 UTC, from which on the key is absent; 0 for never. It
	// stands here and not in the record, so that EXPIRE does not copy the value.
	Deadline int64
}

// NewEntry copies key and value into an entry of its own, without a deadline: to put it clears that of the key.
func NewEntry(key, value []byte) Entry {
	var record strings.Builder
	beginRecord(&record, key, len(value))
	record.Write(value)
	return Entry{record: record.String()}
}

// buildEntry is NewEntry for a value that is made piece by piece: fill writes all bytes of the piece at an offset.
func buildEntry(key []byte, length int, fill func(piece []byte, offset int)) Entry {
	var record strings.Builder
	beginRecord(&record, key, length)
	var buf [value.ChunkBytes]byte
	for offset := 0; offset < length; offset += len(buf) {
		piece := buf[:min(len(buf), length-offset)]
		fill(piece, offset)
		record.Write(piece)
	}
	return Entry{record: record.String()}
}

// beginRecord makes room for a whole record and writes what precedes the value.
func beginRecord(record *strings.Builder, key []byte, valueBytes int) {
	var prefix [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(prefix[:], uint64(len(key)))
	record.Grow(n + len(key) + valueBytes)
	record.Write(prefix[:n])
	record.Write(key)
}

// Until is the entry with a deadline, or without one if that is 0.
func (e Entry) Until(deadline int64) Entry {
	e.Deadline = deadline
	return e
}

// Keeping is the entry with the deadline of old, which may be nil: for commands that change a value and do not replace
// it.
func (e Entry) Keeping(old *Entry) Entry {
	if old == nil {
		return e.Until(0)
	}
	return e.Until(old.Deadline)
}

// hasValueOf reports whether an entry of the same key has the same value, at a glance: only one that was made from it
// does. EXPIRE and its like are then spared to hash the value twice.
func (e *Entry) hasValueOf(other *Entry) bool {
	return e.chunks == other.chunks && e.record == other.record
}

// Expired reports whether the key is absent at a state time.
func (e *Entry) Expired(time int64) bool { return e.Deadline != 0 && e.Deadline <= time }

// keyEnd gives where in the record the key begins and ends.
func (e *Entry) keyEnd() (begin, end int) {
	var length uint64
	for shift := 0; ; shift += 7 {
		c := e.record[begin]
		begin++
		length |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return begin, begin + int(length)
		}
	}
}

// Key is the key.
func (e *Entry) Key() string {
	begin, end := e.keyEnd()
	return e.record[begin:end]
}

// Inline is the value, if it lies with its key.
func (e *Entry) Inline() (value string, ok bool) {
	if e.chunks != nil {
		return "", false
	}
	return e.text(), true
}

// text is the value if chunks is nil.
func (e *Entry) text() string {
	_, end := e.keyEnd()
	return e.record[end:]
}

// Length is the length of the value in bytes.
func (e *Entry) Length() int {
	if e.chunks != nil {
		return e.chunks.Size()
	}
	return len(e.text())
}

// ReadAt copies what the value has from an offset on, which is at most its length, into dst, and says how much that
// was.
func (e *Entry) ReadAt(dst []byte, offset int) int {
	if e.chunks != nil {
		return e.chunks.ReadAt(dst, offset)
	}
	return copy(dst, e.text()[offset:])
}

// AppendRange appends the bytes of the value from begin to end, which it has, to dst.
func (e *Entry) AppendRange(dst []byte, begin, end int) []byte {
	if e.chunks == nil {
		return append(dst, e.text()[begin:end]...)
	}
	at := len(dst)
	dst = slices.Grow(dst, end-begin)[:at+end-begin]
	e.chunks.ReadAt(dst[at:], begin)
	return dst
}

// AppendValue appends the value to dst.
func (e *Entry) AppendValue(dst []byte) []byte { return e.AppendRange(dst, 0, e.Length()) }

// digest is the hash of the value; s is a fresh state.
func (e *Entry) digest(s value.Sip) uint64 {
	if e.chunks != nil {
		return e.chunks.Digest()
	}
	return value.DigestString(s, e.text())
}

// Integer is the value as a number, if it is the canonical spelling of one.
func (e *Entry) Integer() (int64, bool) {
	if e.chunks != nil { // so long is no number
		return 0, false
	}
	return value.ParseInteger(e.text())
}

// Overwritten is an entry with b, which is not empty, at an offset of its value, and the same deadline. A value that
// ends before the offset is lengthened with zeros.
func (s *Space) Overwritten(e *Entry, offset int, b []byte) Entry {
	return e.overwritten(offset, b, s.values, s.generation)
}

// Built is an entry with a string of a length, made piece by piece: fill writes into the zeros at an offset, and
// reports whether one of them is not zero any more. If none is, the piece is zeros as before.
func (s *Space) Built(key []byte, length int, fill func(piece []byte, offset int) bool) Entry {
	if length <= value.ChunkBytes {
		return buildEntry(key, length, func(piece []byte, offset int) { fill(piece, offset) })
	}
	var record strings.Builder
	beginRecord(&record, key, 0)
	return Entry{record: record.String(), chunks: value.BuildChunks(length, s.values, s.generation, fill)}
}

// overwritten is that of a space. s is a fresh state of the values' hash, generation the present one.
func (e *Entry) overwritten(offset int, b []byte, s value.Sip, generation uint64) Entry {
	end := max(offset+len(b), e.Length())
	if e.chunks == nil && end < ChunkedBytes {
		var value [ChunkedBytes]byte
		copy(value[:], e.text())
		copy(value[offset:], b)
		var record strings.Builder
		_, keyEnd := e.keyEnd()
		record.Grow(keyEnd + end)
		record.WriteString(e.record[:keyEnd])
		record.Write(value[:end])
		return Entry{record: record.String(), Deadline: e.Deadline}
	}
	if e.chunks != nil {
		return Entry{e.record, e.chunks.Overwritten(offset, b, s, generation), e.Deadline}
	}
	_, keyEnd := e.keyEnd()
	cut := value.NewChunks(e.record[keyEnd:], s, generation)
	return Entry{strings.Clone(e.record[:keyEnd]), cut.Overwritten(offset, b, s, generation), e.Deadline}
}

// LengthOrNone is the length of a value, 0 if there is no entry.
func (e *Entry) LengthOrNone() int {
	if e == nil {
		return 0
	}
	return e.Length()
}

// Under is the entry under another key. It shares what the value has in chunks.
func (e *Entry) Under(key []byte) Entry {
	named := NewEntry(key, nil)
	if e.chunks == nil {
		named.record += e.text()
	}
	named.chunks = e.chunks
	return named.Keeping(e)
}

// TypeName is what TYPE answers.
func (e *Entry) TypeName() string { return "string" }

// embeddedBytes is the length up to which Redis keeps a string together with its header.
const embeddedBytes = 44

// Encoding is how Redis would keep the value if it had just been set.
func (e *Entry) Encoding() string {
	if _, ok := e.Integer(); ok {
		return "int"
	}
	if e.Length() <= embeddedBytes {
		return "embstr"
	}
	return "raw"
}
