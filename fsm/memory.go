package fsm

import (
	"math/bits"
	"strconv"

	"github.com/raftredis/raftredis/internal/reply"
)

// What a key occupies besides its bytes. Tests compare the sizes with the types, and the sum over many keys with the
// heap.
const (
	// entryBytes is the size of an entry in its leaf; leafShareBytes is what a key pays on average for the leaf around it,
	// with room to grow, while a slot holds some tens of keys. The last keys of a nearly empty table pay more.
	entryBytes, leafShareBytes = 32, 20
	// deadlineBytes is a line of the index of deadlines, with its share of the tree's room to grow.
	deadlineBytes = 34
	// chunksBytes, chunkHeaderBytes and pointerBytes are the parts of a string in chunks that are no bytes of it.
	chunksBytes, chunkHeaderBytes, pointerBytes = 88, 40, 8
)

// memoryUsage is MEMORY USAGE key [SAMPLES count]: the bytes that this node's memory holds for a key. SAMPLES is for
// values of many parts, and changes nothing here: nothing is guessed from samples.
//
// This is the one reply that tells of the layout, which is each node's own affair: a string that was changed in place
// lies in chunks on a node that applied the changes, and with its key on one that took over an image since.
func memoryUsage(v view, c call) []byte {
	for options := c.args[3:]; len(options) > 0; options = options[2:] {
		if len(options) < 2 || !is(options[0], "SAMPLES") {
			return c.error(reply.Syntax)
		}
		count, ok := parseInteger(options[1])
		switch {
		case !ok:
			return c.error(reply.NotInteger)
		case count < 0:
			return c.error(reply.Syntax)
		}
	}
	e := v.space.get(c.args[2])
	if e == nil {
		return c.null()
	}
	return c.integer(int64(e.memoryBytes()))
}

// memoryBytes estimates what an entry occupies, with what it points to and its line in the index of deadlines.
func (e *entry) memoryBytes() int {
	bytes := entryBytes + leafShareBytes + allocatedSize(len(e.record))
	if e.deadline != 0 {
		bytes += deadlineBytes
	}
	if e.chunks != nil {
		bytes += e.chunks.memoryBytes()
	}
	return bytes
}

// memoryBytes is what the chunks occupy. A chunk of zeros that was never written occupies its pointer only.
func (p *chunks) memoryBytes() int {
	bytes := allocatedSize(chunksBytes) + allocatedSize(cap(p.list)*pointerBytes)
	for _, one := range p.list {
		if one != nil {
			bytes += allocatedSize(chunkHeaderBytes) + allocatedSize(cap(one.bytes))
		}
	}
	return bytes
}

// Sizes that Go's allocator hands out.
const (
	leastAllocation = 8
	// smallAllocations is the size up to which allocations come in classes; larger ones are whole pages.
	smallAllocations = 32 << 10
	allocationPage   = 8 << 10
)

// allocatedSize is roughly what the allocator hands out for so many bytes. Its classes are about an eighth apart; which
// they are exactly is its own affair.
func allocatedSize(bytes int) int {
	if bytes == 0 {
		return 0
	}
	step := allocationPage
	if bytes <= smallAllocations {
		step = max(leastAllocation, 1<<bits.Len(uint(bytes-1))>>4)
	}
	if 32 < bytes && bytes <= 256 {
		step = max(step, 2*leastAllocation)
	}
	return (bytes + step - 1) / step * step
}

// debugObject is DEBUG OBJECT key, in Redis's form: there is no address to tell, and no time of last use.
func debugObject(v view, c call) []byte {
	e := v.space.get(c.args[2])
	if e == nil {
		return c.error(reply.NoSuchKey)
	}
	return reply.Simple(c.reply, "Value at:0x0 refcount:1 encoding:"+e.encoding()+
		" serializedlength:"+strconv.Itoa(e.length())+" lru:0 lru_seconds_idle:0")
}
