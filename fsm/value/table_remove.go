package value

// remove removes the entry of a key if it existed.
func (e *tableEdit) remove(key []byte) (existed bool) {
	wanted := wantedForm(key)
	return e.removeForm(&wanted)
}

func (e *tableEdit) removeForm(wanted *form) (existed bool) {
	switch {
	case e.trunk == nil:
	case e.trunk.row != nil:
		return e.removeFromRow(wanted)
	default:
		return e.removeLarge(wanted)
	}
	old := e.entries()
	at, middle, end, existed := e.shape.find(old, wanted)
	if !existed {
		return false
	}
	count, sum, ascends := e.Len()-1, e.digest(), e.ascends()
	if count == 0 {
		e.packed, e.fresh = nil, false
		return true
	}
	hash := wanted.hash(e.state)
	sum -= e.shape.entryHash(hash, Item{old[middle:end]}, e.state) + e.gap(at, end, hash)
	e.splice(at, end, 0)
	e.sign(sum, count, ascends)
	return true
}

// step is a fork on the way to a leaf, and the way that was taken there.
type step struct {
	fork *tableFork
	way  int
}

func (e *tableEdit) removeLarge(key *form) bool {
	hash := key.hash(e.state)
	leaf, _ := e.trunk.root.leafOf(hash)
	at, middle, end, existed := e.shape.find(leaf.pack, key)
	if !existed {
		return false
	}
	e.own()
	var buf [64 / wayBits]step
	path, f := buf[:0], e.trunk.root
	for shift := topWayShift; ; shift -= wayBits {
		way := wayOf(hash, shift)
		path = append(path, step{f, way})
		next := f.next[way].fork
		if next == nil {
			break
		}
		f.counts[way]--
		next = e.ownFork(next)
		f.next[way].fork, f = next, next
	}
	way := path[len(path)-1].way
	e.trunk.count--
	e.trunk.bytes -= end - at
	e.trunk.sum -= e.shape.entryHash(hash, Item{leaf.pack[middle:end]}, e.state)
	leaf = e.ownLeaf(f, way)
	f.counts[leaf.first(way)]--
	leaf.count--
	leaf.splice(at, end, 0)
	if e.isSmallTree() {
		e.fold()
	} else {
		e.merge(path)
	}
	return true
}

// isSmallTree reports whether a tree becomes what a small table is.
func (e *tableEdit) isSmallTree() bool {
	if e.shape.hasOrder() {
		return mustBeOrdered(e.trunk.count, e.trunk.bytes)
	}
	return packFits(e.trunk.count, e.trunk.bytes)
}

// fold makes a pack of a tree, or a row.
func (e *tableEdit) fold() {
	if e.shape.hasOrder() {
		e.order()
		return
	}
	packed := e.trunk.root.appendTo(make([]byte, packStart, packStart+e.trunk.bytes))
	signPack(packed, e.trunk.sum, e.trunk.count, false)
	e.packed, e.trunk = packed, nil
	e.owned, e.fresh = false, true
}

// appendTo appends the entries of all leaves to dst, in their order.
func (f *tableFork) appendTo(dst []byte) []byte {
	for way := 0; way < ways; way++ {
		if node := f.next[way]; node.fork != nil {
			dst = node.fork.appendTo(dst)
		} else {
			dst = append(dst, node.leaf.pack...)
			way += int(node.leaf.ways) - 1
		}
	}
	return dst
}

// merge merges the leaf at the end of a path with its neighbours, as long as they are small together, and puts a leaf
// in place of a fork of which it has all ways.
func (e *tableEdit) merge(path []step) {
	for depth := len(path) - 1; ; depth-- {
		f, way := path[depth].fork, path[depth].way
		for e.mergePair(f, way) {
		}
		leaf := f.next[way].leaf
		if leaf.ways < ways || depth == 0 {
			return
		}
		above := path[depth-1]
		above.fork.next[above.way] = tableNode{leaf: e.part(leaf, 0, len(leaf.pack), leaf.count, 1)}
	}
}

// mergePair merges the leaf to which a way leads with the one beside it, if both have equally many ways and are small
// together.
func (e *tableEdit) mergePair(f *tableFork, way int) bool {
	leaf := f.next[way].leaf
	first := leaf.first(way)
	if leaf.ways == ways {
		return false
	}
	beside := f.next[first^int(leaf.ways)].leaf
	if beside == nil || beside.ways != leaf.ways {
		return false
	}
	low, high := leaf, beside
	if first&int(leaf.ways) != 0 {
		low, high = beside, leaf
	}
	count, bytes := low.count+high.count, len(low.pack)+len(high.pack)
	if count > 1 && !leafFits(mergeShare*int(count), mergeShare*bytes) {
		return false
	}
	merged := e.part(low, 0, len(low.pack), count, 2*int(leaf.ways))
	switch {
	case len(low.pack) == 0:
		merged = e.part(high, 0, len(high.pack), count, 2*int(leaf.ways))
	case len(high.pack) > 0:
		merged.pack, merged.shares = newPack(bytes), false
		copy(merged.pack[copy(merged.pack, low.pack):], high.pack)
	}
	first = merged.first(first)
	f.counts[first], f.counts[first+int(leaf.ways)] = count, 0
	f.lead(first, merged)
	return true
}
