package value

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/allocated"
)

// ChunkBytes is the length of a chunk: a change of one byte of a long string copies and hashes that much.
const ChunkBytes = digest.ChunkBytes

// Chunks is a long string, cut into chunks so that a change costs what it touches, at any length. It implements Value.
//
//	Chunks ──► pages ──► page of up to pageChunks ──► chunk ──► ChunkBytes bytes; in the last one fewer
//	             │                └───────────────► nil: a chunk of zeros, as SETBIT far behind the end leaves them
//	             └─────► nil: all of its chunks are zeros
//
// A change makes a new Chunks with a digest of its own. Within one generation the new one shares pages and bytes with
// the old one, so only the newest may be read or changed: a command that gives a second key the same value must begin a
// generation. A freeze may reach what is of an older generation, so a change copies that first: the pointers to the
// pages, a page, a chunk.
type Chunks struct {
	box Box
	// generation is the one that made the slice of pages.
	generation uint64
	pages      []*chunkPage
	length     int
	// sum adds up the shares of the chunks in the digest.
	sum, digest uint64
	// tail is the hash of the whole words of the last chunk, so that an append costs what it adds.
	tail digest.Sip
}

// pageChunks is how many chunks a page has: a MiB.
const pageChunks = 256

// chunkPage is some chunks that follow each other. Those behind the last of the slice are zeros.
type chunkPage struct {
	generation uint64
	chunks     []*chunk
}

type chunk struct {
	generation uint64
	// digest is the hash of the bytes, or zeroDigest for a full chunk of zeros.
	digest uint64
	bytes  []byte
}

// NewChunks cuts a string into chunks.
func NewChunks(text string, s digest.Sip, generation uint64) *Chunks {
	return BuildChunks(len(text), s, generation, func(piece []byte, offset int) bool {
		return copy(piece, strings.TrimRight(text[offset:offset+len(piece)], "\x00")) > 0
	})
}

// BuildChunks makes a string chunk by chunk: fill writes into zeros at an offset, and reports whether one of them is
// not zero any more.
func BuildChunks(length int, s digest.Sip, generation uint64, fill func(piece []byte, offset int) bool) *Chunks {
	p := newZeros(length, s, generation)
	var piece [ChunkBytes]byte
	for i := range p.count() {
		part := piece[:digest.ChunkLength(i, length)]
		if fill(part, i*ChunkBytes) {
			copy(p.own(i), part)
			p.rehash(i, 0, s)
			clear(part)
		}
	}
	p.complete(s)
	return p
}

// newZeros begins a string of zeros; complete ends it.
func newZeros(length int, s digest.Sip, generation uint64) *Chunks {
	p := &Chunks{generation: generation}
	p.box.Value = p
	p.resize(length)
	return p
}

// complete makes the last chunk, which counts as zeros until then, and the digest.
func (p *Chunks) complete(s digest.Sip) {
	if last := p.count() - 1; last >= 0 && p.at(last) == nil {
		p.own(last)
		p.rehash(last, 0, s)
	}
	p.fold(s)
}

// count is the number of chunks.
func (p *Chunks) count() int { return digest.ChunkCount(p.length) }

// at is a chunk of the string, nil if it is zeros.
func (p *Chunks) at(index int) *chunk {
	page := p.pages[index/pageChunks]
	if within := index % pageChunks; page != nil && within < len(page.chunks) {
		return page.chunks[within]
	}
	return nil
}

