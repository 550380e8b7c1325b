package value

import (
	"encoding/binary"
	"slices"

	"github.com/raftredis/raftredis/internal/allocated"
)

// tableEdit is a table while a command changes it, one entry after the other. The trunk of the table before stays as it
// is, so that one still tells its digest and its size.
type tableEdit struct {
	table
	making
	// owned says that the trunk is of this edit, fresh that the pack is: it may be changed where it lies, and has room
	// behind it for its growth. See written.
	owned, fresh bool
}

func edit(t table, m making) tableEdit { return tableEdit{table: t, making: m} }

// written is the table with all changes. A pack takes what it needs, without room behind it.
func (e *tableEdit) written() table {
	if length := len(e.packed); allocated.Size(cap(e.packed)) > allocated.Size(length) {
		e.packed = append(make([]byte, 0, length), e.packed...)
	}
	return e.table
}

// with is the table with an entry, in place of the one of that key if existed. kept is what the table keeps for the
// key: newForm, wordForm, or nothing, as its shape is.
func (t table) with(key []byte, kept form, m making) (next table, existed bool) {
	e := edit(t, m)
	existed = e.put(key, kept)
	return e.written(), existed
}

// without is the table without the entry of a key.
func (t table) without(key []byte, m making) (next table, existed bool) {
	e := edit(t, m)
	existed = e.remove(key)
	return e.written(), existed
}

// putEntry writes an entry to b, which has room for it.
func putEntry(b []byte, key, kept *form) { kept.put(key.put(b)) }

// put puts an entry, in place of the one of that key if existed.
func (e *tableEdit) put(key []byte, kept form) (existed bool) {
	whole := newForm(key, e.state)
	return e.putForm(&whole, &kept)
}

// add is put for a key that the table lacks: it is not looked for again.
func (e *tableEdit) add(key []byte, kept form) {
	whole := newForm(key, e.state)
	e.putAs(&whole, &kept, isNew)
}

func (e *tableEdit) putForm(key, kept *form) (existed bool) { return e.putAs(key, kept, maybeNew) }

// newness is what is known of a key that is put: nothing, that the table lacks it, or also that no key has a higher
// hash.
type newness uint8

const (
	maybeNew newness = iota
	isNew
	isNewAndLast
)

func (e *tableEdit) putAs(key, kept *form, n newness) (existed bool) {
	hash := key.hash(e.state)
	if e.trunk == nil && e.putSmall(key, kept, hash, &existed) {
		return existed
	}
	if e.trunk.row != nil && e.putInRow(key, kept, hash, n, &existed) {
		return existed
	}
	existed = e.putLarge(key, kept, hash, n)
	if e.isSmallTree() { // a long item was replaced by a short one
		e.fold()
	}
	return existed
}

// putSmall puts an entry into a pack. If it does not fit it makes a row or a tree of the pack instead, and reports
// false.
func (e *tableEdit) putSmall(key, kept *form, hash uint64, existed *bool) bool {
	old, sum, count, ascends := e.entries(), e.digest(), e.Len(), e.ascends()
	at, middle, end, found := e.shape.find(old, key)
	*existed = found
	size := key.size() + kept.size()
	length := len(old) - (end - at) + size
	switch {
	case found && kept.lies(old[middle:end]):
		return true
	case found && packFits(count, length):
		sum -= e.shape.entryHash(hash, Item{old[middle:end]}, e.state)
	case !found && packFits(count+1, length):
		var order uint64
		at, order, ascends = e.place(key, hash)
		end, sum, count = at, sum+order, count+1
	default:
		if e.shape.hasOrder() {
			e.lay()
		} else {
			e.plant()
		}
		return false
	}
	put := e.splice(at, end, size)
	putEntry(put, key, kept)
	e.sign(sum+e.shape.entryHash(hash, Item{put[key.size():]}, e.state), count, ascends)
	return true
}

