package fsm

import "math/bits"

// pickTries is how often a random key is drawn again because the one drawn is overdue.
const pickTries = 16

// randomKey is RANDOMKEY. Chance comes from the connection, and from the moment and the place of the call in its run:
// one call differs from the next. The same chance picks the same key from the same state, however that lies in memory.
func randomKey(v view, c call) []byte {
	chance := sequence(v.random)
	chance ^= sequence(chance.next() ^ uint64(v.now))
	chance ^= sequence(chance.next() ^ uint64(len(c.reply)))
	key, ok := v.space.pick(chance.next())
	if !ok {
		return c.null()
	}
	return c.bulkString(key)
}

// pick draws a key that is present, of all keys with almost equal chance; false if there is none.
func (s *space) pick(random uint64) (key string, ok bool) {
	if s.size() == 0 {
		return "", false
	}
	chance := sequence(random)
	var at position
	for range pickTries {
		var e *entry
		if at, e = s.draw(&chance); !e.expired(s.time) {
			return e.key(), true
		}
	}
	present := func(_ position, e *entry) bool { // the next one that is present, from the last draw on and around
		key = e.key()
		return e.expired(s.time)
	}
	s.scan(at, present)
	if e := s.get([]byte(key)); e == nil {
		s.scan(0, present)
	}
	return key, true
}

// draw draws an entry of those that are stored, of which there is at least one: a slot by its share of the keys, and of
// its keys one by number, or if they are many the one behind a random hash.
func (s *space) draw(chance *sequence) (at position, e *entry) {
	slot, number := s.slotOf(below(chance, s.keys))
	take := func(where position, found *entry) bool {
		at, e = where, found
		number--
		return number >= 0
	}
	begin := place{slot: slot}
	if s.slotStored(slot) > leafEntries {
		number = 0
		begin.hash = chance.next()
	}
	s.scan(begin.position(), take)
	if e == nil || at.first().slot != slot { // no key of the slot has a hash so high: around to its lowest
		s.scan(place{slot: slot}.position(), take)
	}
	return at, e
}

// slotOf is the slot of the key with a number in the order of slots, and the key's number in it.
func (s *space) slotOf(number int) (slot uint16, within int) {
	for i, p := range s.root.pages {
		if p == nil {
			continue
		}
		if number >= p.total {
			number -= p.total
			continue
		}
		for j, keys := range p.keys {
			if number < keys {
				return uint16(i*pageSlots + j), number
			}
			number -= keys
		}
	}
	panic("fsm: the slots have fewer keys than there are")
}

// below is a random number from 0 to n-1.
func below(chance *sequence, n int) int {
	high, _ := bits.Mul64(chance.next(), uint64(n))
	return int(high)
}
