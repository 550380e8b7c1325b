package value

import "github.com/raftredis/raftredis/fsm/value/shelves"

// StreamGroupChange changes a group, as a part of the change of its stream. Only the newest one of a StreamChange may
// be used.
type StreamGroupChange struct {
	in *StreamChange
	g  *StreamGroup
}

// AddGroup adds a group, whose name no other one has. It was delivered what is up to last; read is how many entries
// that were, or UnknownRead.
func (c *StreamChange) AddGroup(name []byte, last StreamID, read int64) {
	c.closeGroup()
	g := &StreamGroup{generation: c.generation, name: newStreamName(name, c.state), last: last, read: read}
	g.size = streamGroupBytes + len(name)
	c.next.groups.Put(g.name.text, g, c.generation)
	c.next.groupSum += g.digest(c.state)
	c.next.size += g.size
}

// RemoveGroup removes a group, and reports whether there was one.
func (c *StreamChange) RemoveGroup(name []byte) bool {
	c.closeGroup()
	g, ok := c.next.groups.Remove(string(name), c.generation)
	if ok {
		c.next.groupSum -= g.digest(c.state)
		c.next.size -= g.size
	}
	return ok
}

// Group begins to change a group. There is one of that name.
func (c *StreamChange) Group(name []byte) *StreamGroupChange {
	c.closeGroup()
	g, _ := c.next.groups.Find(string(name))
	c.next.groupSum -= g.digest(c.state)
	c.next.size -= g.size
	if g.generation < c.generation {
		own := *g
		own.generation = c.generation
		g = &own
		c.next.groups.Put(g.name.text, g, c.generation)
	}
	c.open = &StreamGroupChange{in: c, g: g}
	return c.open
}

// closeGroup adds what was changed of a group to the sums.
func (c *StreamChange) closeGroup() {
	if c.open == nil {
		return
	}
	c.next.groupSum += c.open.g.digest(c.state)
	c.next.size += c.open.g.size
	c.open = nil
}

// Group is the group as it is so far, for reading between two changes.
func (c *StreamGroupChange) Group() *StreamGroup { return c.g }

// SetLast sets up to where entries were delivered, and how many of all that were ever added these are, or UnknownRead.
func (c *StreamGroupChange) SetLast(id StreamID, read int64) { c.g.last, c.g.read = id, read }

// Consumer gives the consumer of a name for changing. Without one it makes it, which was seen now.
func (c *StreamGroupChange) Consumer(name []byte, now int64) (consumer *StreamConsumer, made bool) {
	if consumer, ok := c.g.consumers.Find(string(name)); ok {
		return c.own(consumer), false
	}
	consumer = &StreamConsumer{
		generation: c.in.generation, name: newStreamName(name, c.in.state), seen: now, active: NeverActive,
	}
	c.g.consumers.Put(consumer.name.text, consumer, c.in.generation)
	c.g.sum += consumer.digest(c.in.state)
	c.g.size += consumer.size()
	return consumer, true
}

// own lets the change change a consumer.
func (c *StreamGroupChange) own(consumer *StreamConsumer) *StreamConsumer {
	if consumer.generation == c.in.generation {
		return consumer
	}
	own := *consumer
	own.generation = c.in.generation
	c.g.consumers.Put(own.name.text, &own, c.in.generation)
	return &own
}

// SetTimes sets when a consumer, which the change may change, was seen, and when it got something.
func (c *StreamGroupChange) SetTimes(consumer *StreamConsumer, seen, active int64) {
	c.g.sum -= consumer.digest(c.in.state)
	consumer.seen, consumer.active = seen, active
	c.g.sum += consumer.digest(c.in.state)
}

// RemoveConsumer removes the consumer of a name with all that is pending for it. It says how many that were.
func (c *StreamGroupChange) RemoveConsumer(name []byte) (pending int) {
	consumer, ok := c.g.consumers.Remove(string(name), c.in.generation)
	if !ok {
		return 0
	}
	c.g.sum -= consumer.digest(c.in.state)
	c.g.size -= consumer.size()
	consumer.pending.Each(shelves.Spot{}, func(id StreamID) bool {
		p, _ := c.g.pending.Remove(id, c.in.generation)
		c.forget(p)
		return true
	})
	return consumer.pending.Len()
}

// forget takes what was pending out of the sums.
func (c *StreamGroupChange) forget(p StreamPending) {
	c.g.sum -= p.digest(c.in.state)
	c.g.size -= streamPendingBytes
}

// Deliver notes that an entry was delivered to a consumer, which the change may change, at a time, and now so often.
// It is pending for no other one any more.
func (c *StreamGroupChange) Deliver(id StreamID, to *StreamConsumer, time int64, count uint64) {
	old, was := c.g.pending.Find(id)
	if was {
		c.forget(old)
	}
	if was && old.owner != to.name {
		c.release(old)
	}
	if !was || old.owner != to.name {
		to.pending.Put(id, id, c.in.generation)
	}
	fresh := StreamPending{ID: id, Time: time, Count: count, owner: to.name}
	c.g.pending.Put(id, fresh, c.in.generation)
	c.g.sum += fresh.digest(c.in.state)
	c.g.size += streamPendingBytes
}

// release takes what is pending from its consumer.
func (c *StreamGroupChange) release(p StreamPending) {
	consumer, _ := c.g.consumers.Find(p.owner.text)
	c.own(consumer).pending.Remove(p.ID, c.in.generation)
}

// Acknowledge ends that an entry is pending, and reports whether it was.
func (c *StreamGroupChange) Acknowledge(id StreamID) bool {
	p, ok := c.g.pending.Remove(id, c.in.generation)
	if ok {
		c.forget(p)
		c.release(p)
	}
	return ok
}
