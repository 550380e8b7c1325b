package keyspace

import (
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/access"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/sessions"
)

// State is all that the log decides: the databases with their keys, and what they share.
type State struct {
	*shared
	// spaces are the databases by their numbers, nil for one that no write has touched. Database 0 is always there.
	spaces []*Space
	// untouched is what readers get for one that is nil.
	untouched *Space
}

// shared is what all databases have in common. Its methods are those of State and of Space.
type shared struct {
	hashing
	generation uint64
	// settled is the generation behind the last entry. Queries read it, since a freeze begins a generation beside them.
	settled uint64
	// now is the state time: log time is the highest stamp of all entries of the log so far. A key whose deadline it
	// has reached is absent, whether it is still stored or not. offset is that of the last entry, to which wall time
	// moves: see Settle.
	now    Now
	offset int64
	// sessions are those of clients; a frozen state has frozenSessions instead, nil for none.
	sessions       *sessions.Table
	frozenSessions *sessions.Frozen
	// removals are those of all databases: a key that was removed from one may count for another one of its name.
	removals removals
	// watcher hears of changes. run is the run that makes them, nil unless it is one of this node.
	watcher Watcher
	run     *command.Run
	// index is that of the last entry applied, number the last that NextNumber gave.
	index, number uint64
	// maxValueBytes bounds the bytes of a string.
	maxValueBytes int
	// use is that of the keys which the present entry changes, usedSince the log time from which on uses are known: see
	// uses.go.
	use       access.Use
	usedSince int64
}

// New is an empty state before entry 1. Its values have at most maxValueBytes.
func New(seed uint64, maxValueBytes int) State {
	common := &shared{
		hashing: newHashing(seed), generation: 1, maxValueBytes: maxValueBytes,
		sessions: sessions.New(sessions.DefaultLimits()),
	}
	return State{shared: common, spaces: []*Space{newSpace(common)}, untouched: newSpace(common)}
}

// Space is a database, for reading. The number is below command.MaxDatabases.
func (s *State) Space(number int) *Space {
	if number >= len(s.spaces) || s.spaces[number] == nil {
		return s.untouched
	}
	return s.spaces[number]
}

// Open is a database, for writing. The number is below command.MaxDatabases.
func (s *State) Open(number int) *Space {
	for len(s.spaces) <= number {
		s.spaces = append(s.spaces, nil)
	}
	if s.spaces[number] == nil {
		s.spaces[number] = newSpace(s.shared)
	}
	return s.spaces[number]
}

// Each visits the databases that have keys, overdue ones as well, in the order of their numbers.
func (s *State) Each(visit func(number int, space *Space)) {
	for number, space := range s.spaces {
		if space != nil && space.keys > 0 {
			visit(number, space)
		}
	}
}

// Flush removes everything from all databases.
func (s *State) Flush() {
	if s.keys() > 0 {
		s.removals.flush()
	}
	for _, space := range s.spaces {
		if space != nil {
			space.drain()
		}
	}
	s.tellFlushed()
}

// StateHash is the hash of the state: of all keys with their values, deadlines and versions, of the state time with its
// offset, of the last number, of the sessions, of what was removed, and of the limit of values. The number of a
// database comes in with the sum of its keys, so that a swap costs nothing.
func (s *State) StateHash() uint64 {
	hash, databases := s.state, uint64(0)
	for number, space := range s.spaces {
		if space != nil && space.keys > 0 {
			hash = hash.Word(uint64(number)).Word(space.sum).Word(uint64(space.keys)).Word(space.swapped)
			databases++
		}
	}
	return hash.Word(databases).Word(uint64(s.now.Log)).Word(uint64(s.now.Wall)).
		Word(uint64(s.offset)).Word(s.number).Word(s.sessions.Hash()).
		Word(s.removals.sum).Word(s.removals.newest).Word(s.removals.flushed).Finish(uint64(s.maxValueBytes))
}

// keys is the number of stored keys of all databases.
func (s *State) keys() (keys int) {
	for _, space := range s.spaces {
		if space != nil {
			keys += space.keys
		}
	}
	return keys
}

// HeldBytes is about how many bytes the keys and their values occupy, overdue ones as well, and the sessions. What only
// frozen states still reach does not count.
func (s *State) HeldBytes() int {
	bytes := s.SessionBytes()
	for _, space := range s.spaces {
		if space != nil {
			bytes += space.held
		}
	}
	return bytes
}

// Advance moves to the entry at an index, and moves log time to its stamp if that is later. A new offset that moves
// wall time forward counts now.
func (s *State) Advance(index uint64, stamp int64) {
	if index > versionMask {
		panic("keyspace: a log of 2^48 entries")
	}
	s.index = index
	s.now = s.now.at(max(s.now.Log, stamp))
	s.use.Seconds = (s.now.Log - s.usedSince) / millisPerSecond
	s.now.Wall = max(s.now.Wall, s.now.Log+s.offset)
	for _, space := range s.spaces {
		if space != nil {
			space.byLog.advance(s.now.Log)
			space.byWall.advance(s.now.Wall)
		}
	}
}

// Due is the log time of the earliest deadline of a key that is stored, or when something of the sessions is to be
// removed; 0 for never.
func (s *State) Due() int64 {
	due := s.sessions.Due()
	for _, space := range s.spaces {
		if space == nil {
			continue
		}
		if ends := space.due(); ends != 0 && (due == 0 || ends < due) {
			due = ends
		}
	}
	return due
}

