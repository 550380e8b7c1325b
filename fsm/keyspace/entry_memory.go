package keyspace

import "github.com/raftredis/raftredis/internal/allocated"

// What a key occupies besides its bytes. Tests compare the sizes with the types, and the sum over many keys with the
// heap.
const (
	// entryBytes is the size of an entry in its leaf; leafShareBytes is what a key pays on average for the leaf around
	// it, with room to grow, while a slot holds some tens of keys. The last keys of a nearly empty table pay more.
	entryBytes, leafShareBytes = 40, 18
	// deadlineBytes is a line of the index of deadlines, with its share of the tree's room to grow.
	deadlineBytes = 34
)

// MemoryBytes estimates what an entry occupies, with what it points to and its line in the index of deadlines.
func (e *Entry) MemoryBytes() int {
	bytes := entryBytes + leafShareBytes + allocated.Size(len(e.record))
	if e.Deadline != 0 {
		bytes += deadlineBytes
	}
	if e.apart != nil {
		bytes += e.apart.Value.MemoryBytes()
	}
	return bytes
}

// heldBytes is MemoryBytes as far as it costs O(1): a value apart counts with its contents, holes of a
// string among them. Space adds it up.
func (e *Entry) heldBytes() int {
	bytes := entryBytes + leafShareBytes + allocated.Size(len(e.record))
	if e.Deadline != 0 {
		bytes += deadlineBytes
	}
	if e.apart != nil {
		bytes += e.apart.Value.Size()
	}
	return bytes
}
