package keyspace

import (
	"errors"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/sessions"
)

// Space is the key space: 16,384 slots, reached through a root and its pages, each slot a tree of small nodes.
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
	hashing
	generation uint64
	// settled is the generation behind the last entry. Queries read it, since a freeze begins a generation beside them.
	settled uint64
	root    *root
	// keys counts the entries, sum adds up their shares of the state hash.
	keys int
	sum  uint64
	// held is about how many bytes the entries occupy. It depends on how they came about, and no reply that the state
	// decides shows it.
	held int
	// now is the state time: log time is the highest stamp of all entries of the log so far. A key whose deadline it
	// has reached is absent, whether it is still stored or not. offset is that of the last entry, to which wall time
	// moves: see Settle.
	now    Now
	offset int64
	// byLog and byWall are the keys with a deadline: the relative ones, and the absolute ones.
	byLog, byWall deadlines
	// sessions are those of clients; a frozen space has frozenSessions instead, nil for none.
	sessions       *sessions.Table
	frozenSessions *sessions.Frozen
	removals       removals
	// watcher hears of changes. run is the run that makes them, nil unless it is one of this node.
	watcher Watcher
	run     *command.Run
	// index is that of the last entry applied, number the last that NextNumber gave.
	index, number uint64
	// maxValueBytes bounds the bytes of a string.
	maxValueBytes int
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

// Place is the slot and the hash of a key.
type Place struct {
	slot uint16
	hash uint64
}

// New is an empty key space before entry 1. Its values have at most maxValueBytes.
func New(seed uint64, maxValueBytes int) Space {
	return Space{
		hashing: newHashing(seed), generation: 1, root: &root{generation: 1},
		byLog: newDeadlines(), byWall: newDeadlines(), maxValueBytes: maxValueBytes,
		sessions: sessions.New(sessions.DefaultLimits()),
	}
}

