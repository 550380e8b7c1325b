package value

import (
	"bytes"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// Arriving is a long string of which a beginning is here and the rest is to come. It is cut and hashed as it comes, so
// that what is left to do when it is whole is one chunk.
type Arriving struct {
	chunks *Chunks
	state  digest.Sip
	// keeps says that the bytes that come belong to the string. Otherwise it copies them.
	keeps bool
	// next is the first chunk that is not made.
	next int
}

// oldest is before every generation of a key space: all of it is copied before it is changed.
const oldest = 0

// NewArriving begins a string of a length, which is not 0; state is a fresh one of the hash of values. keeps says that
// the bytes given to Add never change, and that the string may keep them.
func NewArriving(length int, state digest.Sip, keeps bool) *Arriving {
	return &Arriving{chunks: newZeros(length, state, oldest), state: state, keeps: keeps}
}

// stepChunks is how many chunks are made at once, and share memory: as much as a piece of a body.
const stepChunks = 256

// Add takes the string as far as it is here: all that Add was given before, and what has come since.
func (a *Arriving) Add(text []byte) {
	upto := len(text) / ChunkBytes
	if len(text) == a.chunks.length {
		upto = a.chunks.count()
	}
	for a.next < upto {
		a.make(text, min(upto, a.next+stepChunks))
	}
}

// make makes the chunks before upto, of which the bytes are here.
func (a *Arriving) make(text []byte, upto int) {
	p := a.chunks
	text = text[a.next*ChunkBytes : min(upto*ChunkBytes, p.length)]
	if !a.keeps {
		text = bytes.Clone(text)
	}
	made := make([]chunk, upto-a.next)
	for i := range made {
		from, number := i*ChunkBytes, a.next+i
		to := from + digest.ChunkLength(number, p.length)
		if part := text[from:to:to]; !isZero(part) {
			made[i] = chunk{oldest, digest.ZeroChunk, part}
			p.put(number, &made[i])
			p.rehash(number, 0, a.state)
		}
	}
	a.next = upto
}

// Finish gives the string, when all of it was added. It is older than every generation, so a write copies the chunks
// that it changes.
func (a *Arriving) Finish() *Chunks {
	if a.next != a.chunks.count() {
		panic("value: a string is finished that is not all here")
	}
	a.chunks.complete(a.state)
	return a.chunks
}
