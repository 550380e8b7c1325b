package value

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/number"
)

// arrangement is the order in which a table has its entries. It is a part of the contents, in the image and in the
// digest. Redis arranges what is a listpack, an intset and a hash table in these ways.
type arrangement uint8

const (
	// inserted is the order in which keys came. An entry that is replaced keeps its place.
	inserted arrangement = iota
	// ascending is that of integers: so are the members of a set, until one comes that is no integer.
	ascending
	// byHash is that of hashes, in a large table. It does not know in which order keys came.
	byHash
)

// A table has an order of its own up to MaxOrderedEntries and MaxOrderedBytes. They are those of the largest listpack
// that Redis keeps a hash in by default, and twice its bytes. A table that has become larger is arranged by hashes. It
// has an order again, that of hashes at first, when half of that is left: so it is not arranged anew with each change.
const (
	MaxOrderedEntries = 512
	MaxOrderedBytes   = 128 << 10
	orderedShare      = 2
)

// canBeOrdered reports whether a table of so many entries of so many bytes may have an order of its own.
func canBeOrdered(entries, bytes int) bool {
	return entries <= MaxOrderedEntries && bytes <= MaxOrderedBytes
}

// mustBeOrdered reports whether it may have no other.
func mustBeOrdered(entries, bytes int) bool {
	return canBeOrdered(orderedShare*entries, orderedShare*bytes)
}

// hasOrder reports whether tables of a shape have an order of their own while they are small. The scores of a sorted
// set have none: its order is that of the scores.
func (h shape) hasOrder() bool { return h != withWords }

// neighbours is what two keys that follow each other add to the digest of a table whose order is inserted. The keys
// differ, so all pairs together tell the order.
func neighbours(before, behind uint64, s digest.Sip) uint64 {
	return s.Word(orderDomain).Word(before).Finish(behind)
}

// allNeighbours adds up neighbours of a pack, and gives the hash of its last key. It begins behind a key if there is
// one.
func (h shape) allNeighbours(pack []byte, last uint64, isFirst bool, s digest.Sip) (sum, lastHash uint64) {
	for at := 0; at < len(pack); at = h.skip(pack, at) {
		hash := Item{pack[at:skipItem(pack, at)]}.hash(s)
		if !isFirst {
			sum += neighbours(last, hash, s)
		}
		last, isFirst = hash, false
	}
	return sum, last
}

// integer is the string of a form as a number, if it is the canonical spelling of one.
func (f *form) integer() (int64, bool) {
	if f.head[0]&1 == 1 {
		head, _ := binary.Uvarint(f.head[:])
		return unzigzag(head >> 1), true
	}
	return number.Parse(f.text)
}

// firstInteger is the first key of a pack of integers.
func firstInteger(pack []byte) int64 {
	n, _ := Item{pack[:skipItem(pack, 0)]}.Integer()
	return n
}

// above is where in a pack of integers the first one lies that is greater than n, and how many there are before it.
func above(pack []byte, n int64) (at, before int) {
	for at < len(pack) {
		end := skipItem(pack, at)
		if there, _ := (Item{pack[at:end]}).Integer(); there > n {
			break
		}
		at, before = end, before+1
	}
	return at, before
}

// arrangement is that of a hash or a set.
func (t *table) arrangement() arrangement {
	switch {
	case t.trunk != nil && t.trunk.row == nil:
		return byHash
	case t.ascends():
		return ascending
	}
	return inserted
}

func (t *table) ascends() bool {
	if t.trunk != nil {
		return t.trunk.row != nil && t.trunk.row.ascends
	}
	return t.packed != nil && t.packed[sumBytes]&ascendingBit != 0
}

// place is where in a pack a key belongs that it lacks, what the order adds to the digest then, and whether the pack
// ascends with it.
func (e *tableEdit) place(key *form, hash uint64) (at int, order uint64, ascends bool) {
	pack := e.entries()
	switch count := e.Len(); {
	case !e.shape.hasOrder():
		return e.shape.room(pack, key, hash, e.state), 0, false
	case e.shape == keysOnly && (count == 0 || e.ascends()):
		n, isInteger := key.integer()
		switch {
		case isInteger && count == 0:
			return 0, uint64(ascending), true
		case isInteger:
			at, _ = above(pack, n)
			return at, 0, true
		case count == 0:
			return 0, 0, false
		}
		sum, last := e.shape.allNeighbours(pack, 0, true, e.state)
		return len(pack), sum + neighbours(last, hash, e.state) - uint64(ascending), false
	case count == 0:
		return 0, 0, false
	default:
		at = e.shape.rank(pack, count-1)
		last := Item{pack[at:skipItem(pack, at)]}.hash(e.state)
		return len(pack), neighbours(last, hash, e.state), false
	}
}