// splice makes room in the pack for so many bytes in place of those from at to end, and gives it. Most edits are one
// change, for which a pack is made that fits. A second one makes room for more.
func (e *tableEdit) splice(at, end, size int) (room []byte) {
	old, from, to := e.packed, packStart+at, packStart+end
	length := max(len(old), packStart) - (to - from) + size
	if e.fresh && length <= cap(old) {
		e.packed = old[:length]
		copy(e.packed[from+size:], old[to:])
		return e.packed[from : from+size]
	}
	capacity := length
	if e.fresh {
		capacity = min(2*length, packStart+maxPackBytes)
	}
	e.packed, e.fresh = make([]byte, length, capacity), true
	if old != nil {
		copy(e.packed, old[:from])
		copy(e.packed[from+size:], old[to:])
	}
	return e.packed[from : from+size]
}

// sign notes in the pack the digest, the number of entries and whether they ascend.
func (e *tableEdit) sign(sum uint64, count int, ascends bool) {
	signPack(e.packed, sum, count, ascends)
}

func signPack(packed []byte, sum uint64, count int, ascends bool) {
	binary.LittleEndian.PutUint64(packed, sum)
	packed[sumBytes] = byte(count - 1)
	if ascends {
		packed[sumBytes] |= ascendingBit
	}
}

// lies reports whether a whole form is what b holds.
func (f *form) lies(b []byte) bool {
	return len(b) == f.size() && string(b[:f.length]) == string(f.head[:f.length]) &&
		string(b[f.length:]) == string(f.text)
}

// plant makes a tree of a pack.
func (e *tableEdit) plant() {
	seed := e.state
	leaf := &tableLeaf{generation: oldest, pack: e.entries(), count: uint32(e.Len()), ways: ways}
	root := &tableFork{generation: e.generation}
	root.counts[0] = leaf.count
	for way := range root.next {
		root.next[way].leaf = leaf
	}
	e.trunk = &trunk{root: root, seed: &seed, count: e.Len(), bytes: len(e.entries()), sum: e.digest()}
	e.packed, e.owned, e.fresh = nil, true, false
}

// own lets the edit change the trunk, and its row or its root.
func (e *tableEdit) own() {
	if !e.owned {
		own := *e.trunk
		e.trunk, e.owned = &own, true
	}
	if e.trunk.row != nil {
		e.trunk.row = e.trunk.row.owned(e.generation)
	} else {
		e.trunk.root = e.ownFork(e.trunk.root)
	}
}

func (e *tableEdit) ownFork(f *tableFork) *tableFork {
	if f.generation == e.generation {
		return f
	}
	own := *f
	own.generation = e.generation
	return &own
}

// ownLeaf gives the leaf to which a way leads, as one that this generation may change.
func (e *tableEdit) ownLeaf(f *tableFork, way int) *tableLeaf {
	leaf := f.next[way].leaf
	if leaf.generation == e.generation {
		return leaf
	}
	own := *leaf
	own.generation, own.shares = e.generation, true
	f.lead(leaf.first(way), &own)
	return &own
}

// lead leads the ways of a leaf to it, from the first on.
func (f *tableFork) lead(first int, leaf *tableLeaf) {
	for way := first; way < first+int(leaf.ways); way++ {
		f.next[way] = tableNode{leaf: leaf}
	}
}

// putLarge is put in a tree.
func (e *tableEdit) putLarge(key, kept *form, hash uint64, n newness) (existed bool) {
	if n == maybeNew {
		leaf, _ := e.trunk.root.leafOf(hash)
		var middle, end int
		if _, middle, end, existed = e.shape.find(leaf.pack, key); existed && kept.lies(leaf.pack[middle:end]) {
			return true
		}
	}
	e.own()
	f := e.trunk.root
	for shift := topWayShift; ; {
		way := wayOf(hash, shift)
		if next := f.next[way].fork; next != nil {
			next = e.ownFork(next)
			f.next[way].fork = next
			if !existed {
				f.counts[way]++
			}
			f, shift = next, shift-wayBits
			continue
		}
		if e.putInLeaf(f, way, shift, key, kept, hash, existed, n) {
			return existed
		}
	}
}

