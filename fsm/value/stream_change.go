package value

import (
	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/fsm/value/shelves"
)

// StreamChange changes a stream: it holds what becomes of it until Done. What it does is done at once to storage of
// this generation, so the stream that Done gives must take the place of the old one, unless nothing was changed.
type StreamChange struct {
	next       *Stream
	state      digest.Sip
	generation uint64
	// open is the group that is being changed, nil for none.
	open *StreamGroupChange
}

// Change begins a change. state is a fresh one of the hash of values.
func (t *Stream) Change(state digest.Sip, generation uint64) *StreamChange {
	next := *t
	next.generation = generation
	return &StreamChange{next: &next, state: state, generation: generation}
}

// Done ends the change and gives the new stream.
func (c *StreamChange) Done() *Stream {
	c.closeGroup()
	return c.next.sealed(c.state)
}

// Stream is the stream as it is so far, for reading between two changes.
func (c *StreamChange) Stream() *Stream { return c.next }

// SetLast sets the highest ID that was given. No entry held has a higher one.
func (c *StreamChange) SetLast(id StreamID) { c.next.last = id }

// SetAdded sets how many entries were ever added, up to MaxStreamAdded.
func (c *StreamChange) SetAdded(count uint64) { c.next.added = count }

// SetMaxDeleted sets the highest ID that was deleted.
func (c *StreamChange) SetMaxDeleted(id StreamID) { c.next.deleted = id }

// Append adds an entry, whose ID is higher than that of each other one and becomes Last. pairs are a field and a value
// by turns, one pair at least, of at most MaxStreamEntryBytes together. nodes says whether it begins a block.
func (c *StreamChange) Append(id StreamID, pairs [][]byte, nodes StreamNodes) {
	bytes := 0
	for _, text := range pairs {
		bytes += len(text)
	}
	t := c.next
	b, ok := t.blocks.Last()
	switch {
	case ok && b.held == 0 && id.Compare(b.last) <= 0: // XSETID went back behind what was deleted
		c.dropBlock(b)
		ok = false
	case ok && !b.takes(bytes, nodes):
		if b.generation == c.generation {
			b.close()
		}
		ok = false
	}
	if ok {
		b = c.begin(b)
	} else {
		b = newStreamBlock(id, pairs, c.state, c.generation)
		t.blocks.Put(id, b, c.generation)
	}
	b.add(id, pairs, nodes.Bytes, c.state)
	c.end(b)
	t.held++
	t.added = min(t.added+1, MaxStreamAdded)
	t.last = id
}

// begin lets the change change a block, and takes that out of the sums; end adds it to them again.
func (c *StreamChange) begin(b *streamBlock) *streamBlock {
	c.next.blockSum -= b.digest(c.state)
	c.next.size -= b.size()
	if b.generation < c.generation {
		b = b.copy(c.generation)
		c.next.blocks.Put(b.first, b, c.generation)
	}
	return b
}

func (c *StreamChange) end(b *streamBlock) {
	c.next.blockSum += b.digest(c.state)
	c.next.size += b.size()
}

// dropBlock drops a block with all entries.
func (c *StreamChange) dropBlock(b *streamBlock) {
	c.next.blockSum -= b.digest(c.state)
	c.next.size -= b.size()
	c.next.held -= uint64(b.held)
	c.next.blocks.Remove(b.first, c.generation)
}

// Delete deletes the entry with an ID, and reports whether there was one.
func (c *StreamChange) Delete(id StreamID) bool {
	t := c.next
	b, _, ok := t.blocks.Get(t.blockOf(id))
	if !ok {
		return false
	}
	offset := b.seek(id)
	if offset == len(b.bytes) {
		return false
	}
	if found, _, _ := b.idAt(offset); found != id {
		return false
	}
	if t.deleted.Compare(id) < 0 {
		t.deleted = id
	}
	if b.held == 1 {
		c.dropBlock(b)
		return true
	}
	b = c.begin(b)
	b.drop(offset, c.state)
	c.end(b)
	t.held--
	return true
}

// StreamTrim says which entries Trim drops: the oldest, until there are MaxLen; or with ByID, those below MinID.
type StreamTrim struct {
	ByID   bool
	MaxLen uint64
	MinID  StreamID
	// Approximate drops whole blocks only. Limit is how many entries are dropped at most, 0 for no bound; a block that
	// would exceed it stays.
	Approximate bool
	Limit       uint64
}

// Trim drops the oldest entries and says how many.
func (c *StreamChange) Trim(o StreamTrim) (dropped uint64) {
	t := c.next
	before := t.held
	for {
		b, _, ok := t.blocks.Get(shelves.Spot{})
		if !ok || (!o.ByID && t.held <= o.MaxLen) {
			break
		}
		held := uint64(b.held)
		if o.Limit > 0 && before-t.held+held > o.Limit {
			break
		}
		if o.ByID && b.last.Compare(o.MinID) < 0 || !o.ByID && t.held-held >= o.MaxLen {
			c.dropBlock(b)
			continue
		}
		if !o.Approximate {
			c.trimBlock(b, o)
		}
		break
	}
	return before - t.held
}

// trimBlock drops the oldest entries of a block of which one stays, or was deleted.
func (c *StreamChange) trimBlock(b *streamBlock, o StreamTrim) {
	if id, _, _ := b.idAt(int(b.from)); b.held == 0 || (o.ByID && id.Compare(o.MinID) >= 0) {
		return
	}
	b = c.begin(b)
	for b.held > 0 {
		id, _, _ := b.idAt(int(b.from))
		if o.ByID && id.Compare(o.MinID) >= 0 || !o.ByID && c.next.held <= o.MaxLen {
			break
		}
		b.dropFirst(c.state)
		c.next.held--
	}
	c.end(b)
}
