package value

import "github.com/raftredis/raftredis/fsm/value/digest"

// Kind tags the type of a value in images and in the state hash. A tag never changes its meaning.
type Kind uint8

// The kinds.
const (
	KindString Kind = 1
	KindTopic  Kind = 2
	KindLock   Kind = 3
	KindHash   Kind = 4
	KindList   Kind = 5
	KindSet    Kind = 6
	KindStream Kind = 8
	// KindSortedSet is that of sorted sets.
	KindSortedSet Kind = 7
)

// MaxKind is the largest kind: an image keeps it in the lower six bits of a byte.
const MaxKind Kind = 1<<6 - 1

// traits are what there is to know of a kind.
type traits struct {
	// name is what TYPE answers.
	name string
	// newReader makes a reader of images.
	newReader func() Reader
	// stays is what Stays reports.
	stays bool
}

// kinds is the table of all kinds: each file of a type adds its row. A kind without a row is not known.
var kinds = [MaxKind + 1]traits{
	KindString: {"string", func() Reader { return new(StringReader) }, false},
	KindTopic:  {"raftlog", func() Reader { return new(topicReader) }, true},
	KindLock:   {"raftlock", func() Reader { return new(lockReader) }, true},
	KindHash:   {"hash", newHashReader, false},
	KindSet:    {"set", newSetReader, false},
	KindStream: {"stream", func() Reader { return new(streamReader) }, false},
	KindList:   {"list", func() Reader { return new(listReader) }, false},

	KindSortedSet: {"zset", func() Reader { return new(sortedSetReader) }, false},
}

// Name is what TYPE answers for values of a kind.
func (k Kind) Name() string {
	if name := kinds[k&MaxKind].name; name != "" {
		return name
	}
	return "unknown"
}

// Stays reports whether a value must not come under another name as it is. A lock would be free under its own name
// while it is held, and an index of a topic would mean another entry.
func (k Kind) Stays() bool { return kinds[k&MaxKind].stays }

// Reader makes values of a kind, one after the other, of the parts that Value.EachPart made. The parts may be any
// bytes: a reader refuses what is no value, panics at nothing, and holds about as much memory as the value takes of
// which the bytes are here.
type Reader interface {
	// Add takes the next part, which is not empty and valid during the call, and reports whether it is one. maxBytes
	// bounds a string. state is a fresh one of the hash of values, generation that of the key space. After a refusal the
	// reader is not used again.
	Add(part []byte, maxBytes int, state digest.Sip, generation uint64) bool
	// Finish ends a value. If apart is nil it is a string, text, which is valid until the next Add; only the reader of
	// strings makes one. ok is false if the parts are not those of a whole value.
	Finish(state digest.Sip, generation uint64) (text []byte, apart Value, ok bool)
}

// NewReader makes a reader for values of a kind, or gives nil for an unknown kind.
func NewReader(kind Kind) Reader {
	if row := &kinds[kind&MaxKind]; row.newReader != nil {
		return row.newReader()
	}
	return nil
}

// Value is a value that lies apart from its key: a string in chunks, and each value of another type. Short strings have
// none, they lie with their key. A value is never changed: a write makes a new one, which may share memory with the old
// one, as Generation says.
type Value interface {
	// Kind is the type.
	Kind() Kind
	// Encoding is what OBJECT ENCODING answers: how Redis would keep the value if it had just been made, within limits.
	Encoding(limits EncodingLimits) string
	// Size is the number of bytes of the contents.
	Size() int
	// MemoryBytes estimates how much memory the value occupies.
	MemoryBytes() int
	// Digest is the hash of the contents, the same for equal contents however they came about. It costs O(1): a value
	// keeps a sum of the digests of its elements, and a change of one element corrects the sum.
	Digest() uint64
	// Generation is the generation of the key space that made the value. Two keys may share a value of an older
	// generation: each of them copies before it writes. See keyspace.Space.Unshare.
	Generation() uint64
	// EachPart calls emit with the image of the contents, part by part, until emit fails. It is a function of the
	// contents alone. A part is not empty, has about MaxPartBytes at most, and is valid during the call. The parts are
	// made in buf, which has room for MaxPartBytes.
	EachPart(buf []byte, emit func(part []byte) error) error
}

// Box holds a value by one pointer, so that an entry needs 8 bytes for it and not 16. A value that is replaced often
// can have its box within itself.
type Box struct{ Value Value }

// BoxOf is the box of a value: the one within it, if it has one.
func BoxOf(v Value) *Box {
	if within, ok := v.(interface{ Box() *Box }); ok {
		return within.Box()
	}
	return &Box{Value: v}
}

// MaxPartBytes bounds the parts into which the image of a value is cut.
const MaxPartBytes = 64<<10 + 16