// put puts a chunk in its place, in a page that this generation may change.
func (p *Chunks) put(index int, c *chunk) {
	link, within := &p.pages[index/pageChunks], index%pageChunks
	switch page := *link; {
	case page == nil:
		*link = &chunkPage{generation: p.generation}
	case page.generation < p.generation:
		*link = &chunkPage{p.generation, slices.Clone(page.chunks)}
	}
	page := *link
	if missing := within + 1 - len(page.chunks); missing > 0 {
		page.chunks = append(page.chunks, make([]*chunk, missing)...)
	}
	page.chunks[within] = c
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
func (p *Chunks) fold(s digest.Sip) {
	switch {
	case p.count() != 1:
		p.digest = digest.FoldChunks(s, p.length, p.sum)
	case p.at(0).digest == digest.ZeroChunk:
		p.digest = digest.Of(s, p.at(0).bytes)
	default:
		p.digest = p.at(0).digest
	}
}

// Overwritten is the string with b, which is not empty, at an offset. A string that ends before the offset is
// lengthened with zeros. The generation is the present one.
func (p *Chunks) Overwritten(offset int, b []byte, s digest.Sip, generation uint64) *Chunks {
	next := new(Chunks)
	*next = *p
	next.box.Value = next
	if next.generation < generation {
		next.generation, next.pages = generation, slices.Clone(p.pages)
	}
	last, same := p.count()-1, p.length%ChunkBytes // the last chunk so far, and its bytes unless it is full
	end := offset + len(b)
	if end > p.length {
		next.resize(end)
		if same != 0 && offset/ChunkBytes > last {
			next.own(last)
			next.rehash(last, same, s)
		}
	}
	for at := offset; at < end; {
		i, begin := at/ChunkBytes, at%ChunkBytes
		at += copy(next.own(i)[begin:], b[at-offset:])
		if i != last || offset < p.length {
			same = 0
		}
		next.rehash(i, same, s)
	}
	next.fold(s)
	return next
}

// resize lengthens the string by chunks of zeros. The last one counts as a full one until it is written.
func (p *Chunks) resize(length int) {
	p.length = length
	if more := (p.count()+pageChunks-1)/pageChunks - len(p.pages); more > 0 {
		p.pages = append(p.pages, make([]*chunkPage, more)...)
	}
}

// own gives the bytes of a chunk for a write, in a chunk that this generation may change. The caller rehashes it after
// the write.
func (p *Chunks) own(index int) []byte {
	length := digest.ChunkLength(index, p.length)
	room := 1 << bits.Len(uint(length-1))
	one := p.at(index)
	switch {
	case one == nil:
		one = &chunk{p.generation, digest.ZeroChunk, make([]byte, length, room)}
		p.put(index, one)
	case one.generation < p.generation || cap(one.bytes) < length:
		one = &chunk{p.generation, one.digest, append(make([]byte, 0, room), one.bytes...)[:length]}
		p.put(index, one)
	default:
		one.bytes = one.bytes[:length] // zeros: nothing was ever written behind the length
	}
	return one.bytes
}

// rehash corrects digest and sum for a chunk that was written. same above 0 says that it was the last chunk and that
// its first same bytes did not change: then it costs what was added.
func (p *Chunks) rehash(index, same int, s digest.Sip) {
	written, isLast := p.at(index), index == p.count()-1
	p.sum -= digest.ChunkShare(s, index, written.digest)
	isZeros := digest.IsZeroChunk(written.bytes)
	if isZeros {
		written.digest = digest.ZeroChunk
	}
	if isZeros && !isLast {
		return
	}
	state := s
	if same > 0 {
		state = p.tail
	}
	state = digest.Extend(state, written.bytes, same&^7)
	if isLast {
		p.tail = state
	}
	if !isZeros {
		written.digest = digest.Seal(state, written.bytes)
		p.sum += digest.ChunkShare(s, index, written.digest)
	}
}

// readAt copies what the string has from an offset on into dst, and says how much that was.
func (p *Chunks) readAt(dst []byte, offset int) int {
	n := min(len(dst), p.length-offset)
	for done := 0; done < n; {
		index, begin := (offset+done)/ChunkBytes, (offset+done)%ChunkBytes
		to := dst[done:min(n, done+ChunkBytes-begin)]
		if source := p.at(index); source == nil {
			clear(to)
		} else if copy(to, source.bytes[begin:]) < len(to) {
			panic("value: a chunk is shorter than its string")
		}
		done += len(to)
	}
	return n
}

// What a string in chunks occupies besides its bytes: chunksBytes, pageHeaderBytes, chunkHeaderBytes and pointerBytes.
// Tests compare them with the types.
const chunksBytes, pageHeaderBytes, chunkHeaderBytes, pointerBytes = 104, 32, 40, 8

// MemoryBytes is what the chunks occupy. A chunk of zeros that was never written occupies its pointer only.
func (p *Chunks) MemoryBytes() int {
	bytes := allocated.Size(chunksBytes) + allocated.Size(cap(p.pages)*pointerBytes)
	for _, page := range p.pages {
		if page == nil {
			continue
		}
		bytes += allocated.Size(pageHeaderBytes) + allocated.Size(cap(page.chunks)*pointerBytes)
		for _, one := range page.chunks {
			if one != nil {
				bytes += allocated.Size(chunkHeaderBytes) + allocated.Size(cap(one.bytes))
			}
		}
	}
	return bytes
}
