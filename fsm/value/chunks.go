package value

import (
	"math/bits"
	"slices"
	"strings"
)

// ChunkBytes is the length of a chunk: a change of one byte of a long string copies and hashes that much.
const ChunkBytes = 4 << 10

// Chunks is a long string, cut into chunks so that a change costs what it touches, at any length. It implements Value.
//
//	Chunks ──► list ──► chunk ──► ChunkBytes bytes; in the last one fewer
//	             └────► nil: a chunk of zeros, as SETBIT far behind the end leaves them
//
// A change makes a new Chunks with a digest of its own. Within one generation the new one shares list and bytes with
// the old one, so only the newest may be read or changed: a command that gives a second key the same value must begin a
// generation. A freeze may reach what is of an older generation, so a change copies that first.
type Chunks struct {
	box Box
	// generation is the one that made list.
	generation uint64
	list       []*chunk
	length     int
	// sum adds up the shares of the chunks in the digest.
	sum, digest uint64
	// tail is the hash of the whole words of the last chunk, so that an append costs what it adds.
	tail Sip
}

type chunk struct {
	generation uint64
	digest     uint64
	bytes      []byte
}

// chunkCount is the number of chunks of a string.
func chunkCount(length int) int { return (length + ChunkBytes - 1) / ChunkBytes }

// chunkLength is the length of a chunk of a string.
func chunkLength(index, length int) int { return min(ChunkBytes, length-index*ChunkBytes) }

// chunkShare is what a chunk adds to the sum.
func chunkShare(s Sip, index int, digest uint64) uint64 { return s.Word(uint64(index)).Finish(digest) }

// foldChunks is the digest of a string of several chunks.
func foldChunks(s Sip, length int, sum uint64) uint64 { return s.Word(uint64(length)).Finish(sum) }

// DigestString is the hash of a string, the same for any layout: of up to ChunkBytes the plain hash, of longer ones
// made of the hashes of chunks.
func DigestString[T Text](s Sip, text T) uint64 {
	if len(text) <= ChunkBytes {
		return Digest(s, text)
	}
	var sum uint64
	for i := range chunkCount(len(text)) {
		begin := i * ChunkBytes
		sum += chunkShare(s, i, Digest(s, text[begin:begin+chunkLength(i, len(text))]))
	}
	return foldChunks(s, len(text), sum)
}

// NewChunks cuts a string into chunks.
func NewChunks(text string, s Sip, generation uint64) *Chunks {
	return BuildChunks(len(text), s, generation, func(piece []byte, offset int) bool {
		return copy(piece, strings.TrimRight(text[offset:offset+len(piece)], "\x00")) > 0
	})
}

// BuildChunks makes a string chunk by chunk: fill writes into zeros at an offset, and reports whether one of them is
// not zero any more.
func BuildChunks(length int, s Sip, generation uint64, fill func(piece []byte, offset int) bool) *Chunks {
	p := newZeros(length, s, generation)
	var piece [ChunkBytes]byte
	for i := range p.list {
		part := piece[:chunkLength(i, length)]
		if fill(part, i*ChunkBytes) {
			copy(p.own(i, s), part)
			p.rehash(i, 0, s)
			clear(part)
		}
	}
	p.complete(s)
	return p
}

// newZeros begins a string of zeros; complete ends it.
func newZeros(length int, s Sip, generation uint64) *Chunks {
	p := &Chunks{generation: generation}
	p.box.Value = p
	p.resize(length, s)
	return p
}

// complete makes the last chunk, which counts as a full one until then, and the digest.
func (p *Chunks) complete(s Sip) {
	if last := len(p.list) - 1; last >= 0 && p.list[last] == nil {
		p.own(last, s)
		p.rehash(last, 0, s)
	}
	p.fold(s)
}

// Box is where the value is held: in itself.
func (p *Chunks) Box() *Box { return &p.box }

// Kind is KindString.
func (p *Chunks) Kind() Kind { return KindString }

// Encoding is what OBJECT ENCODING answers.
func (p *Chunks) Encoding(EncodingLimits) string { return p.Text().Encoding() }

// Size is the number of bytes.
func (p *Chunks) Size() int { return p.length }

// Digest is the digest of the bytes.
func (p *Chunks) Digest() uint64 { return p.digest }

