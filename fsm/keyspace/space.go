package keyspace

import (
	"errors"

	"github.com/raftredis/raftredis/internal/command"
)

// Space is a database: 16,384 slots, reached through a root and its pages, each slot a tree of small nodes.
//
//	root ──► 128 pages ──► 128 slots each ──► fork ──► 16 ways, by the next four bits of the hash ──► fork ──► …
//	                                     │      └────► leaf of up to 63 entries, for one way or several
//	                                     └──► leaf
//
// Each node carries the generation that made it. A freeze keeps the root and begins a new generation. From then on a
// write copies the older nodes on its way before it changes them: a root, a page, the forks down to one leaf, some six
// kilobytes, however many keys there are and however many share a slot. So nothing that a freeze reaches changes, and
// several freezes can overlap.
//
// The tree takes the hash from its highest bits down, so walking it in order is walking in the order of hashes.
type Space struct {
	*shared
	root *root
	// keys counts the entries, sum adds up their shares of the state hash.
	keys int
	sum  uint64
	// staying counts the entries with values that must keep their name: see value.Kind.Stays.
	staying int
	// held is about how many bytes the entries occupy. It depends on how they came about, and no reply that the state
	// decides shows it.
	held int
	// swapped is the index of the entry that last gave the database another number, 0 if there was none since it was
	// empty.
	swapped uint64
	// byLog and byWall are the keys with a deadline: the relative ones, and the absolute ones.
	byLog, byWall deadlines
}

func newSpace(common *shared) *Space {
	return &Space{
		shared: common, root: &root{generation: common.generation}, byLog: newDeadlines(), byWall: newDeadlines(),
	}
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
	keys [pageSlots]uint32
	// total is the sum of keys.
	total int
}

// Place is the slot and the hash of a key.
type Place struct {
	slot uint16
	// near is where in its leaf the key may be, plus one; 0 for no idea. It saves a search and proves nothing.
	near uint8
	hash uint64
}

// slot is the tree of a slot. It is for reading only.
func (r *root) slot(number uint16) tree {
	p := r.pages[number/pageSlots]
	if p == nil {
		return tree{}
	}
	return p.slots[number%pageSlots]
}

// Find gives the entry of a key, nil if there is none or its deadline has come. The entry is for reading, and valid
// until the next write.
func (s *Space) Find(at Place, key []byte) *Entry {
	if e := s.stored(at, key); e != nil && !e.Expired(s.now) {
		return e
	}
	return nil
}

// stored is Find for all stored keys, overdue or not.
func (s *Space) stored(at Place, key []byte) *Entry {
	l, i := s.locate(at, key)
	if l == nil {
		return nil
	}
	return &l.entries[i]
}

// locate finds where the entry of a key is stored: in a leaf, or in none.
func (s *Space) locate(at Place, key []byte) (*leaf, int) {
	t := s.root.slot(at.slot)
	for shift := topShift; t.fork != nil; shift -= levelBits {
		t = t.fork.children[branch(at.hash, shift)]
	}
	if t.leaf == nil {
		return nil, 0
	}
	i := t.leaf.search(at, key)
	if i < 0 {
		return nil, 0
	}
	return t.leaf, i
}

// Get is Find, without a place at hand.
func (s *Space) Get(key []byte) *Entry { return s.Find(s.Place(key), key) }

// Size is the number of keys that are present.
func (s *Space) Size() int { return s.keys - s.Overdue() }

// slotStored is the number of stored keys of a slot, overdue or not.
func (s *Space) slotStored(slot uint16) int {
	p := s.root.pages[slot/pageSlots]
	if p == nil {
		return 0
	}
	return int(p.keys[slot%pageSlots])
}

// SlotSize is the number of keys of a slot that are present. While keys are overdue it walks through the slot.
func (s *Space) SlotSize(slot uint16) int {
	stored := s.slotStored(slot)
	if s.Overdue() == 0 {
		return stored
	}
	present := 0
	s.SlotKeys(slot, stored, func(string) { present++ })
	return present
}

// errEnough ends a walk early.
var errEnough = errors.New("enough keys")

// SlotKeys visits up to count keys of a slot that are present, in the order of (hash, key).
func (s *Space) SlotKeys(slot uint16, count int, visit func(key string)) {
	if count == 0 {
		return
	}
	var scratch []ranked
	_ = s.root.slot(slot).walk(s.hashing.keys, &scratch, func(r ranked) error {
		if r.entry.Expired(s.now) {
			return nil
		}
		visit(r.entry.Key())
		if count--; count == 0 {
			return errEnough
		}
		return nil
	})
}

// due is the log time of the earliest deadline of a key that is stored; 0 for never.
func (s *Space) due() int64 {
	relative, any := s.byLog.first()
	absolute, anyAbsolute := s.byWall.first()
	if !anyAbsolute {
		return relative.ends
	}
	due := max(plus(absolute.ends, -s.now.offset()), 1)
	if any {
		due = min(due, relative.ends)
	}
	return due
}

// endsBy reports whether a key that is present ends at a log time or before.
func (s *Space) endsBy(stamp int64) bool {
	return s.byLog.endsBy(stamp) || s.byWall.endsBy(plus(max(stamp, 0), s.now.offset()))
}

