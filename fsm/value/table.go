package value

import (
	"encoding/binary"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/allocated"
)

// table holds entries by their keys, each key once: the elements of a set, the fields of a hash with their values, the
// members of a sorted set with their scores. A small one is one pack. One that is too large for that, and still has an
// order of its own, is a row of packs: see arrangement. A large one is a tree by the bits of the hashes of the keys,
// with packs at its ends:
//
//	table ──► pack: sum, count, entries in their order
//	  └─────► trunk ──► row ──► leaves ──► packs that follow each other
//	            └─────► fork ──► 16 ways, by the next four bits of the hash ──► fork ──► …
//	                      └──► leaf ──► pack, for one way or for 2, 4, 8 or 16 that follow each other
//
// A leaf of a tree that is full is cut in two halves of its ways, so leaves are half full at least, however many
// entries there are. In a tree entries follow each other in the order of their hashes.
//
// A table is a value: a write makes another one, and the caller uses the old one no more in that generation. What the
// old one has from an older generation stays as it was, so a freeze sees what it froze. The layout shows in nothing but
// the memory. The zero value is empty.
type table struct {
	packed []byte
	trunk  *trunk
}

// A pack of a table begins with the sum of the hashes of its entries and a byte: the number of its entries less one,
// and ascendingBit if they ascend.
const (
	sumBytes     = 8
	packStart    = sumBytes + 1
	ascendingBit = 1 << 7
)

// Bounds of packs.
const (
	// maxPackEntries and maxPackBytes bound a table that is a pack, and a leaf: a search reads through a pack, and a write
	// moves half of it.
	maxPackEntries = 128
	maxPackBytes   = 1 << 10
	// A leaf has up to fewEntries if it has up to maxChangedBytes with them, and one entry of any length: the tree around
	// leaves of one entry each would be half as large as long entries are.
	fewEntries = 8
	// maxChangedBytes is the length up to which the pack of a leaf is changed in place. A longer one is copied, so that a
	// reply can refer to a long string and need not copy it at once.
	maxChangedBytes = 8 << 10
	// Two leaves that follow each other are merged if together they are no more than half a leaf: so they are not cut
	// again at once.
	mergeShare = 2
)

// fits reports whether a leaf may have so many entries of so many bytes.
func leafFits(entries, bytes int) bool {
	return entries <= 1 || entries <= maxPackEntries && bytes <= maxPackBytes ||
		entries <= fewEntries && bytes <= maxChangedBytes
}

// packFits reports whether a table of so many entries of so many bytes is a pack.
func packFits(entries, bytes int) bool { return entries <= maxPackEntries && bytes <= maxPackBytes }

// trunk is what a large table has of its tree at hand. It is not changed once the table is in use.
type trunk struct {
	// root is nil if there is a row.
	root *tableFork
	row  *tableRow
	// seed is a fresh state of the hash of values: reads look for keys by it, and have no other.
	seed *digest.Sip
	// count is the number of entries, bytes their length in packs, sum is the digest.
	count, bytes int
	sum          uint64
}

const (
	wayBits     = 4
	ways        = 1 << wayBits
	topWayShift = 64 - wayBits
)

// tableFork divides entries by four bits of their hash.
type tableFork struct {
	generation uint64
	// counts are the entries of each way, those of a leaf with several ways at its first.
	counts [ways]uint32
	next   [ways]tableNode
}

// tableNode is a fork or a leaf.
type tableNode struct {
	fork *tableFork
	leaf *tableLeaf
}

// tableLeaf is a pack of entries. In a tree, each of its ways points to it.
type tableLeaf struct {
	generation uint64
	pack       []byte
	count      uint32
	// ways is how many ways of its fork lead here, a power of two; 0 in a row.
	ways uint8
	// shares says that another leaf, of an older generation, has the same pack.
	shares bool
}

