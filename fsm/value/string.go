package value

import (
	"encoding/binary"
	"slices"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/zeebo/xxh3"
)

// embeddedBytes is the length up to which Redis keeps a string together with its header.
const embeddedBytes = 44

// String is a string wherever it lies: with its key, or in chunks apart. The zero value is the empty string. It is for
// reading, and valid until the next write of its key.
type String struct {
	text   string
	chunks *Chunks
}

// Inline is a string that lies with its key.
func Inline(text string) String { return String{text: text} }

// Inline is the string in one piece, if it lies with its key.
func (s String) Inline() (text string, ok bool) { return s.text, s.chunks == nil }

// Generation is that of the newest part of a string in chunks. One that lies with its key never changes: it is older
// than every generation.
func (s String) Generation() uint64 {
	if s.chunks == nil {
		return oldest
	}
	return s.chunks.generation
}

// Len is the length in bytes.
func (s String) Len() int {
	if s.chunks != nil {
		return s.chunks.length
	}
	return len(s.text)
}

// ReadAt copies what the string has from an offset on, which is at most its length, into dst, and says how much that
// was.
func (s String) ReadAt(dst []byte, offset int) int {
	if s.chunks != nil {
		return s.chunks.readAt(dst, offset)
	}
	return copy(dst, s.text[offset:])
}

// Held is how many bytes of memory the string keeps at most, as command.Text says.
func (s String) Held() (owner any, bytes int) {
	if s.chunks != nil {
		return s.chunks, s.chunks.length
	}
	return nil, len(s.text)
}

// AppendRange appends the bytes from begin to end, which the string has, to dst.
func (s String) AppendRange(dst []byte, begin, end int) []byte {
	if s.chunks == nil {
		return append(dst, s.text[begin:end]...)
	}
	at := len(dst)
	dst = slices.Grow(dst, end-begin)[:at+end-begin]
	s.chunks.readAt(dst[at:], begin)
	return dst
}

// Append appends the string to dst.
func (s String) Append(dst []byte) []byte { return s.AppendRange(dst, 0, s.Len()) }

// Digest is the hash of the string; state is a fresh one of the hash of values.
func (s String) Digest(state digest.Sip) uint64 {
	if s.chunks != nil {
		return s.chunks.digest
	}
	return digest.OfString(state, s.text)
}

// Integer is the string as a number, if it is the canonical spelling of one.
func (s String) Integer() (int64, bool) {
	if s.chunks != nil { // so long is no number
		return 0, false
	}
	return number.Parse(s.text)
}

// Encoding is what OBJECT ENCODING answers.
func (s String) Encoding() string {
	if _, ok := s.Integer(); ok {
		return "int"
	}
	if s.Len() <= embeddedBytes {
		return "embstr"
	}
	return "raw"
}

// The image of a string in parts begins with a part that is its length as a uvarint. Each further part is the number of
// chunks of zeros that it skips, as a uvarint, and then the bytes of one chunk or several, none of which is zeros. A
// part has at most partChunks chunks, and ends before a chunk of zeros or at the end of the string. Zeros at the end
// have no part.
const partChunks = 16

// EachPart calls emit with the parts of the image, made in buf.
func (s String) EachPart(buf []byte, emit func(part []byte) error) error {
	if err := emit(binary.AppendUvarint(buf[:0], uint64(s.Len()))); err != nil {
		return err
	}
	skipped, count := 0, digest.ChunkCount(s.Len())
	for i := 0; i < count; {
		if s.zeroChunk(i) {
			skipped++
			i++
			continue
		}
		begin := i
		for i++; i < count && i < begin+partChunks && !s.zeroChunk(i); i++ {
		}
		part := binary.AppendUvarint(buf[:0], uint64(skipped))
		part = s.AppendRange(part, begin*ChunkBytes, min(i*ChunkBytes, s.Len()))
		if err := emit(part); err != nil {
			return err
		}
		skipped = 0
	}
	return nil
}

// zeroChunk reports whether a chunk is zeros.
func (s String) zeroChunk(index int) bool {
	begin := index * ChunkBytes
	if s.chunks == nil {
		return isZero(s.text[begin : begin+digest.ChunkLength(index, len(s.text))])
	}
	one := s.chunks.at(index)
	return one == nil || isZero(one.bytes)
}

// isZero reports whether all bytes are zero.
func isZero[T digest.Text](b T) bool {
	for i := range len(b) {
		if b[i] != 0 {
			return false
		}
	}
	return true
}

