package value

import (
	"bytes"
	"slices"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/allocated"
)

// tableRow has the entries of a table in their order, in packs that follow each other. A key is looked for by a byte of
// its hash, so that a search reads through one byte for each entry and not through the entries.
type tableRow struct {
	generation uint64
	// leaves are the packs. None is empty; they have no ways.
	leaves []tableLeaf
	// tags are tagOf each key, in the order of the entries.
	tags []byte
	// ascends says that the arrangement is ascending. If not, it is inserted.
	ascends bool
}

func tagOf(hash uint64) byte { return byte(hash) }

// rowSpot is where an entry lies: its number in the order, the leaf, its number in that, and in the pack of the leaf
// where it begins, where its key ends and where it ends.
type rowSpot struct{ number, leaf, within, at, middle, end int }

// spot is where the entry with a number, below the length of the row, lies.
func (r *tableRow) spot(h shape, number int) rowSpot {
	s := rowSpot{number: number, within: number}
	for s.within >= int(r.leaves[s.leaf].count) {
		s.within -= int(r.leaves[s.leaf].count)
		s.leaf++
	}
	pack := r.leaves[s.leaf].pack
	s.at = h.rank(pack, s.within)
	s.middle = skipItem(pack, s.at)
	s.end = h.skip(pack, s.at)
	return s
}

// key is the key with a number.
func (r *tableRow) key(h shape, number int) Item {
	s := r.spot(h, number)
	return Item{r.leaves[s.leaf].pack[s.at:s.middle]}
}

// find looks for a key that has a hash.
func (r *tableRow) find(h shape, key *form, hash uint64) (s rowSpot, found bool) {
	for from := 0; ; from++ {
		next := bytes.IndexByte(r.tags[from:], tagOf(hash))
		if next < 0 {
			return rowSpot{}, false
		}
		from += next
		if s = r.spot(h, from); key.is(r.leaves[s.leaf].pack[s.at:]) {
			return s, true
		}
	}
}

// above is where an integer belongs in an ascending row that lacks it: behind the last entry of a leaf, or in front of
// the first greater one.
func (r *tableRow) above(n int64) (s rowSpot) {
	for s.leaf+1 < len(r.leaves) && firstInteger(r.leaves[s.leaf+1].pack) < n {
		s.number += int(r.leaves[s.leaf].count)
		s.leaf++
	}
	s.at, s.within = above(r.leaves[s.leaf].pack, n)
	s.middle, s.end = s.at, s.at
	s.number += s.within
	return s
}

// behind is where the next entry is put.
func (r *tableRow) behind() rowSpot {
	last := len(r.leaves) - 1
	at := len(r.leaves[last].pack)
	return rowSpot{len(r.tags), last, int(r.leaves[last].count), at, at, at}
}

func (r *tableRow) each(h shape, visit func(key, kept Item) bool) {
	for i := range r.leaves {
		if !h.each(r.leaves[i].pack, visit) {
			return
		}
	}
}

// appendTo appends the entries to dst.
func (r *tableRow) appendTo(dst []byte) []byte {
	for i := range r.leaves {
		dst = append(dst, r.leaves[i].pack...)
	}
	return dst
}

// tableRowBytes is the size of a row without its leaves. A test compares it with the type.
const tableRowBytes = 64

func (r *tableRow) memoryBytes() int {
	bytes := allocated.Size(tableRowBytes) + allocated.Size(cap(r.tags)) + allocated.Size(cap(r.leaves)*tableLeafBytes)
	for i := range r.leaves {
		bytes += allocated.Size(cap(r.leaves[i].pack))
	}
	return bytes
}

// owned is the row as one that a generation may change.
func (r *tableRow) owned(generation uint64) *tableRow {
	if r.generation == generation {
		return r
	}
	return &tableRow{generation, slices.Clone(r.leaves), slices.Clone(r.tags), r.ascends}
}

