package value

import "bytes"

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
