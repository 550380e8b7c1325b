package value

import (
	"encoding/binary"
	"slices"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/allocated"
)

// Topic is a replicated log at a key: entries that are appended behind, read by their index, and trimmed in front. It
// implements Value.
//
// Indexes follow each other without a gap. Only that of the first entry is stored: the command that makes a topic
// brings it, and must bring one above all that any topic of that name ever had.
type Topic struct {
	box     Box
	entries Sequence
	// first is the index of the first entry that is held, or of the next one to come if none is.
	first  uint64
	limits TopicLimits
	digest uint64
}

// TopicLimits bound a topic. They are part of its contents.
type TopicLimits struct {
	// Bytes bounds the bytes of all entries, Entries their number.
	Bytes, Entries uint64
	// Trims says that the oldest entries make room for new ones. Otherwise a full topic takes none.
	Trims bool
}

// MaxTopicEntryBytes bounds the bytes of an entry of a topic: it is hashed and copied while all other clients wait.
const MaxTopicEntryBytes = 16 << 20

// maxTopicNumber is above all indexes and numbers that a topic has.
const maxTopicNumber = 1 << 62

// NewTopic is an empty topic whose first entry will have an index, which is not 0.
func NewTopic(first uint64, limits TopicLimits, s digest.Sip) *Topic {
	return (&Topic{first: first, limits: limits}).sealed(s)
}

// sealed gives a topic, which is not in use yet, its digest and its box.
func (t *Topic) sealed(s digest.Sip) *Topic {
	trims := uint64(0)
	if t.limits.Trims {
		trims = 1
	}
	t.digest = s.Word(t.first).Word(t.entries.first).Word(t.entries.next).Word(t.limits.Bytes).Word(t.limits.Entries).
		Word(trims).Finish(t.entries.sum)
	t.box.Value = t
	return t
}

// Appended is the topic with a copy of data behind. time is not before that of the last entry.
func (t *Topic) Appended(time int64, data []byte, s digest.Sip, generation uint64) *Topic {
	next := *t
	next.entries.append(time, data, s, generation)
	return next.sealed(s)
}

// Trimmed is the topic without the entries before an index, which is at most Next.
func (t *Topic) Trimmed(before uint64, s digest.Sip, generation uint64) *Topic {
	if before <= t.first {
		return t
	}
	next := *t
	next.entries.trim(t.entries.first+before-t.first, s, generation)
	next.first = before
	return next.sealed(s)
}

// Renumbered is the topic with other indexes, from first on. It shares its entries with t.
func (t *Topic) Renumbered(first uint64, s digest.Sip) *Topic {
	next := *t
	next.first = first
	return next.sealed(s)
}

// Limited is the topic with other limits. What it holds beyond them stays.
func (t *Topic) Limited(limits TopicLimits, s digest.Sip) *Topic {
	next := *t
	next.limits = limits
	return next.sealed(s)
}

// First is the index of the first entry that is held, or that of the next one to come if none is.
func (t *Topic) First() uint64 { return t.first }

// Next is the index of the next entry to come.
func (t *Topic) Next() uint64 { return t.first + t.entries.Len() }

// Len is the number of entries that are held, Bytes how many bytes they have.
func (t *Topic) Len() uint64 { return t.entries.Len() }

// Bytes is how many bytes the entries have.
func (t *Topic) Bytes() uint64 { return uint64(t.entries.bytes) }

// Trimmings is how many entries were trimmed.
func (t *Topic) Trimmings() uint64 { return t.entries.first }

// Limits are those of the topic.
func (t *Topic) Limits() TopicLimits { return t.limits }

// Each visits the entries from an index on, which is at most Next, until visit wants no more. data never changes, and
// may be kept.
func (t *Topic) Each(from uint64, visit func(index uint64, time int64, data []byte) bool) {
	first := t.entries.first
	t.entries.each(first+max(from, t.first)-t.first, func(number uint64, time int64, data []byte) bool {
		return visit(t.first+number-first, time, data)
	})
}

// Since is the index of the first entry whose time is not before a moment, or Next.
func (t *Topic) Since(time int64) uint64 { return t.first + t.entries.since(time) - t.entries.first }

