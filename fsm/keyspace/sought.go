package keyspace

import "bytes"

// Sought is a key that a command will look for soon.
type Sought struct {
	// Key is the key, Space the database. Fetch finds the place.
	Key   []byte
	Space *Space
	Place Place

	leaf *leaf
}

// Is reports whether the key is this one, at this place in memory.
func (s *Sought) Is(key []byte) bool {
	return len(key) > 0 && len(key) == len(s.Key) && &key[0] == &s.Key[0]
}

// Fetch brings what searches for keys read into the processor's caches. A search reads a slot, a leaf, an entry and its
// record, one after the other, each somewhere else in memory, and a command that begins with a search waits for memory
// four times. Here the same step is done for all keys before the next: the reads do not depend on each other, so the
// processor waits for many at once. It changes nothing but the places of the keys.
func Fetch(keys []Sought) {
	for i := range keys {
		s := &keys[i]
		s.Place = s.Space.Place(s.Key)
	}
	for i := range keys {
		s := &keys[i]
		t := s.Space.root.slot(s.Place.slot)
		for shift := topShift; t.fork != nil; shift -= levelBits {
			t = t.fork.children[branch(s.Place.hash, shift)]
		}
		s.leaf = t.leaf
	}
	sum := 0 // makes the reads count, or the compiler would leave them out
	for i := range keys {
		if l := keys[i].leaf; l != nil {
			sum += int(l.ways) + len(l.entries)
		}
	}
	for i := range keys {
		s := &keys[i]
		if s.leaf == nil {
			continue
		}
		tagged := s.leaf.tags[:min(len(s.leaf.entries), leafEntries)]
		if at := bytes.IndexByte(tagged, tag(s.Place.hash)); at >= 0 {
			s.Place.near = uint8(at + 1)
			sum += len(s.leaf.entries[at].record)
		}
	}
	for i := range keys {
		if s := &keys[i]; s.Place.near > 0 {
			record := s.leaf.entries[s.Place.near-1].record
			sum += int(record[0]) + int(record[min(len(record), fetchedBytes)-1])
		}
		keys[i].leaf = nil
	}
	if sum < 0 {
		panic("keyspace: a negative length")
	}
}