// Generation is that of the newest part.
func (p *Chunks) Generation() uint64 { return p.generation }

// EachPart calls emit with the parts of the image.
func (p *Chunks) EachPart(buf []byte, emit func(part []byte) error) error {
	return p.Text().EachPart(buf, emit)
}

// Text is the string, for reading.
func (p *Chunks) Text() String { return String{chunks: p} }

// fold makes the digest out of those of the chunks.
func (p *Chunks) fold(s Sip) {
	if len(p.list) == 1 {
		p.digest = p.list[0].digest
	} else {
		p.digest = foldChunks(s, p.length, p.sum)
	}
}

// Overwritten is the string with b, which is not empty, at an offset. A string that ends before the offset is
// lengthened with zeros. The generation is the present one.
func (p *Chunks) Overwritten(offset int, b []byte, s Sip, generation uint64) *Chunks {
	next := new(Chunks)
	*next = *p
	next.box.Value = next
	if next.generation < generation {
		next.generation, next.list = generation, slices.Clone(p.list)
	}
	last, same := len(p.list)-1, p.length%ChunkBytes // the last chunk so far, and its bytes unless it is full
	end := offset + len(b)
	if end > p.length {
		next.resize(end, s)
		if same != 0 && offset/ChunkBytes > last {
			next.own(last, s)
			next.rehash(last, same, s)
		}
	}
	for at := offset; at < end; {
		i, begin := at/ChunkBytes, at%ChunkBytes
		at += copy(next.own(i, s)[begin:], b[at-offset:])
		if i != last || offset < p.length {
			same = 0
		}
		next.rehash(i, same, s)
	}
	next.fold(s)
	return next
}

// resize makes the list longer by chunks of zeros. The last chunk counts as a full one until it is written.
func (p *Chunks) resize(length int, s Sip) {
	p.length = length
	more := chunkCount(length) - len(p.list)
	if more <= 0 {
		return
	}
	zeros := zeroChunkDigest(s)
	p.list = slices.Grow(p.list, more)
	for range more {
		p.sum += chunkShare(s, len(p.list), zeros)
		p.list = append(p.list, nil)
	}
}

// own gives the bytes of a chunk for a write, in a chunk that this generation may change. The caller rehashes it after
// the write.
func (p *Chunks) own(index int, s Sip) []byte {
	length := chunkLength(index, p.length)
	room := 1 << bits.Len(uint(length-1))
	old := p.list[index]
	switch {
	case old == nil:
		p.list[index] = &chunk{p.generation, zeroChunkDigest(s), make([]byte, length, room)}
	case old.generation < p.generation || cap(old.bytes) < length:
		p.list[index] = &chunk{p.generation, old.digest, append(make([]byte, 0, room), old.bytes...)[:length]}
	default:
		old.bytes = old.bytes[:length] // zeros: nothing was ever written behind the length
	}
	return p.list[index].bytes
}

// rehash corrects digest and sum for a chunk that was written. same above 0 says that it was the last chunk and that
// its first same bytes did not change: then it costs what was added.
func (p *Chunks) rehash(index, same int, s Sip) {
	written := p.list[index]
	p.sum -= chunkShare(s, index, written.digest)
	state := s
	if same > 0 {
		state = p.tail
	}
	state = extend(state, written.bytes, same&^7)
	written.digest = seal(state, written.bytes)
	p.sum += chunkShare(s, index, written.digest)
	if index == len(p.list)-1 {
		p.tail = state
	}
}

// readAt copies what the string has from an offset on into dst, and says how much that was.
func (p *Chunks) readAt(dst []byte, offset int) int {
	n := min(len(dst), p.length-offset)
	for done := 0; done < n; {
		index, begin := (offset+done)/ChunkBytes, (offset+done)%ChunkBytes
		to := dst[done:min(n, done+ChunkBytes-begin)]
		if source := p.list[index]; source == nil {
			clear(to)
		} else if copy(to, source.bytes[begin:]) < len(to) {
			panic("value: a chunk is shorter than its string")
		}
		done += len(to)
	}
	return n
}

// zeroChunkDigest is the digest of a full chunk of zeros.
func zeroChunkDigest(s Sip) uint64 {
	var zeros [ChunkBytes]byte
	return Digest(s, zeros[:])
}
