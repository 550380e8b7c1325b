package keyspace

import (
	"bytes"
	"hash/crc32"
	"sort"
)

// piece is a section of keys on its way into the space. Its slots follow each other, so all but the first and the last
// are in no other piece, and their trees can be made beside those of other pieces.
type piece struct {
	payload  bytes.Buffer
	checksum uint32

	// database is that of the items.
	database int
	// damage is a wrong checksum. fault is what is wrong with the items if the section begins with an entry; the parts of
	// a value that began in an earlier one may look like anything. plain says that there are whole entries only.
	damage, fault error
	plain         bool
	// entries are all, with their places in places; first and last are the keys of the outermost.
	entries     []Entry
	places      []Place
	first, last rankedKey
	// head and tail are how many entries the first slot has and where the last slot begins; trees are those of the slots
	// between them.
	head, tail int
	trees      []slotTree
	// sum is what the entries add to the state hash, held how many bytes they occupy, byLog and byWall their deadlines.
	sum           uint64
	held          int
	byLog, byWall []dueKey
}

// slotTree is the tree of a slot with all its entries.
type slotTree struct {
	slot uint16
	tree tree
	keys int
}

// check compares the payload with its checksum.
func (p *piece) check() error {
	if crc32.Checksum(p.payload.Bytes(), castagnoli) != p.checksum {
		return damaged("a section has a wrong checksum", nil)
	}
	return nil
}

// decode reads a piece. It changes the piece only, and reads of the space nothing that put changes.
func (in *imageReader) decode(p *piece) {
	*p = piece{
		payload: p.payload, checksum: p.checksum, damage: p.check(), entries: p.entries[:0], places: p.places[:0],
		trees: p.trees[:0], byLog: p.byLog[:0], byWall: p.byWall[:0],
	}
	if p.damage != nil {
		return
	}
	var items []byte
	for p.database, items, p.fault = databaseOf(p.payload.Bytes()); len(items) > 0 && p.fault == nil; {
		if items[0]&partsFlag != 0 {
			return
		}
		var at Place
		var e Entry
		if at, _, e, items, p.fault = in.item(items, p.database, &p.last); p.fault == nil {
			p.add(&in.state.hashing, at, &e)
		}
	}
	if p.fault == nil {
		p.plain = true
		p.grow(in.state.generation)
	}
}

// add adds an entry that ranks behind all before.
func (p *piece) add(h *hashing, at Place, e *Entry) {
	p.last = rankedKey{p.database, at, e.Key(), true}
	if len(p.entries) == 0 {
		p.first = p.last
	}
	p.entries, p.places = append(p.entries, *e), append(p.places, at)
	p.sum += h.share(at.hash, e.digest(h.values), e)
	p.held += e.heldBytes()
	switch d := e.Deadline; {
	case d == 0:
	case d.Relative():
		p.byLog = append(p.byLog, newDueKey(at, d.millis()))
	default:
		p.byWall = append(p.byWall, newDueKey(at, d.millis()))
	}
}

// grow makes the trees of the slots that are whole.
func (p *piece) grow(generation uint64) {
	p.head, p.tail = len(p.entries), len(p.entries)
	for begin, end := 0, 0; begin < len(p.entries); begin = end {
		slot := p.places[begin].slot
		for end = begin; end < len(p.entries) && p.places[end].slot == slot; {
			end++
		}
		switch {
		case begin == 0:
			p.head = end
		case end == len(p.entries):
			p.tail = begin
		default:
			p.trees = append(p.trees, slotTree{
				slot, treeOf(p.entries[begin:end], p.places[begin:end], topShift, generation), end - begin,
			})
		}
	}
}

// treeOf makes a tree of entries in the order of their hashes: the one that storing them one by one makes, with no leaf
// that was copied on the way.
func treeOf(entries []Entry, places []Place, shift int, generation uint64) tree {
	if len(entries) <= leafEntries || shift < 0 {
		return tree{leaf: leafOf(entries, places, 1, generation)}
	}
	f := &fork{generation: generation}
	f.fill(entries, places, shift, 0, fanOut)
	return tree{fork: f}
}

// leafOf makes a leaf of entries for so many ways.
func leafOf(entries []Entry, places []Place, ways int, generation uint64) *leaf {
	l := newLeaf(generation, ways, len(entries))
	l.entries = append(l.entries, entries...)
	for i := range places[:min(len(places), leafEntries)] {
		l.tags[i] = tag(places[i].hash)
	}
	return l
}

// fill leads some ways of a fork, from the first on, to all entries that take them. shift is that of the fork's level.
func (f *fork) fill(entries []Entry, places []Place, shift, first, ways int) {
	switch half := ways / 2; {
	case ways == 1:
		f.children[first] = treeOf(entries, places, shift-levelBits, f.generation)
	case len(entries) <= leafEntries:
		f.lead(first, leafOf(entries, places, ways, f.generation))
	default:
		cut := sort.Search(len(places), func(i int) bool { return branch(places[i].hash, shift) >= first+half })
		f.fill(entries[:cut], places[:cut], shift, first, half)
		f.fill(entries[cut:], places[cut:], shift, first+half, half)
	}
}

// put puts a decoded piece into the space, behind those before it.
func (in *imageReader) put(p *piece) error {
	switch {
	case p.damage != nil:
		return p.damage
	case in.partly.any || p.fault == nil && !p.plain:
		return in.keys(p.payload.Bytes())
	case p.fault != nil:
		return p.fault
	case in.last.any && !in.last.before(p.database, p.first.Place, []byte(p.first.key)):
		return damaged("entries are out of order", nil)
	}
	s := in.open(p.database)
	for i := range p.head {
		s.graft(p.places[i], &p.entries[i])
	}
	for i := range p.trees {
		whole := &p.trees[i]
		*s.writable(whole.slot) = whole.tree
		s.count(whole.slot, whole.keys)
	}
	for i := p.tail; i < len(p.entries); i++ {
		s.graft(p.places[i], &p.entries[i])
	}
	s.sum += p.sum
	s.held += p.held
	s.byLog.unsorted = append(s.byLog.unsorted, p.byLog...)
	s.byWall.unsorted = append(s.byWall.unsorted, p.byWall...)
	in.last = p.last
	return nil
}

// graft stores an entry of a new key whose share of the state hash and whose deadline are noted elsewhere.
func (s *Space) graft(at Place, e *Entry) {
	where := s.spotOf(s.writable(at.slot), at.hash, nil)
	s.count(at.slot, 1)
	where.insert(s, at.hash, *e, s.use.First())
}
