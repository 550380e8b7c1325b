package fsm

import (
	"cmp"
	"slices"
	"strings"
)

const (
	// leafEntries is the most entries of a leaf, unless it is so deep that no bits of the hash are left to divide by.
	leafEntries = 64
	// leafStep is the number of entries by which a leaf's room grows.
	leafStep = 8
	// mergeBelow is the number of entries at which a leaf asks whether it and its siblings fit one leaf, and
	// mergeEntries the most entries of that one: so few that it is not divided again at once.
	mergeBelow, mergeEntries = 2, leafEntries / 2

	// levelBits is the number of bits of the hash that a level of the tree uses.
	levelBits = 4
	fanOut    = 1 << levelBits
	topShift  = 64 - levelBits
)

// node is a node of a slot's tree: a leaf with entries in no order, or a fork with children. A fork has no entries.
type node struct {
	generation uint64
	children   *[fanOut]*node
	// fragments[i] is a part of the hash of entries[i], kept together so that a search reads few cache lines.
	fragments []uint32
	entries   []entry
}

// branch picks the child for a hash; shift is that of the fork's level.
func branch(hash uint64, shift int) uint64 { return hash >> shift % fanOut }

// fragment is the end of the hash that branches use last.
func fragment(hash uint64) uint32 { return uint32(hash) }

// search gives the position of a key in a leaf, or -1.
func (n *node) search(fragment uint32, key []byte) int {
	for i, f := range n.fragments {
		if f == fragment && n.entries[i].key() == string(key) {
			return i
		}
	}
	return -1
}

// insert adds an entry that is not there.
func (n *node) insert(fragment uint32, e entry) {
	if len(n.entries) == cap(n.entries) {
		n.resize(len(n.entries) + leafStep)
	}
	n.fragments, n.entries = append(n.fragments, fragment), append(n.entries, e)
}

// delete removes the entry at a position; the last one takes its place.
func (n *node) delete(i int) {
	last := len(n.entries) - 1
	n.fragments[i], n.entries[i] = n.fragments[last], n.entries[last]
	n.entries[last] = entry{} // what was removed must not be kept alive from here
	n.fragments, n.entries = n.fragments[:last], n.entries[:last]
	if cap(n.entries)-last >= 2*leafStep {
		n.resize(last + leafStep)
	}
}

// resize moves the entries of a leaf to arrays of their own with the given room.
func (n *node) resize(room int) {
	n.fragments = append(make([]uint32, 0, room), n.fragments...)
	n.entries = append(make([]entry, 0, room), n.entries...)
}

// clone copies a node for a newer generation; entries and children are shared.
func (n *node) clone(generation uint64) *node {
	c := &node{generation: generation}
	if n.children != nil {
		children := *n.children
		c.children = &children
		return c
	}
	c.fragments, c.entries = n.fragments, n.entries
	c.resize(cap(n.entries))
	return c
}

// divide makes a full leaf, which this generation owns, a fork of leaves.
func (s *space) divide(n *node, shift int) {
	n.children = new([fanOut]*node)
	for i := range n.entries {
		hash := digest(s.hashing.keys, n.entries[i].key())
		s.own(&n.children[branch(hash, shift)]).insert(fragment(hash), n.entries[i])
	}
	n.fragments, n.entries = nil, nil
}

// merge makes a fork, which this generation owns, a leaf again if its children are leaves with few entries.
func (s *space) merge(n *node) {
	total := 0
	for _, child := range n.children {
		if child == nil {
			continue
		}
		if child.children != nil {
			return
		}
		total += len(child.entries)
	}
	if total > mergeEntries {
		return
	}
	children := n.children
	n.children = nil
	n.resize(total)
	for _, child := range children {
		if child != nil {
			n.fragments, n.entries = append(n.fragments, child.fragments...), append(n.entries, child.entries...)
		}
	}
}

// ranked is an entry with its hash.
type ranked struct {
	hash  uint64
	entry *entry
}

// walk visits all entries below n in the order of (hash, key), until visit fails. It keeps one leaf in mind, in scratch.
func (n *node) walk(keys sip, scratch *[]ranked, visit func(ranked) error) error {
	if n.children != nil {
		for _, child := range n.children {
			if child == nil {
				continue
			}
			if err := child.walk(keys, scratch, visit); err != nil {
				return err
			}
		}
		return nil
	}
	leaf := (*scratch)[:0]
	for i := range n.entries {
		leaf = append(leaf, ranked{digest(keys, n.entries[i].key()), &n.entries[i]})
	}
	slices.SortFunc(leaf, ranked.compare)
	*scratch = leaf
	for _, r := range leaf {
		if err := visit(r); err != nil {
			return err
		}
	}
	return nil
}

// compare orders by hash, then by key.
func (r ranked) compare(other ranked) int {
	if c := cmp.Compare(r.hash, other.hash); c != 0 {
		return c
	}
	return strings.Compare(r.entry.key(), other.entry.key())
}
