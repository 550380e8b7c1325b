package value

// Kind tags the type of a value in images and in the state hash. A tag never changes its meaning.
type Kind uint8

// KindString is the kind of strings.
const KindString Kind = 1

// MaxKind is the largest kind: an image keeps it in the lower six bits of a byte.
const MaxKind Kind = 1<<6 - 1

// Name is what TYPE answers for values of a kind.
func (k Kind) Name() string {
	if k == KindString {
		return "string"
	}
	return "unknown"
}

// Value is a value that lies apart from its key: a string in chunks, and each value of another type. Short strings have
// none, they lie with their key. A value is never changed: a write makes a new one, which may share memory with the old
// one, as Generation says.
type Value interface {
	// Kind is the type.
	Kind() Kind
	// Encoding is what OBJECT ENCODING answers: how Redis would keep the value if it had just been made.
	Encoding() string
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

// MaxPartBytes bounds the parts into which the image of a value is cut.
const MaxPartBytes = 64<<10 + 16
