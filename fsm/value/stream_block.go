package value

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/fsm/value/listpack"
	"github.com/raftredis/raftredis/internal/command"
)

// Redis keeps the entries of a stream in nodes, each a listpack of a bounded size. Which entries share a node decides
// what XTRIM and XADD drop with `~`: whole nodes. So a block of a stream is what a node of Redis would be by
// stream-node-max-bytes and stream-node-max-entries, and counts how long its listpack would be.
const (
	// listpackBase is a listpack without elements: a header of six bytes, and its end.
	listpackBase = 7
	// listpackSmall is an element with a small number, such as a count of entries.
	listpackSmall = 2
)

// streamBlock is some entries of a stream that follow each other, packed into one row of bytes:
//
//	bytes    fields · entry · entry · …
//	fields   how many · each: length, bytes
//	entry    length of the rest · milliseconds behind first · sequence, less that of first in its millisecond
//	         · 0 if its fields are those of the block, else how many pairs · for each: its field unless 0 · its value
//
// All numbers are uvarints, and before each field and each value is its length. The fields of a block are those of the
// entry that began it, and stay when that is gone; an entry with the same fields does not repeat them.
//
// The bytes of an entry stay as they are and where they are as long as anything points to them. Entries are added
// behind; the first ones go by moving from; others go by making the bytes anew.
type streamBlock struct {
	generation uint64
	// first is the ID of the entry that began the block, last that of the newest one that it ever had. newest is the ID
	// of the last entry that is held.
	first, last, newest StreamID
	// sum adds up the digests of the entries held; fields is the digest of the fields.
	sum, fields uint64
	bytes       []byte
	// begin is where the entries begin, from where the first one held does.
	begin, from uint32
	// held is how many entries are held, added how many there ever were. listpack is how many bytes they would have as a
	// node of Redis, where what is gone keeps its place.
	held, added, listpack uint32
}

// MaxStreamEntryBytes bounds the bytes of all fields and values of an entry together, as Redis does.
const MaxStreamEntryBytes = 1 << 30

// What a block occupies besides its bytes. A test compares it with the type.
const streamBlockBytes = 120

// Compare makes blocks the items of shelves.
func (b *streamBlock) Compare(key StreamID) int { return b.first.Compare(key) }

// newStreamBlock makes a block without entries, of which the first will have an ID, and these pairs of a field and a
// value.
func newStreamBlock(id StreamID, pairs [][]byte, s digest.Sip, generation uint64) *streamBlock {
	b := &streamBlock{generation: generation, first: id}
	b.bytes = binary.AppendUvarint(nil, uint64(len(pairs)/2))
	b.listpack = listpackBase + 3*listpackSmall + uint32(listpack.NumberBytes(int64(len(pairs)/2)))
	for i := 0; i < len(pairs); i += 2 {
		b.bytes = appendText(b.bytes, pairs[i])
		b.listpack += uint32(listpack.Bytes(pairs[i]))
	}
	b.sealFields(s)
	return b
}

// sealFields ends the fields, which are all that there is.
func (b *streamBlock) sealFields(s digest.Sip) {
	b.begin = uint32(len(b.bytes))
	b.from = b.begin
	b.fields = digest.Of(s, b.bytes)
}

// StreamNodes bounds the blocks of a stream; an entry may be longer than that, alone in its block. Bytes is up to
// command.MaxStreamNodeBytes, Entries up to command.MaxStreamNodeEntries.
type StreamNodes struct{ Bytes, Entries int }

// StreamNodesOf are those of a layout.
func StreamNodesOf(l *command.Layout) StreamNodes {
	nodes := StreamNodes{Bytes: l.StreamNodeBytes, Entries: l.StreamNodeEntries}
	if nodes.Bytes == 0 {
		nodes.Bytes = command.MaxStreamNodeBytes
	}
	if nodes.Entries == 0 {
		nodes.Entries = command.MaxStreamNodeEntries
	}
	return nodes
}

// takes reports whether another entry of so many bytes of fields and values belongs to the block.
func (b *streamBlock) takes(bytes int, nodes StreamNodes) bool {
	return int(b.added) < nodes.Entries && int(b.listpack)+bytes < nodes.Bytes
}

// digest is the hash of the block.
func (b *streamBlock) digest(s digest.Sip) uint64 {
	return s.Word(b.first.Millis).Word(b.first.Sequence).Word(b.last.Millis).Word(b.last.Sequence).Word(b.fields).
		Word(uint64(b.added)<<32 | uint64(b.listpack)).Finish(b.sum)
}

