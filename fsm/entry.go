package fsm

import (
	"encoding/binary"
	"strings"

	"github.com/raftredis/raftredis/internal/reply"
)

// kindString is the kind of value that a string is, in images and in the state hash.
const kindString = 1

// growthBytes is the length from which a string that was lengthened by APPEND is kept apart from its key, with room to
// grow. Shorter ones are copied whole: that is cheaper than one more object.
const growthBytes = 512

// entry is a key, its value and its deadline. It is replaced, never changed: what it points to can be in the reach of a
// freeze.
type entry struct {
	// record is one allocation: the length of the key as a uvarint, the key, and the value unless grown holds that.
	// It is a Go string because those are immutable, and own their bytes.
	record string
	grown  *grown
	// deadline is the state time, in milliseconds since 1970 UTC, from which on the key is absent; 0 for never. It
	// stands here and not in the record, so that EXPIRE does not copy the value.
	deadline int64
}

// grown is a string that APPEND made. A later APPEND makes a new grown that shares the array and writes only behind the
// bytes of this one, so whoever holds this one, a freeze say, sees it unchanged. There is one newest version at any
// time, and only that one is ever lengthened: a command that copies a value must copy the array.
type grown struct {
	bytes []byte
	// prefix is the hash of the whole words of bytes.
	prefix sip
}

// newEntry copies key and value into an entry of its own, without a deadline: to put it clears the one that the key had.
func newEntry(key, value []byte) entry {
	var prefix [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(prefix[:], uint64(len(key)))
	var record strings.Builder
	record.Grow(n + len(key) + len(value))
	record.Write(prefix[:n])
	record.Write(key)
	record.Write(value)
	return entry{record: record.String()}
}

// until is the entry with a deadline, or without one if that is 0.
func (e entry) until(deadline int64) entry {
	e.deadline = deadline
	return e
}

// keeping is the entry with the deadline of old, which may be nil: for commands that change a value and do not replace it.
func (e entry) keeping(old *entry) entry {
	if old == nil {
		return e.until(0)
	}
	return e.until(old.deadline)
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

// inline is the value if grown is nil.
func (e *entry) inline() string {
	_, end := e.keyEnd()
	return e.record[end:]
}

// length is the length of the value in bytes.
func (e *entry) length() int {
	if e.grown != nil {
		return len(e.grown.bytes)
	}
	return len(e.inline())
}

// appendValue appends the value to dst.
func (e *entry) appendValue(dst []byte) []byte {
	if e.grown != nil {
		return append(dst, e.grown.bytes...)
	}
	return append(dst, e.inline()...)
}

// appendBulk appends the value to dst as a bulk string.
func (e *entry) appendBulk(dst []byte) []byte {
	if e.grown != nil {
		return reply.Bulk(dst, e.grown.bytes)
	}
	return reply.BulkString(dst, e.inline())
}

// digest is the hash of the value; s is a fresh state.
func (e *entry) digest(s sip) uint64 {
	if e.grown != nil {
		return seal(e.grown.prefix, e.grown.bytes)
	}
	return digest(s, e.inline())
}

// integer is the value as a number, if it is the canonical spelling of one.
func (e *entry) integer() (int64, bool) {
	if e.grown != nil {
		return parseInteger(e.grown.bytes)
	}
	return parseInteger(e.inline())
}

// lengthened is the entry with more bytes at the end of its value, and the same deadline; s is a fresh state of the values' hash.
func (e *entry) lengthened(more []byte, s sip) entry {
	switch {
	case e.grown != nil:
		from := len(e.grown.bytes) &^ 7
		longer := append(e.grown.bytes, more...)
		return entry{e.record, &grown{longer, extend(e.grown.prefix, longer, from)}, e.deadline}
	case e.length()+len(more) < growthBytes:
		return entry{record: e.record + string(more), deadline: e.deadline}
	}
	_, end := e.keyEnd()
	longer := append([]byte(e.record[end:]), more...)
	return entry{strings.Clone(e.record[:end]), &grown{longer, extend(s, longer, 0)}, e.deadline}
}
