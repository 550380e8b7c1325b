package rope

import (
	"github.com/raftredis/raftredis/fsm/value/listpack"
	"github.com/raftredis/raftredis/internal/allocated"
	"github.com/raftredis/raftredis/internal/stepwise"
)

const (
	// BlockBytes is how much memory a block has that is not the only one of its list: what the first change of a block
	// behind a freeze copies.
	BlockBytes = 4 << 10
	// MaxPackedBytes is the length of an element from which on it does not lie with others in a block.
	MaxPackedBytes = 1 << 10
	// maxMergedBytes is how long the entries of two small blocks may be that are made one. The rest is room for more.
	maxMergedBytes = BlockBytes * 3 / 4
	// maxPackedEntry is the length of the longest entry in a block.
	maxPackedEntry = MaxPackedBytes + 4
)

// block is some elements of a list that follow each other, at least one.
type block struct {
	generation uint64
	// sum is the hash of the elements: see hashed.
	sum uint64
	// entries are between begin and the end; before and behind them is room. A block whose begin is alone has one
	// element, which is longer than others: entries are its bytes, and never change.
	entries []byte
	count   int32
	begin   int32
}

// alone is the begin of a block with one long element.
const alone = -1

// hash is that of the elements.
func (b *block) hash() hashed {
	if b == nil {
		return hashed{}
	}
	return hashed{b.sum, int(b.count)}
}

// len is the number of elements.
func (b *block) len() int {
	if b == nil {
		return 0
	}
	return int(b.count)
}

// size is the length of the entries: also of a long element, as if it were one.
func (b *block) size() int {
	switch {
	case b == nil:
		return 0
	case b.begin == alone:
		return listpack.Bytes(b.entries)
	}
	return len(b.entries) - int(b.begin)
}

// blockHeaderBytes is what a block occupies besides its entries. A test compares it with the type.
const blockHeaderBytes = 48

func (b *block) memoryBytes() int {
	if b == nil {
		return 0
	}
	return allocated.Size(blockHeaderBytes) + allocated.Size(cap(b.entries))
}

// position is where entry k begins, or where the entries end. It is looked for from the nearer end: a block has up to
// 2,000 entries.
func (b *block) position(k int) int {
	if behind := int(b.count) - k; behind < k {
		at := len(b.entries)
		for range behind {
			at = listpack.Before(b.entries, at)
		}
		return at
	}
	at := int(b.begin)
	for range k {
		at = listpack.End(b.entries, at)
	}
	return at
}

// each visits the elements from k on until visit wants no more, and reports whether it always did. An element is valid
// during the visit; one of more than MaxPackedBytes never changes.
func (b *block) each(k int, visit func(element []byte) bool) bool {
	if b.begin == alone {
		return k > 0 || visit(b.entries)
	}
	var scratch [listpack.MaxNumberBytes]byte
	for at := b.position(k); at < len(b.entries); at = listpack.End(b.entries, at) {
		if !visit(listpack.Element(b.entries, at, &scratch)) {
			return false
		}
	}
	return true
}

// eachBack is each for the elements before k, the last one first.
func (b *block) eachBack(k int, visit func(element []byte) bool) bool {
	if b.begin == alone {
		return k == 0 || visit(b.entries)
	}
	var scratch [listpack.MaxNumberBytes]byte
	for end := b.position(k); end > int(b.begin); {
		end = listpack.Before(b.entries, end)
		if !visit(listpack.Element(b.entries, end, &scratch)) {
			return false
		}
	}
	return true
}

// wanted is an element that is searched for.
type wanted struct {
	element []byte
	// entry is its entry without the length at the end, empty for one that lies alone.
	entry []byte
}

func newWanted(element []byte) (w wanted) {
	w.element = element
	if len(element) <= MaxPackedBytes {
		w.entry = listpack.AppendHead(make([]byte, 0, len(element)+2), element)
	}
	return w
}

// isAt reports whether the entry at a position is that of the element.
func (w *wanted) isAt(b []byte, at int) bool {
	return b[at] == w.entry[0] && len(b)-at > len(w.entry) && string(b[at:at+len(w.entry)]) == string(w.entry)
}

// find visits the places in b of an element, from k on, until visit wants no more; it reports whether it always did.
func (b *block) find(w *wanted, k int, visit func(k int) bool) bool {
	switch {
	case b.begin == alone:
		return k > 0 || len(w.entry) > 0 || !stepwise.Equal(b.entries, w.element) || visit(0)
	case len(w.entry) == 0:
		return true
	}
	for at := b.position(k); at < len(b.entries); at, k = listpack.End(b.entries, at), k+1 {
		if w.isAt(b.entries, at) && !visit(k) {
			return false
		}
	}
	return true
}

// findBack is find for the places before k, the last one first.
func (b *block) findBack(w *wanted, k int, visit func(k int) bool) bool {
	switch {
	case b.begin == alone:
		return k == 0 || len(w.entry) > 0 || !stepwise.Equal(b.entries, w.element) || visit(0)
	case len(w.entry) == 0:
		return true
	}
	for end := b.position(k); end > int(b.begin); {
		end, k = listpack.Before(b.entries, end), k-1
		if w.isAt(b.entries, end) && !visit(k) {
			return false
		}
	}
	return true
}