// StringReader is the Reader of strings. The zero value awaits the first part of the first string.
type StringReader struct {
	begun bool
	// length is that of the string, next the first chunk that no part has reached.
	length, next int
	// small collects a string of up to maxSmallBytes, chunks a longer one.
	small  []byte
	chunks *Chunks
}

// maxSmallBytes is the length up to which a string is collected in one piece: enough that it may lie with its key.
const maxSmallBytes = 256 << 10

// Add takes the next part. A string has at most maxBytes.
func (r *StringReader) Add(part []byte, maxBytes int, state digest.Sip, generation uint64) bool {
	number, n := binary.Uvarint(part)
	if n <= 0 {
		return false
	}
	if !r.begun {
		return n == len(part) && number <= uint64(maxBytes) && r.begin(int(number), state, generation)
	}
	content, count := part[n:], digest.ChunkCount(len(part)-n)
	left := digest.ChunkCount(r.length) - r.next
	if count == 0 || number > uint64(left) || count > left-int(number) {
		return false
	}
	first := r.next + int(number)
	r.next = first + count
	begin := first * ChunkBytes
	if len(content) != min(r.next*ChunkBytes, r.length)-begin {
		return false
	}
	if r.chunks == nil {
		copy(r.small[begin:], content)
		return true
	}
	for i := first; i < r.next; i++ {
		content = content[copy(r.chunks.own(i), content):]
		r.chunks.rehash(i, 0, state)
	}
	return true
}

func (r *StringReader) begin(length int, state digest.Sip, generation uint64) bool {
	r.begun, r.length, r.next = true, length, 0
	if length > maxSmallBytes {
		r.chunks = newZeros(length, state, generation)
		return true
	}
	r.small = slices.Grow(r.small[:0], length)[:length]
	clear(r.small)
	return true
}

// Finish ends the string: it is text if apart is nil. text is valid until the next Add. ok is false if no part came.
func (r *StringReader) Finish(state digest.Sip, generation uint64) (text []byte, apart Value, ok bool) {
	if !r.begun {
		return nil, nil, false
	}
	r.begun = false
	if chunks := r.chunks; chunks != nil {
		r.chunks = nil
		chunks.complete(state)
		return nil, chunks, true
	}
	if mostlyZeros(r.small) {
		return nil, NewChunks(string(r.small), state, generation), true
	}
	return r.small, nil, true
}

// mostlyZeros reports whether a string is of several chunks, and at least half of them are zeros. It lies in chunks
// then, without those: otherwise a node whose clients set single bits far behind the end of short strings would need a
// thousand times the memory after a restart.
func mostlyZeros(text []byte) bool {
	zeros := 0
	for i := range digest.ChunkCount(len(text)) {
		begin := i * ChunkBytes
		if isZero(text[begin : begin+digest.ChunkLength(i, len(text))]) {
			zeros++
		}
	}
	return len(text) > ChunkBytes && 2*zeros >= digest.ChunkCount(len(text))
}

// XXH3 is the XXH3 hash of the bytes, of 64 bits and without a seed: what DIGEST shows and clients compute. It depends
// on the bytes alone, not on where they lie. It costs O(N), and copies a chunk at a time.
func (s String) XXH3() uint64 {
	if s.chunks == nil {
		return xxh3.HashString(s.text)
	}
	hash := xxh3.New()
	s.eachChunk(func(piece []byte) bool {
		_, _ = hash.Write(piece) // it never fails
		return true
	})
	return hash.Sum64()
}

// Equal reports whether the string is b. It costs O(N) where the lengths are equal, and O(1) otherwise.
func (s String) Equal(b []byte) bool {
	switch {
	case s.Len() != len(b):
		return false
	case s.chunks == nil:
		return s.text == string(b)
	}
	equal, offset := true, 0
	s.eachChunk(func(piece []byte) bool {
		equal = string(piece) == string(b[offset:offset+len(piece)])
		offset += len(piece)
		return equal
	})
	return equal
}

// eachChunk visits the bytes of a string in chunks, in order, until visit returns false. A piece is valid during the
// visit.
func (s String) eachChunk(visit func(piece []byte) bool) {
	var buf [ChunkBytes]byte
	for offset := 0; offset < s.Len(); {
		n := s.ReadAt(buf[:], offset)
		if !visit(buf[:n]) {
			return
		}
		offset += n
	}
}
