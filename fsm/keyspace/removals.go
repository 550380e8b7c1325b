package keyspace

import (
	"encoding/binary"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// removals remember of keys that are there no more when they were last put. A transaction that watches an absent key
// asks whether the key was there since: made by one entry, and removed by a later one.
//
// For each of removalPlaces places, by the hash of the key, they have the highest version that a key had which was
// removed. A key that was absent at an index, and was made and removed behind it, had a version above that index. So a
// key that did come and go is never missed. One that did not is taken for changed if another key of its place, put
// behind that index, was removed: then its client tries again, as it must be able to. Keys that are removed long after
// they were put count for nothing, also if there are many.
//
// They are part of the state: nodes that have gone through an image judge as all others do.
//
// Rejected:
//   - A list of the last keys that were removed: exact, but a pipeline of DEL makes any bound too small.
//   - To remember it for each slot: keys with one hash tag share a slot, and one client that makes and removes keys of
//     that tag would let no transaction on an absent one succeed.
type removals struct {
	// pages are copied before a write if they are older than the present generation: see Space.
	pages [removalPages]*removalPage
	// sum adds up the shares of all places in the state hash.
	sum uint64
	// newest is the highest version that a key has had: the index of the last entry that put a key, or gave keys to
	// another database. flushed is the newest that there was when all keys of a database were removed last: it counts as
	// the version of each of them.
	newest, flushed uint64
}

const (
	removalPages     = 128
	removalPageWords = 128
	removalPlaces    = removalPages * removalPageWords
)

type removalPage struct {
	generation uint64
	versions   [removalPageWords]uint64
}

// placeOf is the place of a key with a hash.
func placeOf(hash uint64) (page, at uint64) {
	place := hash % removalPlaces
	return place / removalPageWords, place % removalPageWords
}

// note notes that a key with a hash and a version is removed.
func (r *removals) note(hash, version, generation uint64, state digest.Sip) {
	page, at := placeOf(hash)
	r.raise(page, at, version, generation, state)
}

// raise raises the version of a place.
func (r *removals) raise(page, at, version, generation uint64, state digest.Sip) {
	p := r.pages[page]
	switch {
	case p == nil:
		p = &removalPage{generation: generation}
		r.pages[page] = p
	case version <= p.versions[at]:
		return
	case p.generation < generation:
		fresh := *p
		fresh.generation = generation
		p = &fresh
		r.pages[page] = p
	}
	place := page*removalPageWords + at
	r.sum += removalShare(place, version, state) - removalShare(place, p.versions[at], state)
	p.versions[at] = version
}

// removalShare is what a place adds to the sum.
func removalShare(place, version uint64, state digest.Sip) uint64 {
	if version == 0 {
		return 0
	}
	return state.Word(place).Finish(version)
}

// since reports whether a key with a hash, which is absent, may have been there behind an index.
func (r *removals) since(hash, index uint64) bool {
	page, at := placeOf(hash)
	p := r.pages[page]
	return r.flushed > index || p != nil && p.versions[at] > index
}

// flush notes that all keys are removed.
func (r *removals) flush() { *r = removals{newest: r.newest, flushed: r.newest} }

// moved notes that an entry has given keys to another database: that is their version, and any key may have been one of
// them.
func (r *removals) moved(index uint64) { *r = removals{newest: index, flushed: index} }

// append appends the payload of the section: newest and flushed, then for each place with a version the number of
// places without one before it, and how much less than newest the version is.
func (r *removals) append(dst []byte) []byte {
	dst = binary.AppendUvarint(binary.AppendUvarint(dst, r.newest), r.flushed)
	skipped := uint64(0)
	for _, p := range r.pages {
		if p == nil {
			skipped += removalPageWords
			continue
		}
		for _, version := range p.versions {
			if version == 0 {
				skipped++
				continue
			}
			dst = binary.AppendUvarint(binary.AppendUvarint(dst, skipped), r.newest-version)
			skipped = 0
		}
	}
	return dst
}

// readRemovals reads what append has written. ok is false if it is something else.
func readRemovals(b []byte, index uint64, state digest.Sip) (r removals, ok bool) {
	next := func() (n uint64, ok bool) {
		n, width := binary.Uvarint(b)
		if width <= 0 || width > 1 && b[width-1] == 0 {
			return 0, false
		}
		b = b[width:]
		return n, true
	}
	newest, isNewest := next()
	flushed, isFlushed := next()
	if !isNewest || !isFlushed || newest == 0 || newest > index || flushed > newest {
		return r, false
	}
	r.newest, r.flushed = newest, flushed
	for place := uint64(0); len(b) > 0; place++ {
		skipped, isSkipped := next()
		less, isLess := next()
		if !isSkipped || !isLess || skipped >= removalPlaces || less >= newest {
			return r, false
		}
		if place += skipped; place >= removalPlaces {
			return r, false
		}
		r.raise(place/removalPageWords, place%removalPageWords, newest-less, 0, state)
	}
	return r, true
}

// ChangedSince reports whether a key was put or removed, or has ended, behind the state at an index, in which it was
// present or absent. It may say so of an absent key that was not: see removals.
func (s *Space) ChangedSince(key []byte, index uint64, present bool) bool {
	at := s.Place(key)
	e := s.stored(at, key)
	switch {
	case e == nil:
		return present || s.removals.since(at.hash, index)
	case s.Version(e) > index:
		return true
	}
	return e.Expired(s.now) == present
}

// addRemovals writes the removals, if there are any.
func (o *imageWriter) addRemovals(r *removals) error {
	if r.newest == 0 {
		return nil
	}
	if err := o.close(0); err != nil {
		return err
	}
	return o.section(sectionRemovals, r.append(nil))
}

// readRemovals reads the section of removals, which is the only one and follows those of keys.
func (in *imageReader) readRemovals(length, checksum uint32) error {
	payload, err := in.whole(length, checksum)
	if err != nil {
		return err
	}
	removals, ok := readRemovals(payload, in.state.index, in.state.hashing.state)
	if !ok || in.removals != nil {
		return damaged("its removals are none", nil)
	}
	in.removals = &removals
	return nil
}