// wayOf is the way that a hash takes at a fork; shift is that of the fork's level.
func wayOf(hash uint64, shift int) int { return int(hash >> shift % ways) }

// first is the first way to a leaf to which a way leads.
func (l *tableLeaf) first(way int) int { return way &^ (int(l.ways) - 1) }

// making is what a table is written with.
type making struct {
	shape shape
	// state is a fresh one of the hash of values, generation the present one.
	state      digest.Sip
	generation uint64
}

// entries are those of a table that is a pack.
func (t *table) entries() []byte {
	if t.packed == nil {
		return nil
	}
	return t.packed[packStart:]
}

// Len is the number of entries.
func (t *table) Len() int {
	switch {
	case t.trunk != nil:
		return t.trunk.count
	case t.packed != nil:
		return int(t.packed[sumBytes]&^ascendingBit) + 1
	}
	return 0
}

// bytes is how long the entries are in packs.
func (t *table) bytes() int {
	if t.trunk != nil {
		return t.trunk.bytes
	}
	return len(t.entries())
}

// digest is the sum of the hashes of the entries and of what their order adds: the number of the arrangement, and if it
// is inserted, the hashes of neighbours.
func (t *table) digest() uint64 {
	switch {
	case t.trunk != nil:
		return t.trunk.sum
	case t.packed != nil:
		return binary.LittleEndian.Uint64(t.packed)
	}
	return 0
}

// newest is the generation of the newest part. A pack is never changed: it is older than every generation.
func (t *table) newest() uint64 {
	switch {
	case t.trunk == nil:
		return oldest
	case t.trunk.row != nil:
		return t.trunk.row.generation
	}
	return t.trunk.root.generation
}

// find looks for a key. kept is what the table keeps for it: valid as an Item is.
func (t *table) find(h shape, key []byte) (kept Item, found bool) {
	wanted := wantedForm(key)
	return t.findForm(h, &wanted)
}

func (t *table) findForm(h shape, wanted *form) (kept Item, found bool) {
	if t.trunk == nil {
		return t.findHashed(h, wanted, 0)
	}
	return t.findHashed(h, wanted, wanted.hash(*t.trunk.seed))
}

// findHashed is findForm for a form with a hash, which does not matter where the table is a pack.
func (t *table) findHashed(h shape, wanted *form, hash uint64) (kept Item, found bool) {
	pack := t.entries()
	switch {
	case t.trunk == nil:
	case t.trunk.row != nil:
		s, found := t.trunk.row.find(h, wanted, hash)
		if !found {
			return Item{}, false
		}
		return Item{t.trunk.row.leaves[s.leaf].pack[s.middle:s.end:s.end]}, true
	default:
		leaf, _ := t.trunk.root.leafOf(hash)
		pack = leaf.pack
	}
	_, middle, end, found := h.find(pack, wanted)
	return Item{pack[middle:end:end]}, found
}

// leafOf is the leaf for a hash. shift is that of the level of its fork.
func (f *tableFork) leafOf(hash uint64) (leaf *tableLeaf, shift int) {
	for shift = topWayShift; ; shift -= wayBits {
		node := &f.next[wayOf(hash, shift)]
		if node.leaf != nil {
			return node.leaf, shift
		}
		f = node.fork
	}
}

// each visits all entries in order, until visit wants no more.
func (t *table) each(h shape, visit func(key, kept Item) bool) {
	switch {
	case t.trunk == nil:
		h.each(t.entries(), visit)
	case t.trunk.row != nil:
		t.trunk.row.each(h, visit)
	default:
		t.trunk.root.each(h, visit)
	}
}

func (h shape) each(pack []byte, visit func(key, kept Item) bool) bool {
	for at := 0; at < len(pack); {
		var key, kept Item
		if key, kept, at = h.split(pack, at); !visit(key, kept) {
			return false
		}
	}
	return true
}

