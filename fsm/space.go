package fsm

// space is the key space: 16,384 slots, reached through a root and its pages, each slot a tree of small nodes.
//
//	root ──► 128 pages ──► 128 slots each ──► node ──► 16 nodes by the next four bits of the hash ──► …
//	                                          (a leaf holds up to 64 entries)
//
// Everything carries the generation that made it. A freeze keeps the root and begins a new generation; from then on a
// write copies what is older on its way before it changes it: a root, a page, the nodes down to one leaf, some four
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
	pages      [Slots / pageSlots]*page
}

type page struct {
	generation uint64
	slots      [pageSlots]*node
}

// place is where a key belongs.
type place struct {
	slot uint16
	hash uint64
}

func newSpace(seed uint64) space {
	return space{hashing: newHashing(seed), generation: 1, root: &root{generation: 1}}
}

func (s *space) place(key []byte) place { return place{Slot(key), digest(s.hashing.keys, key)} }

// slot is the tree of a slot, nil while it is empty. It is for reading only.
func (r *root) slot(number uint16) *node {
	p := r.pages[number/pageSlots]
	if p == nil {
		return nil
	}
	return p.slots[number%pageSlots]
}

// find gives the entry of a key, nil if there is none. It is for reading only, and valid until the next write.
func (s *space) find(at place, key []byte) *entry {
	n := s.root.slot(at.slot)
	for shift := topShift; n != nil; shift -= levelBits {
		if n.children == nil {
			if i := n.search(fragment(at.hash), key); i >= 0 {
				return &n.entries[i]
			}
			return nil
		}
		n = n.children[branch(at.hash, shift)]
	}
	return nil
}

// get is find for those who need no place.
func (s *space) get(key []byte) *entry { return s.find(s.place(key), key) }

// size is the number of keys.
func (s *space) size() int { return s.keys }

// put stores an entry, in place of the one with its key if there is one.
func (s *space) put(at place, key []byte, e entry) {
	link := s.writable(at.slot)
	for shift := topShift; ; shift -= levelBits {
		n := s.own(link)
		if n.children == nil {
			if i := n.search(fragment(at.hash), key); i >= 0 {
				s.sum += s.share(at.hash, &e) - s.share(at.hash, &n.entries[i])
				n.entries[i] = e
				return
			}
			if len(n.entries) < leafEntries || shift < 0 {
				s.sum += s.share(at.hash, &e)
				s.keys++
				n.insert(fragment(at.hash), e)
				return
			}
			s.divide(n, shift)
		}
		link = &n.children[branch(at.hash, shift)]
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
	link, parent := s.writable(at.slot), (*node)(nil)
	n := s.own(link)
	for shift := topShift; n.children != nil; shift -= levelBits {
		link, parent = &n.children[branch(at.hash, shift)], n
		n = s.own(link)
	}
	i := n.search(fragment(at.hash), key)
	s.sum -= s.share(at.hash, &n.entries[i])
	s.keys--
	n.delete(i)
	switch {
	case parent != nil && len(n.entries) <= mergeBelow:
		s.merge(parent)
	case parent == nil && len(n.entries) == 0:
		*link = nil
	}
	return true
}

// writable gives the link to a slot's tree, in a root and page that this generation may change.
func (s *space) writable(slot uint16) **node {
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

// own gives the node at a link, as one that this generation may change.
func (s *space) own(link **node) *node {
	switch n := *link; {
	case n == nil:
		*link = &node{generation: s.generation}
	case n.generation < s.generation:
		*link = n.clone(s.generation)
	}
	return *link
}
