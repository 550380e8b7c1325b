package value

import (
	"bytes"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// tableWalk goes through the entries of a table in the order of their hashes, one after the other, so that several
// tables can be gone through side by side. The table is not changed meanwhile.
type tableWalk struct {
	shape shape
	state digest.Sip
	// sorted are the entries that are to come of a table that is no tree.
	sorted []hashedEntry
	// path leads to the pack, of which the entries from at on are to come: forks, and for each the next way.
	path []step
	pack []byte
	at   int
	// hashedEntry is the present entry.
	hashedEntry
}

// walk begins a walk. state is a fresh one of the hash of values.
func (t *table) walk(h shape, state digest.Sip) tableWalk {
	w := tableWalk{shape: h, state: state}
	if t.trunk != nil && t.trunk.row == nil {
		w.path = []step{{t.trunk.root, 0}}
	} else {
		w.sorted = t.sorted(h, state)
	}
	return w
}

// next moves to the next entry, the first one at first, and reports whether there is one.
func (w *tableWalk) next() bool {
	if len(w.sorted) > 0 {
		w.hashedEntry, w.sorted = w.sorted[0], w.sorted[1:]
		return true
	}
	for w.at == len(w.pack) {
		if !w.turn() {
			return false
		}
	}
	w.key, w.kept, w.at = w.shape.split(w.pack, w.at)
	w.hash = w.key.hash(w.state)
	return true
}

// turn moves to the next pack, and reports whether there is one.
func (w *tableWalk) turn() bool {
	for len(w.path) > 0 {
		top := &w.path[len(w.path)-1]
		if top.way == ways {
			w.path = w.path[:len(w.path)-1]
			continue
		}
		node := top.fork.next[top.way]
		if node.fork != nil {
			top.way++
			w.path = append(w.path, step{node.fork, 0})
			continue
		}
		top.way += int(node.leaf.ways)
		w.pack, w.at = node.leaf.pack, 0
		return true
	}
	return false
}

// merge visits the keys of some tables in the order of their hashes, each key once, until visit wants no more. It
// changes walks.
func merge(walks []*tableWalk, visit func(key Item) bool) {
	heap := walks[:0]
	for _, w := range walks {
		if w.next() {
			heap = append(heap, w)
		}
	}
	for i := len(heap)/2 - 1; i >= 0; i-- {
		sink(heap, i)
	}
	for len(heap) > 0 {
		now := heap[0].hashedEntry
		if !visit(now.key) {
			return
		}
		for len(heap) > 0 && heap[0].compare(&now) == 0 {
			if !heap[0].next() {
				last := len(heap) - 1
				heap[0], heap = heap[last], heap[:last]
			}
			sink(heap, 0)
		}
	}
}

// sink restores the order of a heap, in which each walk is not behind the two below it, where one may be.
func sink(heap []*tableWalk, at int) {
	for {
		first := at
		for below := 2*at + 1; below <= 2*at+2 && below < len(heap); below++ {
			if heap[below].compare(&heap[first].hashedEntry) < 0 {
				first = below
			}
		}
		if first == at {
			return
		}
		heap[at], heap[first] = heap[first], heap[at]
		at = first
	}
}

// tableProbe answers for keys that are asked in the order of their hashes whether a table has them.
type tableProbe struct {
	shape shape
	table *table
	walk  tableWalk
	// walks says that the table is gone through beside the questions, and goesOn that the walk is at an entry.
	walks, goesOn bool
}

// probeShare is how many times as many entries as there are questions a table has that is gone through: to look at an
// entry on the way costs a quarter of what it costs to find one.
const probeShare = 4

// probe begins to answer so many questions.
func (t *table) probe(h shape, state digest.Sip, questions int) tableProbe {
	p := tableProbe{shape: h, table: t, walks: t.Len()/probeShare <= questions}
	if p.walks {
		p.walk = t.walk(h, state)
		p.goesOn = p.walk.next()
	}
	return p
}

// has reports whether the table has the key of an entry.
func (p *tableProbe) has(at *hashedEntry) bool {
	if !p.walks {
		wanted := at.key.asForm()
		_, found := p.table.findHashed(p.shape, &wanted, at.hash)
		return found
	}
	order := -1
	for p.goesOn {
		if order = p.walk.compare(at); order >= 0 {
			break
		}
		p.goesOn = p.walk.next()
	}
	return p.goesOn && order == 0
}

// tableBuilder makes a table of entries that come in its order, each key once. So no key is looked for, and no place
// for it: that costs several times as much as to put the entry there.
type tableBuilder struct {
	// pending are the entries so far, while they may be a pack; edit has them afterwards.
	pending []byte
	edit    tableEdit
	// ascends says that the arrangement is ascending.
	ascends bool
	// count is the number of entries so far, sum the digest of those that are pending; last is the hash of the last key,
	// and lastAt where its entry begins in pending.
	count  int
	sum    uint64
	last   uint64
	lastAt int
}

// begin begins a table that has an order while it is small. It may be called again when one is finished. A table whose
// shape has no order is arranged by hashes, whatever a says.
func (b *tableBuilder) begin(m making, a arrangement) {
	*b = tableBuilder{pending: b.pending[:0], edit: edit(table{}, m), ascends: a == ascending, sum: uint64(a)}
	if a == byHash && m.shape.hasOrder() {
		b.edit.plant()
		b.edit.trunk.sum = uint64(byHash)
	}
}

// isPending reports whether the entries so far may be a pack.
func (b *tableBuilder) isPending() bool { return b.edit.trunk == nil }

// append appends an entry, made of whole forms, whose key has a hash. It stands behind the others in the order of the
// table. Where the table becomes too large for an order of its own, all entries come in that of their hashes.
func (b *tableBuilder) append(key, kept *form, hash uint64) {
	size := key.size() + kept.size()
	if b.isPending() && !packFits(b.count+1, len(b.pending)+size) {
		b.edit.packed = b.pack()
		if b.edit.shape.hasOrder() {
			b.edit.lay()
		} else {
			b.edit.plant()
		}
	}
	switch {
	case b.isPending():
		b.lastAt = len(b.pending)
		b.pending = append(b.pending, make([]byte, size)...)
		putEntry(b.pending[b.lastAt:], key, kept)
		b.sum += b.edit.shape.formHash(hash, kept, b.edit.state)
		if b.hasNeighbours() {
			b.sum += neighbours(b.last, hash, b.edit.state)
		}
	case b.edit.trunk.row != nil:
		b.edit.putAs(key, kept, isNew)
	default:
		b.edit.putLarge(key, kept, hash, isNewAndLast)
	}
	b.last = hash
	b.count++
}

// hasNeighbours reports whether the next entry has a neighbour that the digest tells of.
func (b *tableBuilder) hasNeighbours() bool {
	return b.count > 0 && b.edit.shape.hasOrder() && !b.ascends
}

// add is append for entries that come in the order of their hashes. It reports false, and adds nothing, if the entry is
// not behind the last one.
func (b *tableBuilder) add(key, kept *form, hash uint64) bool {
	if b.count > 0 && (hash < b.last || hash == b.last && bytes.Compare(b.lastKey().form, key.bytes()) >= 0) {
		return false
	}
	b.append(key, kept, hash)
	return true
}

// has reports whether a key, which has a hash, was added.
func (b *tableBuilder) has(key *form, hash uint64) (found bool) {
	if b.isPending() {
		_, _, _, found = b.edit.shape.find(b.pending, key)
	} else {
		_, found = b.edit.findHashed(b.edit.shape, key, hash)
	}
	return found
}

// isOrdered reports whether the entries so far have an order of their own.
func (b *tableBuilder) isOrdered() bool { return b.isPending() || b.edit.trunk.row != nil }

// pack is the pack of the entries that are pending, nil if there are none.
func (b *tableBuilder) pack() []byte {
	if b.count == 0 {
		return nil
	}
	packed := make([]byte, packStart+len(b.pending))
	copy(packed[packStart:], b.pending)
	signPack(packed, b.sum, b.count, b.ascends)
	return packed
}

// lastKey is the key that was added last. There is one.
func (b *tableBuilder) lastKey() Item {
	if !b.isPending() {
		key, _ := b.edit.at(b.edit.shape, b.count-1)
		return key
	}
	return Item{b.pending[b.lastAt:skipItem(b.pending, b.lastAt)]}
}

// finish is the table of the entries so far.
func (b *tableBuilder) finish() table {
	if b.isPending() {
		b.edit.packed = b.pack()
	}
	return b.edit.table
}
