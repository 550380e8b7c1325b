package value

import (
	"encoding/binary"
	"math"

	"github.com/raftredis/raftredis/fsm/value/shelves"
)

// The image of a stream is a row of records, each with its length before it, cut into parts every MaxPartBytes:
//
//	stream    last ID · highest deleted ID · entries ever added · blocks · groups
//	block     first ID · last ID · entries ever added · bytes as a listpack · entries held · fields
//	entry     as in streamBlock. A block is followed by its entries, from the first one held on
//	group     name · last ID · entries read · consumers · entries pending
//	consumer  name · seen · active. A group is followed by its consumers, in the order of their names
//	pending   ID · time · deliveries · number of the consumer, from 0. These follow the consumers, in the order of IDs
//
// Numbers are uvarints; those that may be negative alternate in sign: 0, -1, 1, -2 … An ID is two numbers. Before a
// name is its length. The blocks follow the stream, in their order; the groups follow the blocks, in that of their
// names.

// maxStreamRecordBytes bounds a record: the longest entry, with the lengths of its fields and values.
const maxStreamRecordBytes = math.MaxInt32

// record adds a record of some numbers, with a text before them and one behind.
func (p *imageParts) record(before, behind []byte, numbers ...uint64) {
	var few [16 * binary.MaxVarintLen64]byte
	words := few[:0]
	for _, n := range numbers {
		words = binary.AppendUvarint(words, n)
	}
	var length [binary.MaxVarintLen64]byte
	p.put(binary.AppendUvarint(length[:0], uint64(len(before)+len(words)+len(behind))))
	p.put(before)
	p.put(words)
	p.put(behind)
}

// EachPart calls emit with the parts of the image, made in buf.
func (t *Stream) EachPart(buf []byte, emit func(part []byte) error) error {
	w := cutInto(buf, emit)
	w.record(nil, nil, t.last.Millis, t.last.Sequence, t.deleted.Millis, t.deleted.Sequence, t.added,
		uint64(t.blocks.Len()), uint64(t.groups.Len()))
	t.blocks.Each(shelves.Spot{}, func(b *streamBlock) bool {
		w.record(nil, b.bytes[:b.begin], b.first.Millis, b.first.Sequence, b.last.Millis, b.last.Sequence,
			uint64(b.added), uint64(b.listpack), uint64(b.held))
		return w.put(b.bytes[b.from:])
	})
	t.groups.Each(shelves.Spot{}, func(g *StreamGroup) bool {
		g.write(w)
		return w.err == nil
	})
	return w.finish()
}

func (g *StreamGroup) write(w *imageParts) {
	w.record(appendText(nil, []byte(g.name.text)), nil, g.last.Millis, g.last.Sequence, alternating(g.read),
		uint64(g.consumers.Len()), uint64(g.pending.Len()))
	numbers := make(map[*streamName]uint64, g.consumers.Len())
	g.consumers.Each(shelves.Spot{}, func(c *StreamConsumer) bool {
		numbers[c.name] = uint64(len(numbers))
		w.record(appendText(nil, []byte(c.name.text)), nil, alternating(c.seen), alternating(c.active))
		return w.err == nil
	})
	g.pending.Each(shelves.Spot{}, func(p StreamPending) bool {
		w.record(nil, nil, p.ID.Millis, p.ID.Sequence, alternating(p.Time), p.Count, numbers[p.owner])
		return w.err == nil
	})
}

// alternating is a number that may be negative as one that is not.
func alternating(n int64) uint64 { return uint64(n<<1) ^ uint64(n>>63) }

// words reads the numbers and texts of a record, each as it is written. bad says that one was not.
type words struct {
	rest []byte
	bad  bool
}

func (w *words) number() uint64 {
	n, length := binary.Uvarint(w.rest)
	if length <= 0 || (length > 1 && w.rest[length-1] == 0) { // no number is written longer than it is
		w.bad = true
		return 0
	}
	w.rest = w.rest[length:]
	return n
}

func (w *words) signed() int64 {
	n := w.number()
	return int64(n>>1) ^ -int64(n&1)
}

func (w *words) id() StreamID {
	millis := w.number()
	return StreamID{millis, w.number()}
}

func (w *words) text() []byte {
	n := w.number()
	if w.bad || n > uint64(len(w.rest)) {
		w.bad = true
		return nil
	}
	text := w.rest[:n]
	w.rest = w.rest[n:]
	return text
}

// ends reports whether the record was read, and all of it.
func (w *words) ends() bool { return !w.bad && len(w.rest) == 0 }