// size is how many bytes the block has of what it holds.
func (b *streamBlock) size() int { return len(b.bytes) - int(b.from-b.begin) }

func appendText(dst, text []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// uvarintBytes is how long a number is as a uvarint.
func uvarintBytes(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }

// hasFields reports whether the fields of some pairs are those of the block.
func (b *streamBlock) hasFields(pairs [][]byte) bool {
	count, rest := cutUvarint(b.bytes)
	if count != uint64(len(pairs)/2) {
		return false
	}
	for i := 0; i < len(pairs); i += 2 {
		var field []byte
		if field, rest = cutText(rest); string(field) != string(pairs[i]) {
			return false
		}
	}
	return true
}

// cutUvarint and cutText read what the package wrote.
func cutUvarint(b []byte) (n uint64, rest []byte) {
	n, length := binary.Uvarint(b)
	return n, b[length:]
}

func cutText(b []byte) (text, rest []byte) {
	n, rest := cutUvarint(b)
	return rest[:n:n], rest[n:]
}

// add adds an entry behind the others. This generation may change the block, of up to about so many bytes.
func (b *streamBlock) add(id StreamID, pairs [][]byte, maxBytes int, s digest.Sip) {
	same := b.hasFields(pairs)
	body := b.bodyBytes(id, pairs, same)
	need := uvarintBytes(uint64(body)) + body
	b.grow(need, maxBytes)
	b.bytes = binary.AppendUvarint(b.bytes, uint64(body))
	begin := len(b.bytes)
	b.bytes = b.appendHead(b.bytes, id, pairs, same)
	b.listpack += uint32(b.listpackEntry(id, pairs, same))
	for i := 0; i < len(pairs); i += 2 {
		if !same {
			b.bytes = appendText(b.bytes, pairs[i])
		}
		b.bytes = appendText(b.bytes, pairs[i+1])
	}
	b.sum += streamEntryDigest(s, id, b.bytes[begin:])
	b.last, b.newest = id, id
	b.held++
	b.added++
}

// appendHead appends what stands between the length of an entry and its values.
func (b *streamBlock) appendHead(dst []byte, id StreamID, pairs [][]byte, same bool) []byte {
	sequence := id.Sequence
	if id.Millis == b.first.Millis {
		sequence -= b.first.Sequence
	}
	dst = binary.AppendUvarint(dst, id.Millis-b.first.Millis)
	dst = binary.AppendUvarint(dst, sequence)
	if same {
		return append(dst, 0)
	}
	return binary.AppendUvarint(dst, uint64(len(pairs)/2))
}

// bodyBytes is how long an entry is without its length.
func (b *streamBlock) bodyBytes(id StreamID, pairs [][]byte, same bool) int {
	var head [3 * binary.MaxVarintLen64]byte
	bytes := len(b.appendHead(head[:0], id, pairs, same))
	for i, text := range pairs {
		if i%2 == 1 || !same {
			bytes += uvarintBytes(uint64(len(text))) + len(text)
		}
	}
	return bytes
}

// listpackEntry is what an entry adds to the listpack: flags, how far its ID is behind the first one, in both parts,
// its fields with their number unless they are those of the block, its values, and the number of all these.
func (b *streamBlock) listpackEntry(id StreamID, pairs [][]byte, same bool) int {
	elements := len(pairs)/2 + 3
	bytes := listpackSmall + listpack.NumberBytes(int64(id.Millis-b.first.Millis)) +
		listpack.NumberBytes(int64(id.Sequence-b.first.Sequence))
	if !same {
		elements += len(pairs)/2 + 1
		bytes += listpack.NumberBytes(int64(len(pairs) / 2))
	}
	for i, text := range pairs {
		if i%2 == 1 || !same {
			bytes += listpack.Bytes(text)
		}
	}
	return bytes + listpack.NumberBytes(int64(elements))
}

// grow makes room for so many bytes more: twice as much as there is, up to what a block has.
func (b *streamBlock) grow(bytes, maxBytes int) {
	need := len(b.bytes) + bytes
	if need <= cap(b.bytes) {
		return
	}
	room := need
	if need < maxBytes {
		room = max(need, min(2*len(b.bytes), maxBytes))
	}
	b.bytes = append(make([]byte, 0, room), b.bytes...)
}

// close gives back memory that a block does not need which takes no more entries.
func (b *streamBlock) close() {
	if spare := cap(b.bytes) - len(b.bytes); spare > len(b.bytes)/16 {
		b.bytes = append(make([]byte, 0, len(b.bytes)), b.bytes...)
	}
}

// copy is the block for a generation to change.
func (b *streamBlock) copy(generation uint64) *streamBlock {
	own := *b
	own.generation = generation
	own.bytes = slices.Clip(b.bytes) // what is added is added to bytes of its own
	return &own
}

// streamEntryDigest is the digest of an entry.
func streamEntryDigest(s digest.Sip, id StreamID, body []byte) uint64 {
	return digest.Of(s.Word(id.Millis).Word(id.Sequence), body)
}

// StreamEntry is an entry of a stream. Its bytes never change, and may be kept.
type StreamEntry struct {
	ID StreamID
	// Pairs is how many pairs of a field and a value it has.
	Pairs int
	// fields are those of its block, nil if it has its own; values are its values, with its own fields if it has them.
	fields, values []byte
}

// Each visits the fields and the values. The bytes never change, and may be kept.
func (e StreamEntry) Each(visit func(field, text []byte)) {
	fields, values := e.fields, e.values
	for range e.Pairs {
		var field, text []byte
		if fields != nil {
			field, fields = cutText(fields)
		} else {
			field, values = cutText(values)
		}
		text, values = cutText(values)
		visit(field, text)
	}
}

// Bytes is about how many bytes its fields and values have.
func (e StreamEntry) Bytes() int { return len(e.fields) + len(e.values) }

// idAt reads the ID of the entry at an offset, and where its body and the next entry begin.
func (b *streamBlock) idAt(offset int) (id StreamID, body, next int) {
	length, n := binary.Uvarint(b.bytes[offset:])
	body = offset + n
	next = body + int(length)
	millis, n := binary.Uvarint(b.bytes[body:])
	sequence, _ := binary.Uvarint(b.bytes[body+n:])
	if millis == 0 {
		sequence += b.first.Sequence
	}
	return StreamID{b.first.Millis + millis, sequence}, body, next
}

// entryAt reads the entry at an offset.
func (b *streamBlock) entryAt(offset int) (e StreamEntry, next int) {
	var body int
	e.ID, body, next = b.idAt(offset)
	_, rest := cutUvarint(b.bytes[body:next:next])
	_, rest = cutUvarint(rest)
	pairs, rest := cutUvarint(rest)
	if pairs == 0 {
		pairs, e.fields = cutUvarint(b.bytes[:b.begin:b.begin])
	}
	e.Pairs, e.values = int(pairs), rest
	return e, next
}

// seek gives where the first entry held begins whose ID is not before an ID, or the end.
func (b *streamBlock) seek(id StreamID) (offset int) {
	if b.newest.Compare(id) < 0 {
		return len(b.bytes)
	}
	for offset = int(b.from); offset < len(b.bytes); {
		at, _, next := b.idAt(offset)
		if at.Compare(id) >= 0 {
			break
		}
		offset = next
	}
	return offset
}

// offsets appends where the entries begin whose IDs are not behind an ID.
func (b *streamBlock) offsets(dst []uint32, upto StreamID) []uint32 {
	for offset := int(b.from); offset < len(b.bytes); {
		id, _, next := b.idAt(offset)
		if id.Compare(upto) > 0 {
			break
		}
		dst, offset = append(dst, uint32(offset)), next
	}
	return dst
}

// dropFirst lets go of the first entry held. This generation may change the block.
func (b *streamBlock) dropFirst(s digest.Sip) {
	id, body, next := b.idAt(int(b.from))
	b.sum -= streamEntryDigest(s, id, b.bytes[body:next])
	b.from = uint32(next)
	b.held--
}

// drop lets go of the entry at an offset. There is another one. This generation may change the block.
func (b *streamBlock) drop(offset int, s digest.Sip) {
	if offset == int(b.from) {
		b.dropFirst(s)
		return
	}
	id, body, next := b.idAt(offset)
	b.sum -= streamEntryDigest(s, id, b.bytes[body:next])
	b.held--
	rest := make([]byte, 0, len(b.bytes)-(next-offset)-int(b.from-b.begin))
	rest = append(append(append(rest, b.bytes[:b.begin]...), b.bytes[b.from:offset]...), b.bytes[next:]...)
	b.bytes, b.from = rest, b.begin
	if id == b.newest {
		for at := int(b.from); at < len(b.bytes); {
			b.newest, _, at = b.idAt(at)
		}
	}
}
