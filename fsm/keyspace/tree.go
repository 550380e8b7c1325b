package keyspace

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/access"
)

const (
	// leafEntries bounds the entries of a leaf, unless the leaf is so deep that no bits of the hash are left to divide
	// it. With this number the tags of a leaf and its other fields fill what the allocator hands out for them.
	leafEntries = 63
	// mergeEntries is up to how many entries two leaves have together that are merged: so few that the merged leaf is not
	// divided again at once.
	mergeEntries = leafEntries / 2

	// levelBits is the number of bits of the hash that a level of the tree uses.
	levelBits = 4
	fanOut    = 1 << levelBits
	topShift  = 64 - levelBits
)

// tree is a slot, or a part of one: a fork, a leaf, or nothing. The link says which of them it is, so that a search
// touches one cache line per fork. Only a slot is nothing; a way of a fork leads to a fork or to a leaf.
type tree struct {
	fork *fork
	leaf *leaf
}

// fork divides what is below it by the next bits of the hash: a way for each value of them.
type fork struct {
	generation uint64
	children   [fanOut]tree
}

// leaf holds entries in no order. It serves one way of its fork, or 2, 4, 8 or 16 that follow each other: a full leaf
// is cut in two halves of its ways, and a fork takes the place of a full leaf of one way. So leaves are half full at
// least on average, at any number of keys. With a leaf for each way, a slot of 64 keys would have 16 leaves of 4.
type leaf struct {
	generation uint64
	// ways is how many ways lead here. The leaf of a slot without a fork has one.
	ways uint8
	// tags[i] is a byte of the hash of entries[i], kept together so that a search looks at one entry on average.
	// Entries beyond leafEntries have none.
	tags    [leafEntries]byte
	entries []Entry
	// highs[i] is the upper part of the mark of entries[i], if that has a tag: see leaf.mark.
	highs access.Bytes
}

// rooms are the numbers of entries for which a leaf has room: each fills what Go's allocator hands out for so many, but
// for a few bytes.
var rooms = [...]int{4, 8, 12, 17, 22, 28, 35, 44, 51, 57, leafEntries}

// roomStep is by how many entries the room of a leaf grows that has more than leafEntries.
const roomStep = 8

// roomFor is the room of a leaf with a number of entries, one at least.
func roomFor(entries int) int {
	for _, room := range rooms {
		if entries <= room {
			return room
		}
	}
	return (entries + roomStep - 1) / roomStep * roomStep
}

// newLeaf is a leaf with room for so many entries.
func newLeaf(generation uint64, ways, entries int) *leaf {
	return &leaf{generation: generation, ways: uint8(ways), entries: make([]Entry, 0, roomFor(entries))}
}

// first is the first of the ways that lead to the leaf, of which way is one.
func (l *leaf) first(way int) int { return way &^ (int(l.ways) - 1) }

// lead leads the ways of a leaf to it, of which way is one.
func (f *fork) lead(way int, l *leaf) {
	first := l.first(way)
	for i := range int(l.ways) {
		f.children[first+i] = tree{leaf: l}
	}
}

// next is the first way behind those that lead where a way leads.
func (f *fork) next(way int) int {
	if l := f.children[way].leaf; l != nil {
		return l.first(way) + int(l.ways)
	}
	return way + 1
}

// branch picks the child for a hash; shift is that of the fork's level.
func branch(hash uint64, shift int) int { return int(hash >> shift % fanOut) }

// tag is the byte of the hash that branches use last.
func tag(hash uint64) byte { return byte(hash) }

// search gives the position of a key in a leaf, or -1.
func (l *leaf) search(at Place, key []byte) int {
	if i := int(at.near) - 1; i >= 0 && i < len(l.entries) && l.entries[i].Key() == string(key) {
		return i
	}
	tag, tagged := tag(at.hash), l.tags[:min(len(l.entries), leafEntries)]
	for i := 0; ; i++ {
		next := bytes.IndexByte(tagged[i:], tag)
		if next < 0 {
			break
		}
		if i += next; l.entries[i].Key() == string(key) {
			return i
		}
	}
	for i := leafEntries; i < len(l.entries); i++ {
		if l.entries[i].Key() == string(key) {
			return i
		}
	}
	return -1
}

// insert adds an entry of a new key.
func (l *leaf) insert(tag byte, e Entry, mark access.Mark) {
	i := len(l.entries)
	if i < leafEntries {
		l.tags[i] = tag
	}
	if i == cap(l.entries) {
		l.resize(roomFor(i + 1))
	}
	l.entries = append(l.entries, e)
	l.setMark(i, mark)
}