// Place is where a key belongs.
func (s *Space) Place(key []byte) Place {
	return Place{command.Slot(key), digest.Of(s.hashing.keys, key)}
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

// Get is Find, without a place at hand.
func (s *Space) Get(key []byte) *Entry { return s.Find(s.Place(key), key) }

// Size is the number of keys that are present.
func (s *Space) Size() int { return s.keys - s.Overdue() }

// HeldBytes is about how many bytes the keys and their values occupy, overdue ones as well, and the sessions. What only
// frozen states still reach does not count.
func (s *Space) HeldBytes() int { return s.held + s.SessionBytes() }

// slotStored is the number of stored keys of a slot, overdue or not.
func (s *Space) slotStored(slot uint16) int {
	p := s.root.pages[slot/pageSlots]
	if p == nil {
		return 0
	}
	return p.keys[slot%pageSlots]
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

// StateHash is the hash of the state: of all keys with their values, deadlines and versions, of the state time with its
// offset, of the last number, of the sessions, of what was removed, and of the limit of values.
func (s *Space) StateHash() uint64 {
	return s.state.Word(s.sum).Word(uint64(s.keys)).Word(uint64(s.now.Log)).Word(uint64(s.now.Wall)).
		Word(uint64(s.offset)).Word(s.number).Word(s.sessions.Hash()).
		Word(s.removals.sum).Word(s.removals.newest).Word(s.removals.flushed).Finish(uint64(s.maxValueBytes))
}

// NextNumber is a number above all that it gave before: the index of the entry that is being applied, or one more than
// the last number where that entry, or a later one, took it already. Numbers only grow: no command takes one back, an
// image has the last one, and Flush leaves it alone. Only a write may take one.
func (s *Space) NextNumber() uint64 { return s.NextNumbers(1) }

// NextNumbers takes a number of numbers that follow each other, at least one, and gives the first.
func (s *Space) NextNumbers(count uint64) (first uint64) {
	first = max(s.number+1, s.index)
	s.number = first + count - 1
	return first
}

// HasNumbers reports whether a command may take so many numbers, which is at least one: the last must be at most
// MaxNumber. A command that takes one need not ask: from MaxNumber on there are more than all nodes could ever take one
// by one, before a number is too large for what keeps it.
func (s *Space) HasNumbers(count uint64) bool {
	first := max(s.number+1, s.index)
	return first <= MaxNumber && count-1 <= MaxNumber-first
}

// MaxNumber is the last number that a command takes which takes many at once. Values keep numbers below twice that.
const MaxNumber = 1 << 61

// LastNumber is the last that NextNumber gave, 0 before the first.
func (s *Space) LastNumber() uint64 { return s.number }

// SetOffset is the offset of the entries from the next one on: what has to be added to log time to get wall time.
func (s *Space) SetOffset(offset int64) { s.offset = offset }

// Advance moves to the entry at an index, and moves log time to its stamp if that is later. A new offset that moves
// wall time forward counts now.
func (s *Space) Advance(index uint64, stamp int64) {
	s.index = index
	s.now = s.now.at(max(s.now.Log, stamp))
	s.now.Wall = max(s.now.Wall, s.now.Log+s.offset)
	s.byLog.advance(s.now.Log)
	s.byWall.advance(s.now.Wall)
}

// Unshare lets two entries share one value: it begins a new generation, as a freeze does, if the value is of the
// present one. So each of them copies the value before it changes it.
func (s *Space) Unshare(e *Entry) {
	if e.apart != nil && e.apart.Value.Generation() == s.generation {
		s.generation++
	}
}

// Making is what a value is made or changed with: a fresh state of the hash of values, and the present generation. It
// is for writes.
func (s *Space) Making() (state digest.Sip, generation uint64) { return s.values, s.generation }

// Changeable reports whether a write may change a string in place: one that was made or changed in this generation. It
// is for the goroutine that writes.
func (s *Space) Changeable(text value.String) bool { return text.Generation() == s.generation }

// Settled reports whether no write will change a string in place. It is for queries, beside which a freeze may run, and
// says no also where only a freeze since the last entry protects the string. In a frozen space every string is settled.
func (s *Space) Settled(text value.String) bool { return text.Generation() < s.settled }

// NextGeneration lets nothing that there is now change any more: as a freeze does, of which nothing is kept.
func (s *Space) NextGeneration() { s.generation++ }

// NewArriving begins a string of a length, which is not 0, that comes bit by bit: see value.NewArriving.
func (s *Space) NewArriving(length int, keeps bool) *value.Arriving {
	return value.NewArriving(length, s.values, keeps)
}

// NewLock is a lock with its holder and its token.
func (s *Space) NewLock(holder []byte, token uint64) *value.Lock {
	return value.NewLock(holder, token, s.values)
}

// Due is the log time of the earliest deadline of a key that is stored, or when something of the sessions is to be
// removed; 0 for never.
func (s *Space) Due() int64 {
	due := s.keysDue()
	if ends := s.sessions.Due(); ends != 0 && (due == 0 || ends < due) {
		return ends
	}
	return due
}

// keysDue is Due without the sessions.
func (s *Space) keysDue() int64 {
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

// EndsBy reports whether a key that is present ends at a log time or before.
func (s *Space) EndsBy(stamp int64) bool {
	return s.byLog.endsBy(stamp) || s.byWall.endsBy(plus(max(stamp, 0), s.now.offset()))
}

// Overdue is the number of keys that are stored and absent.
func (s *Space) Overdue() int { return s.byLog.overdue + s.byWall.overdue }

// Ending is the number of keys that are present and have a deadline.
func (s *Space) Ending() int { return s.byLog.keys() + s.byWall.keys() - s.Overdue() }

// Now is the state time.
func (s *Space) Now() Now { return s.now }

// NowAt is the time of a read at a stamp: the state time, or later.
func (s *Space) NowAt(stamp int64) Now { return s.now.at(max(s.now.Log, stamp)) }

// Index is the index of the last entry applied.
func (s *Space) Index() uint64 { return s.index }

// MaxValueBytes bounds the bytes of a string.
func (s *Space) MaxValueBytes() int { return s.maxValueBytes }

// Begin says which run of this node makes the changes from now on, nil for none: the watcher hears it.
func (s *Space) Begin(run *command.Run) { s.run = run }

// Watch makes w the watcher, nil for none.
func (s *Space) Watch(w Watcher) { s.watcher = w }

// MeanLeft is the mean of the times left to the stored keys that have a deadline, which are negative for overdue keys;
// 0 if no key has one.
func (s *Space) MeanLeft() int64 {
	relative, absolute := int64(s.byLog.keys()), int64(s.byWall.keys())
	keys := max(relative+absolute, 1)
	log, wall := s.byLog.meanLeft(s.now.Log), s.byWall.meanLeft(s.now.Wall)
	return log/keys*relative + wall/keys*absolute + (log%keys*relative+wall%keys*absolute)/keys // without an overflow
}

// Settle makes the key space ready for concurrent reads, and freezes beside them. It follows all writes of an entry.
//
// A new offset that moves wall time back counts as soon as no stored key has passed an absolute deadline. Otherwise
// such a key would be back:
//
//  1. Wall time is an hour ahead, and has reached the deadline of a key. A client finds the key absent.
//  2. More keys than an entry removes have ended, so it is still stored.
//  3. The clocks are put right, and wall time goes back before the deadline.
func (s *Space) Settle() {
	s.settled = s.generation
	if s.byWall.overdue == 0 {
		s.now.Wall = s.now.Log + s.offset
	}
	s.byLog.settle(s.now.Log)
	s.byWall.settle(s.now.Wall)
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
	}
	if fresh != nil {
		if old == nil || !fresh.hasValueOf(old) {
			digest = fresh.digest(s.values)
		}
		after, key = fresh.Deadline, fresh.Key()
		s.held += fresh.heldBytes()
		s.sum += s.share(at.hash, digest, fresh)
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
	s.keys += change
	p := s.root.pages[slot/pageSlots]
	p.keys[slot%pageSlots] += change
	p.total += change
}

// Put stores an entry in place of the old one of its key, and sets its version to the present index.
func (s *Space) Put(at Place, key []byte, e Entry) {
	e.Version = s.index
	s.removals.newest = s.index
	s.store(at, key, &e)
}

// store is Put for an entry that has its version.
func (s *Space) store(at Place, key []byte, e *Entry) {
	where := s.spotOf(s.writable(at.slot), at.hash, nil)
	if i := where.leaf.search(tag(at.hash), key); i >= 0 {
		s.account(at, &where.leaf.entries[i], e)
		where.leaf.entries[i] = *e
		return
	}
	s.account(at, nil, e)
	s.count(at.slot, 1)
	where.insert(s, at.hash, *e)
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
	i := l.search(tag(at.hash), key)
	s.account(at, &l.entries[i], nil)
	s.removals.note(at.hash, l.entries[i].Version, s.generation, s.hashing.state)
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
	s.root = &root{generation: s.generation}
	s.keys, s.sum, s.held, s.byLog, s.byWall = 0, 0, 0, newDeadlines(), newDeadlines()
	s.removals.flush()
	s.tellFlushed()
}

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
