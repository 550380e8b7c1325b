package fsm

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/internal/reply"
)

// kindString is the kind of value that a string is, in images and in the state hash.
const kindString = 1

// chunkedBytes is the length from which a string that a command changed, and did not replace, is kept apart from its
// key, in chunks. Shorter ones are copied whole: that is cheaper than more objects.
const chunkedBytes = 512

// entry is a key, its value and its deadline. It is replaced, never changed: what it points to can be in the reach of a
// freeze.
type entry struct {
	// record is one allocation: the length of the key as a uvarint, the key, and the value unless chunks hold that.
	// It is a Go string because those are immutable, and own their bytes.
	record string
	chunks *chunks
	// deadline is the state time, in milliseconds since 1970 UTC, from which on the key is absent; 0 for never. It
	// stands here and not in the record, so that EXPIRE does not copy the value.
	deadline int64
}

// newEntry copies key and value into an entry of its own, without a deadline: to put it clears that of the key.
func newEntry(key, value []byte) entry {
	var record strings.Builder
	beginRecord(&record, key, len(value))
	record.Write(value)
	return entry{record: record.String()}
}

// buildEntry is newEntry for a value that is made piece by piece: fill writes all bytes of the piece at an offset.
func buildEntry(key []byte, length int, fill func(piece []byte, offset int)) entry {
	var record strings.Builder
	beginRecord(&record, key, length)
	var buf [chunkBytes]byte
	for offset := 0; offset < length; offset += len(buf) {
		piece := buf[:min(len(buf), length-offset)]
		fill(piece, offset)
		record.Write(piece)
	}
	return entry{record: record.String()}
}

// beginRecord makes room for a whole record and writes what precedes the value.
func beginRecord(record *strings.Builder, key []byte, valueBytes int) {
	var prefix [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(prefix[:], uint64(len(key)))
	record.Grow(n + len(key) + valueBytes)
	record.Write(prefix[:n])
	record.Write(key)
}

// until is the entry with a deadline, or without one if that is 0.
func (e entry) until(deadline int64) entry {
	e.deadline = deadline
	return e
}

// keeping is the entry with the deadline of old, which may be nil: for commands that change a value and do not replace
// it.
func (e entry) keeping(old *entry) entry {
	if old == nil {
		return e.until(0)
	}
	return e.until(old.deadline)
}

// hasValueOf reports whether an entry of the same key has the same value, at a glance: only one that was made from it
// does. EXPIRE and its like are then spared to hash the value twice.
func (e *entry) hasValueOf(other *entry) bool {
	return e.chunks == other.chunks && e.record == other.record
}

// expired reports whether the key is absent at a state time.
func (e *entry) expired(time int64) bool { return e.deadline != 0 && e.deadline <= time }

// keyEnd gives where in the record the key begins and ends.
func (e *entry) keyEnd() (begin, end int) {
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

func (e *entry) key() string {
	begin, end := e.keyEnd()
	return e.record[begin:end]
}

// inline is the value if chunks is nil.
func (e *entry) inline() string {
	_, end := e.keyEnd()
	return e.record[end:]
}

// length is the length of the value in bytes.
func (e *entry) length() int {
	if e.chunks != nil {
		return e.chunks.length
	}
	return len(e.inline())
}

// readAt copies what the value has from an offset on, which is at most its length, into dst, and says how much that
// was.
func (e *entry) readAt(dst []byte, offset int) int {
	if e.chunks != nil {
		return e.chunks.readAt(dst, offset)
	}
	return copy(dst, e.inline()[offset:])
}

// appendRange appends the bytes of the value from begin to end, which it has, to dst.
func (e *entry) appendRange(dst []byte, begin, end int) []byte {
	if e.chunks == nil {
		return append(dst, e.inline()[begin:end]...)
	}
	at := len(dst)
	dst = slices.Grow(dst, end-begin)[:at+end-begin]
	e.chunks.readAt(dst[at:], begin)
	return dst
}

// appendValue appends the value to dst.
func (e *entry) appendValue(dst []byte) []byte { return e.appendRange(dst, 0, e.length()) }

// appendBulk appends the value to dst as a bulk string.
func (e *entry) appendBulk(dst []byte) []byte { return e.appendBulkRange(dst, 0, e.length()) }

// appendBulkRange appends the bytes of the value from begin to end, which it has, to dst as a bulk string.
func (e *entry) appendBulkRange(dst []byte, begin, end int) []byte {
	if e.chunks == nil {
		return reply.BulkString(dst, e.inline()[begin:end])
	}
	dst = e.appendRange(reply.BulkHeader(dst, end-begin), begin, end)
	return append(dst, "\r\n"...)
}

// digest is the hash of the value; s is a fresh state.
func (e *entry) digest(s sip) uint64 {
	if e.chunks != nil {
		return e.chunks.digest
	}
	return digestValue(s, e.inline())
}

// integer is the value as a number, if it is the canonical spelling of one.
func (e *entry) integer() (int64, bool) {
	if e.chunks != nil { // so long is no number
		return 0, false
	}
	return parseInteger(e.inline())
}

// overwritten is the entry with b, which is not empty, at an offset of its value, and the same deadline. A value that
// ends before the offset is lengthened with zeros. s is a fresh state of the values' hash, generation the present one.
func (e *entry) overwritten(offset int, b []byte, s sip, generation uint64) entry {
	end := max(offset+len(b), e.length())
	if e.chunks == nil && end < chunkedBytes {
		var value [chunkedBytes]byte
		copy(value[:], e.inline())
		copy(value[offset:], b)
		var record strings.Builder
		_, keyEnd := e.keyEnd()
		record.Grow(keyEnd + end)
		record.WriteString(e.record[:keyEnd])
		record.Write(value[:end])
		return entry{record: record.String(), deadline: e.deadline}
	}
	if e.chunks != nil {
		return entry{e.record, e.chunks.overwritten(offset, b, s, generation), e.deadline}
	}
	_, keyEnd := e.keyEnd()
	cut := newChunks(e.record[keyEnd:], s, generation)
	return entry{strings.Clone(e.record[:keyEnd]), cut.overwritten(offset, b, s, generation), e.deadline}
}
