package fsm

import (
	"errors"

	"github.com/raftredis/raftredis/internal/command"
)

// space is the key space: 16,384 slots, reached through a root and its pages, each slot a tree of small nodes.
//
//	root ──► 128 pages ──► 128 slots each ──► fork ──► 16 children by the next four bits of the hash ──► …
//	                                     └──► leaf of up to 64 entries
//
// Everything carries the generation that made it. A freeze keeps the root and begins a new generation; from then on a
// write copies what is older on its way before it changes it: a root, a page, the forks down to one leaf, some six
// kilobytes, however many keys there are and however many share a slot. What a freeze reaches is therefore never
// changed, and several freezes can overlap.
//
// The tree takes the hash from its highest bits down, so walking it in order is walking in the order of hashes.
type space struct {
	hashing
	generation uint64
	root       *root
	// keys counts the entries, sum adds up their shares of the state hash.
	keys int
	sum  uint64
}

// pageSlots is the number of slots of a page, and of pages.
const pageSlots = 128

type root struct {
	generation uint64
	pages      [command.Slots / pageSlots]*page
}

type page struct {
	generation uint64
	slots      [pageSlots]tree
	// keys counts the entries of each slot.
	keys [pageSlots]int
}

// place is where a key belongs.
type place struct {
	slot uint16
	hash uint64
}

func newSpace(seed uint64) space {
	return space{hashing: newHashing(seed), generation: 1, root: &root{generation: 1}}
}

func (s *space) place(key []byte) place { return place{command.Slot(key), digest(s.hashing.keys, key)} }

// slot is the tree of a slot. It is for reading only.
func (r *root) slot(number uint16) tree {
	p := r.pages[number/pageSlots]
	if p == nil {
		return tree{}
	}
	return p.slots[number%pageSlots]
}

// find gives the entry of a key, nil if there is none. It is for reading only, and valid until the next write.
func (s *space) find(at place, key []byte) *entry {
	t := s.root.slot(at.slot)
	for shift := topShift; t.fork != nil; shift -= levelBits {
		t = t.fork.children[branch(at.hash, shift)]
	}
	if t.leaf == nil {
		return nil
	}
	i := t.leaf.search(tag(at.hash), key)
	if i < 0 {
		return nil
	}
	return &t.leaf.entries[i]
}

// get is find for those who need no place.
func (s *space) get(key []byte) *entry { return s.find(s.place(key), key) }

// size is the number of keys.
func (s *space) size() int { return s.keys }

// slotSize is the number of keys of a slot.
func (s *space) slotSize(slot uint16) int {
	p := s.root.pages[slot/pageSlots]
	if p == nil {
		return 0
	}
	return p.keys[slot%pageSlots]
}

// errEnough ends a walk early.
var errEnough = errors.New("enough keys")

// slotKeys visits the first keys of a slot, as many as asked for or there are, in the order of (hash, key).
func (s *space) slotKeys(slot uint16, most int, visit func(key string)) {
	if most == 0 {
		return
	}
	var scratch []ranked
	_ = s.root.slot(slot).walk(s.hashing.keys, &scratch, func(r ranked) error {
		visit(r.entry.key())
		if most--; most == 0 {
			return errEnough
		}
		return nil
	})
}

// count changes the number of keys, of a slot that is writable already.
func (s *space) count(slot uint16, change int) {
	s.keys += change
	s.root.pages[slot/pageSlots].keys[slot%pageSlots] += change
}

// put stores an entry, in place of the one with its key if there is one.
func (s *space) put(at place, key []byte, e entry) {
	link := s.writable(at.slot)
	for shift := topShift; ; shift -= levelBits {
		if link.fork == nil {
			l := s.ownLeaf(link)
			if i := l.search(tag(at.hash), key); i >= 0 {
				s.sum += s.share(at.hash, &e) - s.share(at.hash, &l.entries[i])
				l.entries[i] = e
				return
			}
			if len(l.entries) < leafEntries || shift < 0 {
				s.sum += s.share(at.hash, &e)
				s.count(at.slot, 1)
				l.insert(tag(at.hash), e)
				return
			}
			s.divide(link, shift)
		}
		link = &s.ownFork(link).children[branch(at.hash, shift)]
	}
}

// set stores a copy of a string.
func (s *space) set(key, value []byte) { s.put(s.place(key), key, newEntry(key, value)) }

// remove removes a key and reports whether it was there. Where it was not, nothing is copied.
func (s *space) remove(key []byte) bool {
	at := s.place(key)
	if s.find(at, key) == nil {
		return false
	}
	link, parent := s.writable(at.slot), (*tree)(nil)
	for shift := topShift; link.fork != nil; shift -= levelBits {
		link, parent = &s.ownFork(link).children[branch(at.hash, shift)], link
	}
	l := s.ownLeaf(link)
	i := l.search(tag(at.hash), key)
	s.sum -= s.share(at.hash, &l.entries[i])
	s.count(at.slot, -1)
	l.delete(i)
	switch {
	case parent != nil && len(l.entries) <= mergeBelow:
		s.merge(parent)
	case parent == nil && len(l.entries) == 0:
		*link = tree{}
	}
	return true
}

// writable gives the link to a slot's tree, in a root and page that this generation may change.
func (s *space) writable(slot uint16) *tree {
	if s.root.generation < s.generation {
		r := *s.root
		r.generation = s.generation
		s.root = &r
	}
	p := &s.root.pages[slot/pageSlots]
	switch {
	case *p == nil:
		*p = &page{generation: s.generation}
	case (*p).generation < s.generation:
		c := **p
		c.generation = s.generation
		*p = &c
	}
	return &(*p).slots[slot%pageSlots]
}