// gap is what the order adds less to the digest when the entry at a place is taken out of a pack.
func (e *tableEdit) gap(at, end int, hash uint64) (order uint64) {
	if !e.shape.hasOrder() || e.ascends() {
		return 0
	}
	pack, before := e.entries(), 0
	for next := 0; next < at; next = e.shape.skip(pack, next) {
		before = next
	}
	var first, last uint64
	if at > 0 {
		first = Item{pack[before:skipItem(pack, before)]}.hash(e.state)
		order += neighbours(first, hash, e.state)
	}
	if end < len(pack) {
		last = Item{pack[end:skipItem(pack, end)]}.hash(e.state)
		order += neighbours(hash, last, e.state)
	}
	if at > 0 && end < len(pack) {
		order -= neighbours(first, last, e.state)
	}
	return order
}

// lay makes a row of a pack. Of an empty table it makes a row of one empty leaf, for an entry that is put there at
// once.
func (e *tableEdit) lay() {
	seed, pack, count := e.state, e.entries(), e.Len()
	leaf := tableLeaf{generation: oldest, pack: pack, count: uint32(count)}
	row := &tableRow{generation: e.generation, leaves: []tableLeaf{leaf}, ascends: e.ascends()}
	row.tags = e.shape.tags(newPack(count + 1)[:0], pack, e.state)
	e.trunk = &trunk{row: row, seed: &seed, count: count, bytes: len(pack), sum: e.digest()}
	if count == 0 && e.shape == keysOnly {
		row.ascends, e.trunk.sum = true, uint64(ascending)
	}
	e.packed, e.owned, e.fresh = nil, true, false
}

// putInRow puts an entry into a row. If it does not fit it makes a tree of the row instead, and reports false.
func (e *tableEdit) putInRow(key, kept *form, hash uint64, n newness, existed *bool) bool {
	spot, found := rowSpot{}, false
	if n == maybeNew {
		spot, found = e.trunk.row.find(e.shape, key, hash)
	}
	*existed = found
	size, count := key.size()+kept.size(), e.trunk.count
	if found {
		there := e.trunk.row.leaves[spot.leaf].pack[spot.middle:spot.end]
		if kept.lies(there) {
			return true
		}
	} else {
		count++
	}
	bytes := e.trunk.bytes + size - (spot.end - spot.at)
	if !canBeOrdered(count, bytes) {
		e.scatter()
		return false
	}
	e.own()
	row := e.trunk.row
	if found {
		there := Item{row.leaves[spot.leaf].pack[spot.middle:spot.end]}
		e.trunk.sum -= e.shape.entryHash(hash, there, e.state)
	} else {
		spot = e.placeInRow(key, hash)
	}
	row.put(spot, key, kept, tagOf(hash))
	e.trunk.count, e.trunk.bytes = count, bytes
	e.trunk.sum += e.shape.formHash(hash, kept, e.state)
	if e.isSmallRow() {
		e.foldRow()
	}
	return true
}

// placeInRow is where in the row a key belongs that it lacks. It adds to the digest what the order does.
func (e *tableEdit) placeInRow(key *form, hash uint64) rowSpot {
	row := e.trunk.row
	var last uint64
	switch n, isInteger := key.integer(); {
	case row.ascends && isInteger:
		return row.above(n)
	case row.ascends:
		row.ascends = false
		e.trunk.sum -= uint64(ascending)
		for i := range row.leaves {
			var sum uint64
			sum, last = e.shape.allNeighbours(row.leaves[i].pack, last, i == 0, e.state)
			e.trunk.sum += sum
		}
	case len(row.tags) > 0:
		last = row.key(e.shape, len(row.tags)-1).hash(e.state)
	}
	if len(row.tags) > 0 {
		e.trunk.sum += neighbours(last, hash, e.state)
	}
	return row.behind()
}