// delete removes the entry at a position; the last one takes its place. All entries behind leafEntries have the hash,
// and so the tag, of all the others.
func (l *leaf) delete(i int) {
	last := len(l.entries) - 1
	if last < leafEntries {
		l.tags[i] = l.tags[last]
	}
	mark := l.mark(last)
	l.entries[i] = l.entries[last]
	l.setMark(i, mark)
	l.entries[last] = Entry{} // what was removed must not be kept alive from here
	l.entries = l.entries[:last]
	if room := roomFor(last + 1); cap(l.entries) > roomFor(room+1) {
		l.resize(room)
	}
}

// resize moves the entries of a leaf to an array of their own with the given room.
func (l *leaf) resize(room int) { l.entries = append(make([]Entry, 0, room), l.entries...) }

// spot is where an entry with a hash belongs: a leaf that this generation may change, and the way to it.
type spot struct {
	leaf *leaf
	// link leads to the leaf. It is that of a slot, or a way of the fork above.
	link  *tree
	above *fork
	way   int
	// shift is that of the level below the link.
	shift int
}

// spotOf finds the spot for a hash in the tree of a slot, which is writable. It appends the forks on the way there to
// path, if that is not nil.
func (s *Space) spotOf(slot *tree, hash uint64, path *[]step) (at spot) {
	at = spot{link: slot, shift: topShift}
	at.descend(s, hash, path)
	return at
}

// step is a fork on the way to a leaf, and the way that was taken there.
type step struct {
	fork *fork
	way  int
}

// descend goes on to the leaf.
func (at *spot) descend(s *Space, hash uint64, path *[]step) {
	for at.link.fork != nil {
		at.above, at.way = s.ownFork(at.link), branch(hash, at.shift)
		at.link = &at.above.children[at.way]
		at.shift -= levelBits
		if path != nil {
			*path = append(*path, step{at.above, at.way})
		}
	}
	at.leaf = at.ownLeaf(s)
}

// ownLeaf gives the leaf, as one that this generation may change.
func (at *spot) ownLeaf(s *Space) *leaf {
	l := at.link.leaf
	switch {
	case l == nil:
		at.link.leaf = newLeaf(s.generation, 1, 1)
	case l.generation < s.generation:
		c := *l
		c.generation = s.generation
		c.resize(roomFor(len(l.entries)))
		at.lead(&c)
	}
	return at.link.leaf
}

// lead leads the spot, and all ways of a leaf, to the leaf.
func (at *spot) lead(l *leaf) {
	if at.above == nil {
		at.link.leaf = l
		return
	}
	at.above.lead(at.way, l)
}

// insert adds an entry of a new key. It divides the leaf as often as that takes.
func (at *spot) insert(s *Space, hash uint64, e Entry, mark access.Mark) {
	for len(at.leaf.entries) >= leafEntries && (at.leaf.ways > 1 || at.shift >= 0) {
		if at.leaf.ways == 1 {
			below := &fork{generation: s.generation}
			at.leaf.ways = fanOut
			below.lead(0, at.leaf)
			*at.link = tree{fork: below}
		} else {
			at.halve(s)
		}
		at.descend(s, hash, nil)
	}
	at.leaf.insert(tag(hash), e, mark)
}

// halve puts two leaves in place of one, each with half of its ways.
func (at *spot) halve(s *Space) {
	l, half := at.leaf, int(at.leaf.ways/2)
	middle := l.first(at.way) + half
	var isHigh [leafEntries]bool
	count := 0
	for i := range l.entries {
		hash := digest.Of(s.hashing.keys, l.entries[i].Key())
		if isHigh[i] = branch(hash, at.shift+levelBits) >= middle; isHigh[i] {
			count++
		}
	}
	low, high := newLeaf(s.generation, half, len(l.entries)-count), newLeaf(s.generation, half, count)
	for i, e := range l.entries {
		part := low
		if isHigh[i] {
			part = high
		}
		part.insert(l.tags[i], e, l.mark(i))
	}
	at.above.lead(middle-half, low)
	at.above.lead(middle, high)
}

// ownFork gives the fork at a link, as one that this generation may change.
func (s *Space) ownFork(link *tree) *fork {
	if f := link.fork; f.generation < s.generation {
		c := *f
		c.generation = s.generation
		link.fork = &c
	}
	return link.fork
}