// ownLeaf gives a leaf as one that the generation of the row may change.
func (r *tableRow) ownLeaf(number int) *tableLeaf {
	leaf := &r.leaves[number]
	if leaf.generation != r.generation {
		leaf.generation, leaf.shares = r.generation, true
	}
	return leaf
}

// put puts an entry at a spot, in place of the one that lies there, or before it if it has no length.
func (r *tableRow) put(s rowSpot, key, kept *form, tag byte) {
	size, added := key.size()+kept.size(), 0
	if s.end == s.at {
		added = 1
		r.tags = insertTag(r.tags, s.number, tag)
	}
	leaf := &r.leaves[s.leaf]
	if leafFits(int(leaf.count)+added, len(leaf.pack)+size-(s.end-s.at)) {
		leaf = r.ownLeaf(s.leaf)
		leaf.count += uint32(added)
		putEntry(leaf.splice(s.at, s.end, size), key, kept)
		return
	}
	put := tableLeaf{generation: r.generation, count: 1, pack: newPack(size)}
	putEntry(put.pack, key, kept)
	behind := int(leaf.count) - s.within - (1 - added)
	var parts []tableLeaf
	if s.within > 0 {
		parts = append(parts, r.part(leaf, 0, s.at, s.within))
	}
	at := s.leaf + len(parts)
	parts = append(parts, put)
	if behind > 0 {
		parts = append(parts, r.part(leaf, s.end, len(leaf.pack), behind))
	}
	r.leaves = slices.Concat(r.leaves[:s.leaf], parts, r.leaves[s.leaf+1:]) // without room: leaves are cut rarely
	r.merge(at)
}

// part is a leaf with some of the entries of another one, which is not used any more in this generation. One that has
// all of them is full, and needs no room to grow.
func (r *tableRow) part(leaf *tableLeaf, begin, end, count int) tableLeaf {
	part := tableLeaf{generation: r.generation, count: uint32(count)}
	switch {
	case end-begin < len(leaf.pack):
		part.pack = newPack(end - begin)
	case allocated.Size(cap(leaf.pack)) == allocated.Size(end-begin):
		return *leaf
	default:
		part.pack = make([]byte, end-begin)
	}
	copy(part.pack, leaf.pack[begin:end])
	return part
}

// remove removes the entry at a spot.
func (r *tableRow) remove(s rowSpot) {
	r.tags = slices.Delete(r.tags, s.number, s.number+1)
	if r.leaves[s.leaf].count == 1 {
		r.leaves = slices.Delete(r.leaves, s.leaf, s.leaf+1)
		return
	}
	leaf := r.ownLeaf(s.leaf)
	leaf.count--
	leaf.splice(s.at, s.end, 0)
	r.merge(s.leaf)
}

// merge merges a leaf with the one before it and the one behind it, as far as they are small together.
func (r *tableRow) merge(number int) {
	for _, first := range [...]int{number, number - 1} {
		if first < 0 || first+1 >= len(r.leaves) {
			continue
		}
		low, high := &r.leaves[first], &r.leaves[first+1]
		count, bytes := low.count+high.count, len(low.pack)+len(high.pack)
		if !leafFits(mergeShare*int(count), mergeShare*bytes) {
			continue
		}
		merged := tableLeaf{generation: r.generation, count: count, pack: newPack(bytes)}
		copy(merged.pack[copy(merged.pack, low.pack):], high.pack)
		r.leaves[first] = merged
		r.leaves = slices.Delete(r.leaves, first+1, first+2)
	}
}

// insertTag inserts a tag at a place, in memory with little room behind it.
func insertTag(tags []byte, at int, tag byte) []byte {
	if len(tags) == cap(tags) {
		tags = append(newPack(len(tags) + 1)[:0], tags...)
	}
	return slices.Insert(tags, at, tag)
}

// tags appends tagOf each key of a pack to dst.
func (h shape) tags(dst, pack []byte, s digest.Sip) []byte {
	for at := 0; at < len(pack); at = h.skip(pack, at) {
		dst = append(dst, tagOf(Item{pack[at:skipItem(pack, at)]}.hash(s)))
	}
	return dst
}
