package keyspace

import "github.com/raftredis/raftredis/internal/access"

// The mark of a key says when it was used, or how often: see package access. It is this node's own. Nothing of it is in
// an image or in the state hash, and a state that was restored begins anew. It lies where a use looks anyway, and takes
// a byte and a third of memory: its lower part in the word of the entry's version, its upper one beside the tags.
//
// Readers write it, beside each other and in nodes that freezes reach as well:
//
//	readers of this state                 hold the read lock, and write and read marks atomically
//	writes                                hold the write lock: no reader is there, and nodes are copied with their marks
//	readers of a frozen state, images     read versions, which have a word with a part of the mark, atomically, and
//	                                      write nothing: of what is read there no trace is left

// mark is that of an entry. Of one without a tag only the lower part is kept.
func (l *leaf) mark(i int) access.Mark {
	low := uint16(access.Load(&l.entries[i].word) >> 48)
	if i >= leafEntries {
		return access.MarkOf(low, 0)
	}
	return access.MarkOf(low, l.highs.At(i))
}

// setMark sets it in a leaf that the present generation may change. Only writes call it.
func (l *leaf) setMark(i int, to access.Mark) {
	e := &l.entries[i]
	e.word = e.word&versionMask | uint64(to.Low())<<markShift
	if i < leafEntries && l.highs.At(i) != to.High() {
		l.highs.Set(i, to.High())
	}
}

// note is setMark beside others that do so, and for a leaf that freezes reach.
func (l *leaf) note(i int, to access.Mark) {
	if word := &l.entries[i].word; uint16(access.Load(word)>>markShift) != to.Low() {
		access.SetTop(word, to.Low())
	}
	if i < leafEntries && l.highs.At(i) != to.High() {
		l.highs.Set(i, to.High())
	}
}

// markShift is where in the word of an entry the lower part of its mark begins.
const markShift = 48

// after is a mark behind a use of its key. random is one of the command's own.
func after(mark access.Mark, by access.Use, random, hash uint64) access.Mark {
	switch {
	case by.Unnoted:
		return mark
	case by.ByFrequency:
		return by.After(mark, chance(random, hash))
	}
	return by.First()
}

// chance is as good as random. Nothing depends on it but counters.
func chance(of, hash uint64) uint64 {
	sequence := Sequence(of ^ hash)
	return sequence.Next()
}

// Use is Get for a read that uses the key. random is one of the read's own.
func (s *Space) Use(key []byte, by access.Use, random uint64) *Entry {
	return s.useAt(s.Place(key), key, by, random)
}

func (s *Space) useAt(at Place, key []byte, by access.Use, random uint64) *Entry {
	l, i := s.locate(at, key)
	if l == nil || l.entries[i].Expired(s.now) {
		return nil
	}
	mark := l.mark(i)
	if to := after(mark, by, random, at.hash); to != mark {
		l.note(i, to)
	}
	return &l.entries[i]
}

// FindToUse is Find for a write that uses the key, whether it changes it or not.
func (s *Space) FindToUse(at Place, key []byte) *Entry { return s.useAt(at, key, s.use, s.index) }

// Mark is that of a key. ok is false if the key is absent.
func (s *Space) Mark(key []byte) (mark access.Mark, ok bool) {
	l, i := s.locate(s.Place(key), key)
	if l == nil || l.entries[i].Expired(s.now) {
		return 0, false
	}
	return l.mark(i), true
}

// SetMark gives a key another mark. Only a write may call it.
func (s *Space) SetMark(key []byte, to access.Mark) {
	at := s.Place(key)
	if s.Find(at, key) == nil {
		return
	}
	l := s.spotOf(s.writable(at.slot), at.hash, nil).leaf
	l.setMark(l.search(at, key), to)
}

// UseAt is a use at a time.
func (s *shared) UseAt(now Now, byFrequency bool) access.Use {
	return access.Use{Seconds: (now.Log - s.usedSince) / millisPerSecond, ByFrequency: byFrequency}
}

// PresentUse is that of the keys which the entry that is being applied changes.
func (s *shared) PresentUse() access.Use { return s.use }

const millisPerSecond = 1000

// CountUses says for the entries from now on whether how often keys are used is kept, and not when they were.
func (s *State) CountUses(byFrequency bool) { s.use.ByFrequency = byFrequency }

// forgetUses lets the uses of all keys count from now on.
func (s *shared) forgetUses() {
	s.usedSince, s.use.Seconds = s.now.Log, 0
}