// merge merges the leaf at the end of a path with the leaves beside it, as long as they are small together, and puts a
// leaf in place of a fork of which it has all ways. The slot leads to the first fork of the path. All of them may be
// changed.
func merge(slot *tree, path []step) {
	for depth := len(path) - 1; depth >= 0; depth-- {
		f, way := path[depth].fork, path[depth].way
		for f.mergePair(way) {
		}
		l := f.children[way].leaf
		if l.ways < fanOut {
			return
		}
		l.ways = 1
		link := slot
		if depth > 0 {
			link = &path[depth-1].fork.children[path[depth-1].way]
		}
		*link = tree{leaf: l}
	}
}

// mergePair merges the leaf of a way with the one beside it, if both have equally many ways and are small together.
func (f *fork) mergePair(way int) bool {
	l := f.children[way].leaf
	if l.ways == fanOut {
		return false
	}
	beside := f.children[l.first(way)^int(l.ways)].leaf
	if beside == nil || beside.ways != l.ways || len(l.entries)+len(beside.entries) > mergeEntries {
		return false
	}
	merged := newLeaf(f.generation, 2*int(l.ways), len(l.entries)+len(beside.entries))
	for _, part := range []*leaf{l, beside} {
		for i, e := range part.entries {
			merged.insert(part.tags[i], e, part.mark(i))
		}
	}
	f.lead(way, merged)
	return true
}

// ranked is an entry with its hash.
type ranked struct {
	hash  uint64
	entry *Entry
}

// walk visits all entries in the order of (hash, key), until visit fails. It sorts one leaf at a time, in scratch.
func (t tree) walk(keys digest.Sip, scratch *[]ranked, visit func(ranked) error) error {
	fetch([]tree{t})
	return t.walkFrom(0, topShift, keys, scratch, visit)
}

// fetchedLeaves is how many leaves a walk fetches at once. With more, a walk that ends early pays for what it does not
// visit; with fewer, the processor waits.
const fetchedLeaves = 4

// walkFrom is walk for the hashes from one on; shift is that of the tree's level.
func (t tree) walkFrom(from uint64, shift int, keys digest.Sip, scratch *[]ranked, visit func(ranked) error) error {
	if f := t.fork; f != nil {
		fetched := 0
		for way := branch(from, shift); way < fanOut; way = f.next(way) {
			if fetched == 0 {
				fetched = f.fetch(way)
			}
			fetched--
			if err := f.children[way].walkFrom(from, shift-levelBits, keys, scratch, visit); err != nil {
				return err
			}
			from = 0 // only what the first way leads to is cut
		}
		return nil
	}
	if t.leaf == nil {
		return nil
	}
	sorted := (*scratch)[:0]
	for i := range t.leaf.entries {
		e := &t.leaf.entries[i]
		if hash := digest.Of(keys, e.Key()); hash >= from {
			sorted = append(sorted, ranked{hash, e})
		}
	}
	slices.SortFunc(sorted, ranked.compare)
	*scratch = sorted
	for _, r := range sorted {
		if err := visit(r); err != nil {
			return err
		}
	}
	return nil
}

// fetch brings the entries of some leaves, to which ways from one on lead, into the processor's caches, and says how
// many trees these ways lead to.
func (f *fork) fetch(way int) (trees int) {
	var some [fetchedLeaves]tree
	for ; way < fanOut && trees < fetchedLeaves; way = f.next(way) {
		some[trees] = f.children[way]
		trees++
	}
	fetch(some[:trees])
	return trees
}

// fetch brings the entries of leaves into the processor's caches, their records included. Each record that a walk reads
// lies somewhere else in memory, and a walk that reads one after the other waits for memory each time. The reads here
// do not depend on each other, so the processor waits for many at once. An image of two million keys took 1.4 seconds
// of processor time without this, and takes 0.5.
func fetch(leaves []tree) {
	sum := 0 // makes the reads count, or the compiler would leave them out
	for _, t := range leaves {
		if t.leaf != nil {
			sum += len(t.leaf.entries)
		}
	}
	for _, t := range leaves {
		if t.leaf != nil {
			for i := range t.leaf.entries {
				sum += len(t.leaf.entries[i].record)
			}
		}
	}
	for _, t := range leaves {
		if t.leaf != nil {
			for i := range t.leaf.entries {
				record := t.leaf.entries[i].record
				sum += int(record[0]) + int(record[min(len(record), fetchedBytes)-1])
			}
		}
	}
	if sum < 0 {
		panic("keyspace: a negative length")
	}
}

// fetchedBytes bounds how much of a record is fetched: the processor fetches the rest by itself.
const fetchedBytes = 128

// compare orders by hash, then by key.
func (r ranked) compare(other ranked) int {
	if c := cmp.Compare(r.hash, other.hash); c != 0 {
		return c
	}
	return strings.Compare(r.entry.Key(), other.entry.Key())
}