// Overdue is the number of keys that are stored and absent.
func (s *Space) Overdue() int { return s.byLog.overdue + s.byWall.overdue }

// Ending is the number of keys that are present and have a deadline.
func (s *Space) Ending() int { return s.byLog.keys() + s.byWall.keys() - s.Overdue() }

// MeanLeft is the mean of the times left to the stored keys that have a deadline, which are negative for overdue keys;
// 0 if no key has one.
func (s *Space) MeanLeft() int64 {
	relative, absolute := int64(s.byLog.keys()), int64(s.byWall.keys())
	keys := max(relative+absolute, 1)
	log, wall := s.byLog.meanLeft(s.now.Log), s.byWall.meanLeft(s.now.Wall)
	return log/keys*relative + wall/keys*absolute + (log%keys*relative+wall%keys*absolute)/keys // without an overflow
}

// account corrects the state hash and the index of deadlines, and tells the watcher, when fresh takes the place of old.
// Either may be nil.
func (s *Space) account(at Place, old, fresh *Entry) {
	var before, after Deadline
	var digest uint64
	key := ""
	if old != nil {
		before, key, digest = old.Deadline, old.Key(), old.digest(s.values)
		s.held -= old.heldBytes()
		s.sum -= s.share(at.hash, digest, old)
		s.staying -= old.staying()
	}
	if fresh != nil {
		if old == nil || !fresh.hasValueOf(old) {
			digest = fresh.digest(s.values)
		}
		after, key = fresh.Deadline, fresh.Key()
		s.held += fresh.heldBytes()
		s.sum += s.share(at.hash, digest, fresh)
		s.staying += fresh.staying()
	}
	if before != after {
		if before != 0 {
			index, time := s.indexOf(before)
			index.remove(at, before.millis(), time)
		}
		if after != 0 {
			index, time := s.indexOf(after)
			index.add(at, after.millis(), time)
		}
	}
	if s.watcher != nil {
		s.watcher.Changed(key, s.run)
	}
}

// indexOf is the index to which a key with a deadline belongs, and the time by which that goes.
func (s *Space) indexOf(d Deadline) (index *deadlines, time int64) {
	if d.Relative() {
		return &s.byLog, s.now.Log
	}
	return &s.byWall, s.now.Wall
}

// count changes the number of keys of a slot, which is writable already.
func (s *Space) count(slot uint16, change int) {
	if s.keys += change; s.keys == 0 {
		s.swapped = 0
	}
	p := s.root.pages[slot/pageSlots]
	p.keys[slot%pageSlots] += uint32(change)
	p.total += change
}

// Put stores an entry in place of the old one of its key, and sets its version to the present index.
func (s *Space) Put(at Place, key []byte, e Entry) {
	e.word = s.index
	s.removals.newest = s.index
	s.store(at, key, &e)
}

// store is Put for an entry that has its version.
func (s *Space) store(at Place, key []byte, e *Entry) {
	where := s.spotOf(s.writable(at.slot), at.hash, nil)
	if i := where.leaf.search(at, key); i >= 0 {
		s.account(at, &where.leaf.entries[i], e)
		mark := where.leaf.mark(i)
		where.leaf.entries[i] = *e
		where.leaf.setMark(i, after(mark, s.use, s.index, at.hash))
		return
	}
	s.account(at, nil, e)
	s.count(at.slot, 1)
	where.insert(s, at.hash, *e, s.use.First())
}

// Set stores a copy of a string, without a deadline.
func (s *Space) Set(key, value []byte) { s.Put(s.Place(key), key, NewEntry(key, value)) }

// Remove removes a key and reports whether it was present. It copies nothing if it was not.
func (s *Space) Remove(key []byte) bool {
	at := s.Place(key)
	if s.Find(at, key) == nil {
		return false
	}
	s.drop(at, key)
	return true
}

// drop removes a key that is stored.
func (s *Space) drop(at Place, key []byte) {
	slot := s.writable(at.slot)
	var buf [64 / levelBits]step
	path := buf[:0]
	l := s.spotOf(slot, at.hash, &path).leaf
	i := l.search(at, key)
	s.account(at, &l.entries[i], nil)
	s.removals.note(at.hash, s.Version(&l.entries[i]), s.generation, s.hashing.state)
	s.count(at.slot, -1)
	l.delete(i)
	merge(slot, path)
	if slot.leaf != nil && len(slot.leaf.entries) == 0 {
		*slot = tree{}
	}
}

// PutUntil is Put with a deadline, or without one if that is 0. It removes the key if the deadline has come already.
func (s *Space) PutUntil(at Place, key []byte, e Entry, deadline Deadline) {
	e.Deadline = deadline
	switch {
	case !e.Expired(s.now):
		s.Put(at, key, e)
	case s.stored(at, key) != nil:
		s.drop(at, key)
	}
}

// Flush removes everything, in constant time.
func (s *Space) Flush() {
	if s.keys > 0 {
		s.removals.flush()
	}
	s.drain()
	s.tellFlushed()
}

func (s *Space) drain() { *s = *newSpace(s.shared) }

// writable gives the link to a slot's tree, in a root and page that this generation may change.
func (s *Space) writable(slot uint16) *tree {
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