// removeFromRow is remove for a row.
func (e *tableEdit) removeFromRow(key *form) (existed bool) {
	hash := key.hash(e.state)
	spot, existed := e.trunk.row.find(e.shape, key, hash)
	if !existed {
		return false
	}
	e.own()
	row := e.trunk.row
	e.trunk.sum -= e.shape.entryHash(hash, Item{row.leaves[spot.leaf].pack[spot.middle:spot.end]}, e.state)
	if !row.ascends {
		e.trunk.sum -= e.gapInRow(spot.number, hash)
	}
	row.remove(spot)
	e.trunk.count--
	e.trunk.bytes -= spot.end - spot.at
	if e.isSmallRow() {
		e.foldRow()
	}
	return true
}

// gapInRow is gap for a row.
func (e *tableEdit) gapInRow(number int, hash uint64) (order uint64) {
	row := e.trunk.row
	var first, last uint64
	hasFirst, hasLast := number > 0, number+1 < len(row.tags)
	if hasFirst {
		first = row.key(e.shape, number-1).hash(e.state)
		order += neighbours(first, hash, e.state)
	}
	if hasLast {
		last = row.key(e.shape, number+1).hash(e.state)
		order += neighbours(hash, last, e.state)
	}
	if hasFirst && hasLast {
		order -= neighbours(first, last, e.state)
	}
	return order
}

// isSmallRow reports whether the row becomes a pack: at half of the bounds, so that it does not become a row again at
// once. It shows in nothing but the memory.
func (e *tableEdit) isSmallRow() bool {
	return packFits(mergeShare*e.trunk.count, mergeShare*e.trunk.bytes)
}

// foldRow makes a pack of a row.
func (e *tableEdit) foldRow() {
	count, sum, ascends := e.trunk.count, e.trunk.sum, e.trunk.row.ascends
	packed := e.trunk.row.appendTo(make([]byte, packStart, packStart+e.trunk.bytes))
	e.packed, e.trunk, e.owned, e.fresh = packed, nil, false, true
	if count == 0 {
		e.packed, e.fresh = nil, false
		return
	}
	e.sign(sum, count, ascends)
}

// scatter makes a tree of a row.
func (e *tableEdit) scatter() {
	entries := e.sorted(e.shape, e.state)
	var b tableBuilder
	b.begin(e.making, byHash)
	for _, entry := range entries {
		key, kept := entry.key.asForm(), e.shape.keptForm(entry.kept)
		b.append(&key, &kept, entry.hash)
	}
	e.table, e.owned, e.fresh = b.edit.table, true, false
}

// order makes a row or a pack of a tree.
func (e *tableEdit) order() {
	var b tableBuilder
	b.begin(e.making, inserted)
	for w := e.walk(e.shape, e.state); w.next(); {
		key, kept := w.key.asForm(), e.shape.keptForm(w.kept)
		b.append(&key, &kept, w.hash)
	}
	e.table = b.finish()
	e.owned, e.fresh = e.trunk != nil, false
}

// keptForm is the form of what an entry keeps.
func (h shape) keptForm(kept Item) form {
	switch h {
	case withItems:
		return kept.asForm()
	case withWords:
		return wordForm(digest.WordAt(kept.form))
	}
	return form{}
}

// hashedEntry is an entry, and the hash of its key.
type hashedEntry struct {
	hash      uint64
	key, kept Item
}

// compare says which of two entries is before the other by their hashes: -1, 0 for the same key, or 1.
func (x *hashedEntry) compare(y *hashedEntry) int {
	if order := cmp.Compare(x.hash, y.hash); order != 0 {
		return order
	}
	return bytes.Compare(x.key.form, y.key.form)
}

// sorted are the entries of a table that is no tree, by their hashes.
func (t *table) sorted(h shape, s digest.Sip) []hashedEntry {
	entries := make([]hashedEntry, 0, t.Len())
	t.each(h, func(key, kept Item) bool {
		entries = append(entries, hashedEntry{key.hash(s), key, kept})
		return true
	})
	slices.SortFunc(entries, func(x, y hashedEntry) int { return x.compare(&y) })
	return entries
}
