package value

import (
	"github.com/raftredis/raftredis/fsm/value/digest"
)

// tableWalk goes through the entries of a table in the order of their hashes, one after the other, so that several tables
// can be gone through side by side. The table is not changed meanwhile.
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

// merge visits the keys of some tables in the order of their hashes, each key once, until visit wants no more. It changes walks.
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