// EndsBy reports whether a key that is present ends at a log time or before.
func (s *State) EndsBy(stamp int64) bool {
	for _, space := range s.spaces {
		if space != nil && space.endsBy(stamp) {
			return true
		}
	}
	return false
}

// Settle makes the state ready for concurrent reads, and freezes beside them. It follows all writes of an entry.
//
// A new offset that moves wall time back counts as soon as no stored key has passed an absolute deadline. Otherwise
// such a key would be back:
//
//  1. Wall time is an hour ahead, and has reached the deadline of a key. A client finds the key absent.
//  2. More keys than an entry removes have ended, so it is still stored.
//  3. The clocks are put right, and wall time goes back before the deadline.
func (s *State) Settle() {
	s.settled = s.generation
	overdue := 0
	for _, space := range s.spaces {
		if space != nil {
			overdue += space.byWall.overdue
		}
	}
	if overdue == 0 {
		s.now.Wall = s.now.Log + s.offset
	}
	for _, space := range s.spaces {
		if space != nil {
			space.byLog.settle(s.now.Log)
			space.byWall.settle(s.now.Wall)
		}
	}
}

// Replace puts another state in place of this one, and tells the watcher.
func (s *State) Replace(fresh State) {
	if s.shared != nil {
		fresh.watcher, fresh.use.ByFrequency = s.watcher, s.use.ByFrequency
	}
	*s = fresh
	s.forgetUses()
	s.tellFlushed()
	if s.watcher != nil {
		s.watcher.Replaced()
	}
}

// Place is where a key belongs.
func (s *shared) Place(key []byte) Place {
	return Place{slot: command.Slot(key), hash: digest.Of(s.hashing.keys, key)}
}

// NextNumber is a number above all that it gave before: the index of the entry that is being applied, or one more than
// the last number where that entry, or a later one, took it already. Numbers only grow: no command takes one back, an
// image has the last one, and Flush leaves it alone. Only a write may take one.
func (s *shared) NextNumber() uint64 { return s.NextNumbers(1) }

// NextNumbers takes a number of numbers that follow each other, at least one, and gives the first.
func (s *shared) NextNumbers(count uint64) (first uint64) {
	first = max(s.number+1, s.index)
	s.number = first + count - 1
	return first
}

// HasNumbers reports whether a command may take so many numbers, which is at least one: the last must be at most
// MaxNumber. A command that takes one need not ask: from MaxNumber on there are more than all nodes could ever take one
// by one, before a number is too large for what keeps it.
func (s *shared) HasNumbers(count uint64) bool {
	first := max(s.number+1, s.index)
	return first <= MaxNumber && count-1 <= MaxNumber-first
}

// MaxNumber is the last number that a command takes which takes many at once. Values keep numbers below twice that.
const MaxNumber = 1 << 61

// LastNumber is the last that NextNumber gave, 0 before the first.
func (s *shared) LastNumber() uint64 { return s.number }

// SetOffset is the offset of the entries from the next one on: what has to be added to log time to get wall time.
func (s *shared) SetOffset(offset int64) { s.offset = offset }

// Unshare lets two entries share one value: it begins a new generation, as a freeze does, if the value is of the
// present one. So each of them copies the value before it changes it.
func (s *shared) Unshare(e *Entry) {
	if e.apart != nil && e.apart.Value.Generation() == s.generation {
		s.generation++
	}
}

// Making is what a value is made or changed with: a fresh state of the hash of values, and the present generation. It
// is for writes.
func (s *shared) Making() (state digest.Sip, generation uint64) { return s.values, s.generation }

// Changeable reports whether a write may change a string in place: one that was made or changed in this generation. It
// is for the goroutine that writes.
func (s *shared) Changeable(text value.String) bool { return text.Generation() == s.generation }

// Settled reports whether no write will change a string in place. It is for queries, beside which a freeze may run, and
// says no also where only a freeze since the last entry protects the string. In a frozen state every string is settled.
func (s *shared) Settled(text value.String) bool { return text.Generation() < s.settled }

// NextGeneration lets nothing that there is now change any more: as a freeze does, of which nothing is kept.
func (s *shared) NextGeneration() { s.generation++ }

// NewArriving begins a string of a length, which is not 0, that comes bit by bit: see value.NewArriving.
func (s *shared) NewArriving(length int, keeps bool) *value.Arriving {
	return value.NewArriving(length, s.values, keeps)
}

// NewLock is a lock with its holder and its token.
func (s *shared) NewLock(holder []byte, token uint64) *value.Lock {
	return value.NewLock(holder, token, s.values)
}

// Now is the state time.
func (s *shared) Now() Now { return s.now }

// NowAt is the time of a read at a stamp: the state time, or later.
func (s *shared) NowAt(stamp int64) Now { return s.now.at(max(s.now.Log, stamp)) }

// Index is the index of the last entry applied.
func (s *shared) Index() uint64 { return s.index }

// MaxValueBytes bounds the bytes of a string.
func (s *shared) MaxValueBytes() int { return s.maxValueBytes }

// Begin says which run of this node makes the changes from now on, nil for none: the watcher hears it.
func (s *shared) Begin(run *command.Run) {
	s.run, s.use.Unnoted = run, run != nil && run.NoTouch
}

// Watch makes w the watcher, nil for none.
func (s *shared) Watch(w Watcher) { s.watcher = w }
