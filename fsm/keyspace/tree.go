package keyspace

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

const (
	// leafEntries bounds the entries of a leaf, unless the leaf is so deep that no bits of the hash are left to divide
	// it.
	leafEntries = 64
	// leafStep is the number of entries by which a leaf's room grows, and half of it below smallLeaf entries: so the
	// room of a small leaf, of which there are many, is used, and a large one is not copied often.
	leafStep, smallLeaf = 8, 16
	// A leaf with mergeBelow entries is merged with its siblings if they have at most mergeEntries together: so few
	// that the merged leaf is not divided again at once.
	mergeBelow, mergeEntries = 2, leafEntries / 2

	// levelBits is the number of bits of the hash that a level of the tree uses.
	levelBits = 4
	fanOut    = 1 << levelBits
	topShift  = 64 - levelBits
)

// tree is a slot, or a part of one: a fork, a leaf, or nothing. The link says which of them it is, so that a search
// touches one cache line per fork.
type tree struct {
	fork *fork
	leaf *leaf
}

// fork divides what is below it by the next bits of the hash.
type fork struct {
	generation uint64
	children   [fanOut]tree
}

// leaf holds entries in no order.
type leaf struct {
	generation uint64
	// tags[i] is a byte of the hash of entries[i], kept together so that a search looks at one entry on average.
	// Entries beyond leafEntries have none.
	tags    [leafEntries]byte
	entries []Entry
}

// branch picks the child for a hash; shift is that of the fork's level.
func branch(hash uint64, shift int) uint64 { return hash >> shift % fanOut }

// tag is the byte of the hash that branches use last.
func tag(hash uint64) byte { return byte(hash) }

// search gives the position of a key in a leaf, or -1.
func (l *leaf) search(tag byte, key []byte) int {
	tagged := l.tags[:min(len(l.entries), leafEntries)]
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
func (l *leaf) insert(tag byte, e Entry) {
	i := len(l.entries)
	if i < leafEntries {
		l.tags[i] = tag
	}
	if i == cap(l.entries) {
		l.resize(i + leafStepAt(i))
	}
	l.entries = append(l.entries, e)
}

// delete removes the entry at a position; the last one takes its place. All entries behind leafEntries have the hash,
// and so the tag, of all the others.
func (l *leaf) delete(i int) {
	last := len(l.entries) - 1
	if last < leafEntries {
		l.tags[i] = l.tags[last]
	}
	l.entries[i] = l.entries[last]
	l.entries[last] = Entry{} // what was removed must not be kept alive from here
	l.entries = l.entries[:last]
	if step := leafStepAt(last); cap(l.entries)-last >= 2*step {
		l.resize(last + step)
	}
}

// leafStepAt is the step by which a leaf with a number of entries grows.
func leafStepAt(entries int) int {
	if entries < smallLeaf {
		return leafStep / 2
	}
	return leafStep
}

// resize moves the entries of a leaf to an array of their own with the given room.
func (l *leaf) resize(room int) { l.entries = append(make([]Entry, 0, room), l.entries...) }

// ownLeaf gives the leaf at a link without a fork, as one that this generation may change.
func (s *Space) ownLeaf(link *tree) *leaf {
	switch l := link.leaf; {
	case l == nil:
		link.leaf = &leaf{generation: s.generation}
	case l.generation < s.generation:
		c := *l
		c.generation = s.generation
		c.resize(len(l.entries)) // most writes replace an entry, and need no more room
		link.leaf = &c
	}
	return link.leaf
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

// divide puts a fork in place of a full leaf.
func (s *Space) divide(link *tree, shift int) {
	f := &fork{generation: s.generation}
	for _, e := range link.leaf.entries {
		hash := digest.Of(s.hashing.keys, e.Key())
		s.ownLeaf(&f.children[branch(hash, shift)]).insert(tag(hash), e)
	}
	*link = tree{fork: f}
}

// merge puts a leaf in place of a fork whose children are leaves with few entries.
func (s *Space) merge(link *tree) {
	total := 0
	for _, child := range link.fork.children {
		if child.fork != nil {
			return
		}
		if child.leaf != nil {
			total += len(child.leaf.entries)
		}
	}
	if total > mergeEntries {
		return
	}
	merged := &leaf{generation: s.generation}
	for _, child := range link.fork.children {
		if child.leaf == nil {
			continue
		}
		for i, e := range child.leaf.entries {
			merged.insert(child.leaf.tags[i], e)
		}
	}
	*link = tree{leaf: merged}
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
	if t.fork != nil {
		first := int(branch(from, shift))
		for i, child := range t.fork.children[first:] {
			if i%fetchedLeaves == 0 {
				fetch(t.fork.children[first+i : min(first+i+fetchedLeaves, fanOut)])
			}
			if err := child.walkFrom(from, shift-levelBits, keys, scratch, visit); err != nil {
				return err
			}
			from = 0 // only the first child is cut
		}
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
