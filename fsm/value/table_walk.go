package value

import (
	"bytes"
	"encoding/binary"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// tableWalk goes through the entries of a table in their order, one after the other, so that several tables can be gone
// through side by side. The table is not changed meanwhile.
type tableWalk struct {
	shape shape
	state digest.Sip
	// path leads to the pack, of which the entries from at on are to come: forks, and for each the next way.
	path []step
	pack []byte
	at   int
	// key and kept are the present entry, hash is that of its key.
	key, kept Item
	hash      uint64
}

// walk begins a walk. state is a fresh one of the hash of values.
func (t *table) walk(h shape, state digest.Sip) tableWalk {
	w := tableWalk{shape: h, state: state, pack: t.entries()}
	if t.trunk != nil {
		w.path = []step{{t.trunk.root, 0}}
	}
	return w
}

// next moves to the next entry, the first one at first, and reports whether there is one.
func (w *tableWalk) next() bool {
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

// compare says which of two walks is at an earlier entry, in the order of tables: -1, 0 for the same key, or 1.
func (w *tableWalk) compare(other *tableWalk) int {
	switch {
	case w.hash < other.hash:
		return -1
	case w.hash > other.hash:
		return 1
	}
	return bytes.Compare(w.key.form, other.key.form)
}

// merge visits the keys of some tables in their order, each key once, until visit wants no more. It changes walks.
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
		now := *heap[0]
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
			if heap[below].compare(heap[first]) < 0 {
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

// tableProbe answers for keys that are asked in the order of tables whether a table has them.
type tableProbe struct {
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
	p := tableProbe{table: t, walk: t.walk(h, state), walks: t.Len()/probeShare <= questions}
	p.goesOn = p.walks && p.walk.next()
	return p
}

// has reports whether the table has the key at which a walk is.
func (p *tableProbe) has(at *tableWalk) bool {
	if !p.walks {
		wanted := at.key.asForm()
		_, found := p.table.findHashed(at.shape, &wanted, at.hash)
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
	// count is the number of entries so far, sum adds up their hashes; last is the hash of the last key, and lastAt where
	// its entry begins in pending.
	count  int
	sum    uint64
	last   uint64
	lastAt int
}

// begin begins a table. It may be called again when one is finished.
func (b *tableBuilder) begin(m making) {
	*b = tableBuilder{pending: b.pending[:0], edit: edit(table{}, m)}
}

// add adds an entry, made of whole forms, whose key has a hash. It reports false, and adds nothing, if that is not
// behind the last one.
func (b *tableBuilder) add(key, kept *form, hash uint64) bool {
	if b.count > 0 && (hash < b.last || hash == b.last && bytes.Compare(b.lastKey().form, key.bytes()) >= 0) {
		return false
	}
	b.last = hash
	b.count++
	if b.edit.trunk == nil && packFits(b.count, len(b.pending)+key.size()+kept.size()) {
		b.lastAt = len(b.pending)
		b.pending = append(b.pending, make([]byte, key.size()+kept.size())...)
		entry := b.pending[b.lastAt:]
		putEntry(entry, key, kept)
		b.sum += b.edit.shape.entryHash(hash, Item{entry[key.size():]}, b.edit.state)
		return true
	}
	if b.edit.trunk == nil {
		b.edit.packed = b.pack(b.count - 1)
		b.edit.plant()
	}
	b.edit.putLarge(key, kept, hash, isNewAndLast)
	return true
}

// pack is the pack of the entries that are pending.
func (b *tableBuilder) pack(count int) []byte {
	packed := make([]byte, packStart+len(b.pending))
	binary.LittleEndian.PutUint64(packed, b.sum)
	packed[sumBytes] = byte(count)
	copy(packed[packStart:], b.pending)
	return packed
}

func (b *tableBuilder) lastKey() Item {
	if b.edit.trunk != nil {
		key, _ := b.edit.at(b.edit.shape, b.count-1)
		return key
	}
	return Item{b.pending[b.lastAt:skipItem(b.pending, b.lastAt)]}
}

// finish is the table of the entries so far.
func (b *tableBuilder) finish() table {
	if b.edit.trunk == nil && b.count > 0 {
		b.edit.packed = b.pack(b.count)
	}
	return b.edit.table
}
