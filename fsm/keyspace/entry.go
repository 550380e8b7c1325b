package keyspace

import (
	"encoding/binary"
	"strings"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/access"
)

// ChunkedBytes is the length from which a string that a command changed, and did not replace, lies apart from its key,
// in chunks. Shorter ones are copied whole: that is cheaper than more objects.
const ChunkedBytes = 512

// Entry is a key, its value, its deadline and its version. It is replaced, never changed, but for the mark of its uses,
// which no freeze looks at: what it points to can be in the reach of a freeze.
type Entry struct {
	// record is one allocation: the length of the key as a uvarint, the key, and the value unless that lies apart. It
	// is a Go string because those are immutable, and own their bytes.
	record string
	// apart is the value, nil if it is a string that lies in the record.
	apart *value.Box
	// Deadline is when the key ends. It stands here and not in the record, so that EXPIRE does not copy the value.
	Deadline Deadline
	// word is the version of the key in its lower bits: the index of the entry of the log that last changed it. Put sets
	// it. The upper 16 bits are a part of the key's mark, which readers write: see leaf.mark.
	word uint64
}

// versionMask are the bits of a version. No log has so many entries.
const versionMask = 1<<48 - 1

// version is the index of the entry of the log that last changed the key.
func (e *Entry) version() uint64 { return access.Load(&e.word) & versionMask }

// NewEntry copies a key and a string into an entry of its own, without a deadline: to put it clears that of the key.
func NewEntry(key, text []byte) Entry {
	var record strings.Builder
	beginRecord(&record, key, len(text))
	record.Write(text)
	return Entry{record: record.String()}
}

// EntryOf is an entry whose value lies apart from its key.
func EntryOf(key []byte, v value.Value) Entry { return entryOf(key, value.BoxOf(v)) }

func entryOf(key []byte, apart *value.Box) Entry {
	var record strings.Builder
	beginRecord(&record, key, 0)
	return Entry{record: record.String(), apart: apart}
}

// buildEntry is NewEntry for a string that is made piece by piece: fill writes all bytes of the piece at an offset.
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
func (e Entry) Until(deadline Deadline) Entry {
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

// With is the entry with another value, which lies apart as that of the entry does.
func (e *Entry) With(v value.Value) Entry {
	return Entry{record: e.record, apart: value.BoxOf(v), Deadline: e.Deadline}
}

// Under is the entry under another key. It shares what lies apart: see Space.Unshare.
func (e *Entry) Under(key []byte) Entry {
	var record strings.Builder
	text := e.record[e.keyEnd():]
	beginRecord(&record, key, len(text))
	record.WriteString(text)
	return Entry{record: record.String(), apart: e.apart, Deadline: e.Deadline}
}

// hasValueOf reports whether an entry of the same key has the same value, at a glance: only one that was made from it
// does. EXPIRE and its like are then spared to hash the value twice.
func (e *Entry) hasValueOf(other *Entry) bool {
	return e.apart == other.apart && e.record == other.record
}

// Expired reports whether the key is absent at a time.
func (e *Entry) Expired(now Now) bool { return e.Deadline != 0 && e.Deadline.passed(now) }

// keySpan gives where in the record the key begins and ends.
func (e *Entry) keySpan() (begin, end int) {
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

func (e *Entry) keyEnd() int {
	_, end := e.keySpan()
	return end
}

// Key is the key.
func (e *Entry) Key() string {
	begin, end := e.keySpan()
	return e.record[begin:end]
}

// Kind is the type of the value.
func (e *Entry) Kind() value.Kind {
	if e.apart == nil {
		return value.KindString
	}
	return e.apart.Value.Kind()
}

// staying is 1 for a value that must keep its name, 0 for another one.
func (e *Entry) staying() int {
	if e.apart == nil || !e.apart.Value.Kind().Stays() {
		return 0
	}
	return 1
}

// Text is the value as a string, for reading until the next write of its key. ok is false if it is of another kind.
func (e *Entry) Text() (text value.String, ok bool) {
	if e.apart == nil {
		return value.Inline(e.record[e.keyEnd():]), true
	}
	chunks, ok := e.apart.Value.(*value.Chunks)
	if !ok {
		return value.String{}, false
	}
	return chunks.Text(), true
}

// Apart is the value if it lies apart from its key, and nil otherwise: then it is a string.
func (e *Entry) Apart() value.Value {
	if e.apart == nil {
		return nil
	}
	return e.apart.Value
}

// Size is the number of bytes of the value.
func (e *Entry) Size() int {
	if e.apart == nil {
		return len(e.record) - e.keyEnd()
	}
	return e.apart.Value.Size()
}

// Encoding is how Redis would keep the value if it had just been set, within limits.
func (e *Entry) Encoding(limits value.EncodingLimits) string {
	if e.apart == nil {
		return value.Inline(e.record[e.keyEnd():]).Encoding()
	}
	return e.apart.Value.Encoding(limits)
}

// digest is the hash of the value; state is a fresh one of the hash of values.
func (e *Entry) digest(state digest.Sip) uint64 {
	if e.apart == nil {
		return digest.OfString(state, e.record[e.keyEnd():])
	}
	return e.apart.Value.Digest()
}

// Overwritten is an entry of a string with b, which is not empty, at an offset, and with the same deadline. A string
// that ends before the offset is lengthened with zeros.
func (s *shared) Overwritten(e *Entry, offset int, b []byte) Entry {
	return e.overwritten(offset, b, s.values, s.generation)
}

// Built is an entry with a string of a length, made piece by piece: fill writes into the zeros at an offset, and
// reports whether one of them is not zero any more. If none is, the piece is zeros as before.
func (s *shared) Built(key []byte, length int, fill func(piece []byte, offset int) bool) Entry {
	if length <= value.ChunkBytes {
		return buildEntry(key, length, func(piece []byte, offset int) { fill(piece, offset) })
	}
	return entryOf(key, value.BuildChunks(length, s.values, s.generation, fill).Box())
}

// overwritten is Overwritten; state is a fresh one of the hash of values, generation the present one.
func (e *Entry) overwritten(offset int, b []byte, state digest.Sip, generation uint64) Entry {
	if e.apart != nil {
		chunks := e.apart.Value.(*value.Chunks).Overwritten(offset, b, state, generation)
		return Entry{record: e.record, apart: chunks.Box(), Deadline: e.Deadline}
	}
	keyEnd := e.keyEnd()
	text := e.record[keyEnd:]
	end := max(offset+len(b), len(text))
	if end < ChunkedBytes {
		var fresh [ChunkedBytes]byte
		copy(fresh[:], text)
		copy(fresh[offset:], b)
		var record strings.Builder
		record.Grow(keyEnd + end)
		record.WriteString(e.record[:keyEnd])
		record.Write(fresh[:end])
		return Entry{record: record.String(), Deadline: e.Deadline}
	}
	cut := value.NewChunks(text, state, generation).Overwritten(offset, b, state, generation)
	return Entry{record: strings.Clone(e.record[:keyEnd]), apart: cut.Box(), Deadline: e.Deadline}
}