// putInLeaf puts an entry into the leaf to which a way leads. If the leaf is full it divides that, and reports false.
func (e *tableEdit) putInLeaf(
	f *tableFork, way, shift int, key, kept *form, hash uint64, existed bool, n newness,
) bool {
	leaf := f.next[way].leaf
	size, entries := key.size()+kept.size(), int(leaf.count)
	at, middle, end := len(leaf.pack), 0, 0
	switch {
	case existed:
		at, middle, end, _ = e.shape.find(leaf.pack, key)
	case n == isNewAndLast:
		end, entries = at, entries+1
	default:
		at, entries = e.shape.room(leaf.pack, key, hash, e.state), entries+1
		end = at
	}
	change := size - (end - at)
	if !leafFits(entries, len(leaf.pack)+change) && (leaf.ways > 1 || shift > 0) {
		e.divide(f, way, shift)
		return false
	}
	if existed {
		e.trunk.sum -= e.shape.entryHash(hash, Item{leaf.pack[middle:end]}, e.state)
	} else {
		f.counts[leaf.first(way)]++
		e.trunk.count++
	}
	leaf = e.ownLeaf(f, way)
	leaf.count = uint32(entries)
	put := leaf.splice(at, end, size)
	putEntry(put, key, kept)
	e.trunk.bytes += change
	e.trunk.sum += e.shape.entryHash(hash, Item{put[key.size():]}, e.state)
	return true
}

// splice makes room for so many bytes in place of those from at to end, and gives it.
func (l *tableLeaf) splice(at, end, size int) (room []byte) {
	old := l.pack
	length := len(old) - (end - at) + size
	if !l.shares && len(old) <= maxChangedBytes && length <= cap(old) && 2*(length+packStart) > cap(old) {
		l.pack = old[:length]
		copy(l.pack[at+size:], old[end:])
	} else {
		l.pack, l.shares = newPack(length), false
		copy(l.pack, old[:at])
		copy(l.pack[at+size:], old[end:])
	}
	return l.pack[at : at+size]
}

// newPack makes a pack of a length, with some room behind it if it may grow.
func newPack(length int) []byte {
	if length > maxChangedBytes {
		return make([]byte, length)
	}
	return slices.Grow([]byte(nil), length+length/packRoomShare)[:length]
}

// packRoomShare is the part of a pack that it has for its growth, besides what the allocator adds.
const packRoomShare = 16

// divide makes room where a leaf is full: two leaves of half its ways, or a fork in place of one way.
func (e *tableEdit) divide(f *tableFork, way, shift int) {
	leaf := f.next[way].leaf
	first := leaf.first(way)
	if leaf.ways == 1 {
		below := &tableFork{generation: e.generation}
		below.counts[0] = leaf.count
		below.lead(0, e.part(leaf, 0, len(leaf.pack), leaf.count, ways))
		f.next[way] = tableNode{fork: below}
		return
	}
	half := int(leaf.ways / 2)
	at, before := e.shape.cut(leaf.pack, first+half, shift, e.state)
	count := leaf.count
	f.counts[first], f.counts[first+half] = uint32(before), count-uint32(before)
	f.lead(first, e.part(leaf, 0, at, uint32(before), half))
	f.lead(first+half, e.part(leaf, at, len(leaf.pack), count-uint32(before), half))
}

// part is a leaf with some of the entries of another one, which is not used any more in this generation.
func (e *tableEdit) part(leaf *tableLeaf, begin, end int, count uint32, ways int) *tableLeaf {
	part := &tableLeaf{generation: e.generation, count: count, ways: uint8(ways)}
	switch end - begin {
	case 0:
	case len(leaf.pack): // as long as it is: nothing is copied
		part.pack, part.shares = leaf.pack, leaf.shares || leaf.generation != e.generation
	default:
		part.pack = newPack(end - begin)
		copy(part.pack, leaf.pack[begin:end])
	}
	return part
}