func (f *tableFork) each(h shape, visit func(key, kept Item) bool) bool {
	for way := 0; way < ways; way++ {
		if node := f.next[way]; node.fork != nil {
			if !node.fork.each(h, visit) {
				return false
			}
		} else {
			if !h.each(node.leaf.pack, visit) {
				return false
			}
			way += int(node.leaf.ways) - 1
		}
	}
	return true
}

// Position is where an element stands in the order of a container: the upper 63 bits of its hash, so a positive number
// of 64 bits. It depends on the element and the cluster alone, not on the node nor on the other elements. Several
// elements may have one position.
type Position uint64

// maxPosition is the last there is. A cursor of another server may lie behind it.
const maxPosition Position = 1<<63 - 1

func positionOf(hash uint64) Position { return Position(hash >> 1) }

// scan visits the entries from a position on, in order, until visit wants no more. A table with an order of its own has
// all of them at position 0, so they are visited together, whatever the position.
func (t *table) scan(h shape, from Position, visit func(at Position, key, kept Item) bool) {
	switch {
	case t.trunk == nil || t.trunk.row != nil:
		t.each(h, func(key, kept Item) bool { return visit(0, key, kept) })
	case from <= maxPosition:
		t.trunk.root.scan(h, uint64(from)<<1, topWayShift, *t.trunk.seed, visit)
	}
}

func (f *tableFork) scan(
	h shape, low uint64, shift int, s digest.Sip, visit func(at Position, key, kept Item) bool,
) bool {
	for way := wayOf(low, shift); way < ways; way++ {
		node := f.next[way]
		if node.fork != nil {
			if !node.fork.scan(h, low, shift-wayBits, s, visit) {
				return false
			}
		} else {
			goesOn := h.each(node.leaf.pack, func(key, kept Item) bool {
				hash := key.hash(s)
				return hash < low || visit(positionOf(hash), key, kept)
			})
			if !goesOn {
				return false
			}
			way = node.leaf.first(way) + int(node.leaf.ways) - 1
		}
		low = 0 // only what the first way leads to is cut
	}
	return true
}

// at is the entry with a number, counted from 0 in the order of the table, below Len. Who draws the number at random
// draws every entry with equal chance.
func (t *table) at(h shape, number int) (key, kept Item) {
	pack := t.entries()
	switch {
	case t.trunk == nil:
	case t.trunk.row != nil:
		s := t.trunk.row.spot(h, number)
		pack = t.trunk.row.leaves[s.leaf].pack
		return Item{pack[s.at:s.middle:s.middle]}, Item{pack[s.middle:s.end:s.end]}
	default:
		var leaf *tableLeaf
		for f := t.trunk.root; leaf == nil; {
			way := 0
			for ; number >= int(f.counts[way]); way++ {
				number -= int(f.counts[way])
			}
			f, leaf = f.next[way].fork, f.next[way].leaf
		}
		pack = leaf.pack
	}
	key, kept, _ = h.split(pack, h.rank(pack, number))
	return key, kept
}

// What a large table occupies besides its packs. A test compares them with the types.
const trunkBytes, seedBytes, tableForkBytes, tableLeafBytes = 48, 32, 328, 40

// memoryBytes is what the table occupies besides its header.
func (t *table) memoryBytes() int {
	const above = trunkBytes + seedBytes // both sizes are classes of the allocator
	switch {
	case t.trunk == nil:
		return allocated.Size(cap(t.packed))
	case t.trunk.row != nil:
		return above + t.trunk.row.memoryBytes()
	}
	return above + t.trunk.root.memoryBytes()
}

func (f *tableFork) memoryBytes() int {
	bytes := allocated.Size(tableForkBytes)
	for way := 0; way < ways; way++ {
		if node := f.next[way]; node.fork != nil {
			bytes += node.fork.memoryBytes()
		} else {
			bytes += allocated.Size(tableLeafBytes) + allocated.Size(cap(node.leaf.pack))
			way += int(node.leaf.ways) - 1
		}
	}
	return bytes
}
