package keyspace

import "math/bits"

// pickTries bounds how often Pick draws again because a key is overdue.
const pickTries = 16

// Pick draws a key that is present, of all keys with almost equal chance; false if there is none.
func (s *Space) Pick(random uint64) (key string, ok bool) {
	if s.Size() == 0 {
		return "", false
	}
	chance := Sequence(random)
	var at Position
	for range pickTries {
		var e *Entry
		if at, e = s.draw(&chance); !e.Expired(s.now) {
			return e.Key(), true
		}
	}
	present := func(_ Position, e *Entry) bool { // the next one that is present, from the last draw on and around
		key = e.Key()
		return e.Expired(s.now)
	}
	s.Scan(at, present)
	if e := s.Get([]byte(key)); e == nil {
		s.Scan(0, present)
	}
	return key, true
}

// draw draws a stored entry, of which there is at least one. It draws a slot by its share of the keys, and then one of
// its keys: by number, or in a large slot the key behind a random hash.
func (s *Space) draw(chance *Sequence) (at Position, e *Entry) {
	slot, number := s.slotOf(below(chance, s.keys))
	take := func(where Position, found *Entry) bool {
		at, e = where, found
		number--
		return number >= 0
	}
	begin := Place{slot: slot}
	if s.slotStored(slot) > leafEntries {
		number = 0
		begin.hash = chance.Next()
	}
	s.Scan(begin.position(), take)
	if e == nil || at.first().slot != slot { // no key of the slot has a hash so high: around to its lowest
		s.Scan(Place{slot: slot}.position(), take)
	}
	return at, e
}

// slotOf is the slot of the key with a number in the order of slots, and the key's number in it.
func (s *Space) slotOf(number int) (slot uint16, within int) {
	for i, p := range s.root.pages {
		if p == nil {
			continue
		}
		if number >= p.total {
			number -= p.total
			continue
		}
		for j, keys := range p.keys {
			if number < int(keys) {
				return uint16(i*pageSlots + j), number
			}
			number -= int(keys)
		}
	}
	panic("keyspace: the slots have fewer keys than there are")
}

// below is a random number from 0 to n-1.
func below(chance *Sequence, n int) int {
	high, _ := bits.Mul64(chance.Next(), uint64(n))
	return int(high)
}