// Within is the index of the first entry from which on there are at most so many bytes and entries.
func (t *Topic) Within(bytes, entries uint64) uint64 {
	from := t.first + t.entries.within(int(min(bytes, maxTopicNumber))) - t.entries.first
	return max(from, t.Next()-min(entries, t.Len()))
}

// FirstTime and LastTime are the times of the first and the last entry that are held, 0 if none is.
func (t *Topic) FirstTime() (time int64) {
	t.Each(t.first, func(_ uint64, at int64, _ []byte) bool {
		time = at
		return false
	})
	return time
}

// LastTime is the time of the last entry that is held, 0 if none is.
func (t *Topic) LastTime() int64 { return t.entries.lastTime() }

// Box is where the value is held: in itself.
func (t *Topic) Box() *Box { return &t.box }

// Kind is KindTopic.
func (t *Topic) Kind() Kind { return KindTopic }

// Encoding is what OBJECT ENCODING answers.
func (t *Topic) Encoding(EncodingLimits) string { return "sequence" }

// Size is the number of bytes of the entries, with what says where each ends.
func (t *Topic) Size() int { return t.entries.bytes + int(t.entries.Len())*markBytes }

// topicBytes is the size of a topic without its storage. A test compares it with the type.
const topicBytes = 128

// MemoryBytes is what the topic occupies.
func (t *Topic) MemoryBytes() int { return allocated.Size(topicBytes) + t.entries.memoryBytes() }

// Digest is the digest of the contents.
func (t *Topic) Digest() uint64 { return t.digest }

// Generation is that of the storage.
func (t *Topic) Generation() uint64 { return t.entries.generation }

// The image of a topic begins with a part of uvarints: the index of the first entry, how many were trimmed, how many
// are held, the limits of bytes and entries, and 1 if the oldest make room, else 0. The entries follow: see Sequence.
const topicWords = 6

// EachPart calls emit with the parts of the image, made in buf.
func (t *Topic) EachPart(buf []byte, emit func(part []byte) error) error {
	head := buf[:0]
	for _, word := range [topicWords]uint64{
		t.first, t.entries.first, t.entries.Len(), t.limits.Bytes, t.limits.Entries, uint64(digitOf(t.limits.Trims)),
	} {
		head = binary.AppendUvarint(head, word)
	}
	if err := emit(head); err != nil {
		return err
	}
	return t.entries.eachPart(buf, emit)
}

func digitOf(is bool) int {
	if is {
		return 1
	}
	return 0
}

// topicReader is the Reader of topics. The zero value awaits the first part of the first topic.
type topicReader struct {
	begun   bool
	topic   Topic
	entries sequenceReader
}

// Add takes the next part.
func (r *topicReader) Add(part []byte, _ int, s digest.Sip, generation uint64) bool {
	if !r.begun {
		r.begun = true
		return r.begin(part)
	}
	return r.entries.add(part, MaxTopicEntryBytes, s, generation)
}

func (r *topicReader) begin(part []byte) bool {
	var words [topicWords]uint64
	for i := range words {
		word, n := binary.Uvarint(part)
		if n <= 0 || word >= maxTopicNumber {
			return false
		}
		words[i], part = word, part[n:]
	}
	first, trimmed, held, trims := words[0], words[1], words[2], words[5]
	if len(part) > 0 || first == 0 || trims > 1 || slices.Max([]uint64{first, trimmed}) > maxTopicNumber-held {
		return false
	}
	r.topic = Topic{first: first, limits: TopicLimits{Bytes: words[3], Entries: words[4], Trims: trims == 1}}
	r.entries.left = held
	r.entries.q.first, r.entries.q.next = trimmed, trimmed
	return true
}

// Finish ends a topic.
func (r *topicReader) Finish(s digest.Sip, _ uint64) (text []byte, apart Value, ok bool) {
	if !r.begun {
		return nil, nil, false
	}
	done := r.topic
	if done.entries, ok = r.entries.finish(); !ok {
		return nil, nil, false
	}
	*r = topicReader{}
	return nil, done.sealed(s), true
}
