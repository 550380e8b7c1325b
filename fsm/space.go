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
	// time is the state time: the highest stamp of all entries of the log so far. A key whose deadline it has reached is
	// absent, whether it is still stored or not.
	time      int64
	deadlines deadlines
	// watcher is told what run changes, which is nil unless one of this node is being applied.
	watcher Watcher
	run     *command.Run
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
	// total is the sum of keys.
	total int
}

// place is where a key belongs.
type place struct {
	slot uint16
	hash uint64
}

func newSpace(seed uint64) space {
	return space{hashing: newHashing(seed), generation: 1, root: &root{generation: 1}, deadlines: newDeadlines()}
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

// find gives the entry of a key, nil if there is none, or none any more at the state time. It is for reading only, and
// valid until the next write.
func (s *space) find(at place, key []byte) *entry {
	if e := s.stored(at, key); e != nil && !e.expired(s.time) {
		return e
	}
	return nil
}

// stored is find for what is stored, absent or not.
func (s *space) stored(at place, key []byte) *entry {
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

// size is the number of keys that are present.
func (s *space) size() int { return s.keys - s.deadlines.overdue }

// slotStored is the number of keys of a slot that are stored, absent or not.
func (s *space) slotStored(slot uint16) int {
	p := s.root.pages[slot/pageSlots]
	if p == nil {
		return 0
	}
	return p.keys[slot%pageSlots]
}

// slotSize is the number of keys of a slot that are present. While keys are overdue it has to look at all of the slot.
func (s *space) slotSize(slot uint16) int {
	stored := s.slotStored(slot)
	if s.deadlines.overdue == 0 {
		return stored
	}
	present := 0
	s.slotKeys(slot, stored, func(string) { present++ })
	return present
}

// errEnough ends a walk early.
var errEnough = errors.New("enough keys")

// slotKeys visits the first keys of a slot that are present, as many as asked for or there are, in the order of
// (hash, key).
func (s *space) slotKeys(slot uint16, most int, visit func(key string)) {
	if most == 0 {
		return
	}
	var scratch []ranked
	_ = s.root.slot(slot).walk(s.hashing.keys, &scratch, func(r ranked) error {
		if r.entry.expired(s.time) {
			return nil
		}
		visit(r.entry.key())
		if most--; most == 0 {
			return errEnough
		}
		return nil
	})
}

// stateHash is the hash of the state: of all keys with their values and deadlines, and of what else decides how it goes
// on.
func (s *space) stateHash(maxValueBytes int) uint64 {
	return s.state.word(s.sum).word(uint64(s.keys)).word(uint64(s.time)).finish(uint64(maxValueBytes))
}

// advance moves the state time to a stamp, if that is later.
func (s *space) advance(stamp int64) {
	s.time = max(s.time, stamp)
	s.deadlines.advance(s.time)
}

// settle makes the key space ready to be read beside others.
func (s *space) settle() { s.deadlines.settle(s.time) }

// account keeps level with an entry that takes the place of another, either of them nil: the state hash, the index of
// deadlines, and who watches.
func (s *space) account(at place, old, fresh *entry) {
	var before, after int64
	var value uint64
	key := ""
	if old != nil {
		before, key, value = old.deadline, old.key(), old.digest(s.values)
		s.sum -= s.share(at.hash, value, before)
	}
	if fresh != nil {
		if old == nil || !fresh.hasValueOf(old) {
			value = fresh.digest(s.values)
		}
		after, key = fresh.deadline, fresh.key()
		s.sum += s.share(at.hash, value, after)
	}
	if before != after {
		if before != 0 {
			s.deadlines.remove(at, before, s.time)
		}
		if after != 0 {
			s.deadlines.add(at, after, s.time)
		}
	}
	if s.watcher != nil {
		s.watcher.Changed(key, s.run)
	}
}

// count changes the number of keys, of a slot that is writable already.
func (s *space) count(slot uint16, change int) {
	s.keys += change
	p := s.root.pages[slot/pageSlots]
	p.keys[slot%pageSlots] += change
	p.total += change
}

// put stores an entry, in place of the one with its key if there is one.
func (s *space) put(at place, key []byte, e entry) {
	link := s.writable(at.slot)
	for shift := topShift; ; shift -= levelBits {
		if link.fork == nil {
			l := s.ownLeaf(link)
			if i := l.search(tag(at.hash), key); i >= 0 {
				s.account(at, &l.entries[i], &e)
				l.entries[i] = e
				return
			}
			if len(l.entries) < leafEntries || shift < 0 {
				s.account(at, nil, &e)
				s.count(at.slot, 1)
				l.insert(tag(at.hash), e)
				return
			}
			s.divide(link, shift)
		}
		link = &s.ownFork(link).children[branch(at.hash, shift)]
	}
}

// set stores a copy of a string, without a deadline.
func (s *space) set(key, value []byte) { s.put(s.place(key), key, newEntry(key, value)) }

// remove removes a key and reports whether it was there. Where it was not, nothing is copied.
func (s *space) remove(key []byte) bool {
	at := s.place(key)
	if s.find(at, key) == nil {
		return false
	}
	s.drop(at, key)
	return true
}

// drop removes a key that is stored.
func (s *space) drop(at place, key []byte) {
	link, parent := s.writable(at.slot), (*tree)(nil)
	for shift := topShift; link.fork != nil; shift -= levelBits {
		link, parent = &s.ownFork(link).children[branch(at.hash, shift)], link
	}
	l := s.ownLeaf(link)
	i := l.search(tag(at.hash), key)
	s.account(at, &l.entries[i], nil)
	s.count(at.slot, -1)
	l.delete(i)
	switch {
	case parent != nil && len(l.entries) <= mergeBelow:
		s.merge(parent)
	case parent == nil && len(l.entries) == 0:
		*link = tree{}
	}
}

// putUntil is put, with a deadline or, if that is 0, without one. If the deadline has come already, the key is gone.
func (s *space) putUntil(at place, key []byte, e entry, deadline int64) {
	e.deadline = deadline
	switch {
	case !e.expired(s.time):
		s.put(at, key, e)
	case s.stored(at, key) != nil:
		s.drop(at, key)
	}
}

// flush removes everything, in constant time.
func (s *space) flush() {
	s.root = &root{generation: s.generation}
	s.keys, s.sum, s.deadlines = 0, 0, newDeadlines()
	s.tellFlushed()
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
