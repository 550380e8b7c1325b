package streams

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/reply"
)

// lastByGroup is Redis's refusal of `$` in XREADGROUP, to the letter.
const lastByGroup = "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this " +
	"consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return " +
	"an empty result set."

// cannotWait refuses XREADGROUP with BLOCK where it had to wait: nothing has happened then.
const cannotWait = "ERR XREADGROUP does not wait yet, and there is nothing to deliver now. Ask again, or wait by " +
	"XREAD BLOCK until the stream has entries"

// deliveryFunctions are those of the commands on what is delivered to consumers.
var deliveryFunctions = []exec.Function{
	{Of: data.XAck, Write: acknowledge},
	{Of: data.XAutoClaim, Write: autoClaim},
	{Of: data.XClaim, Write: claim},
	{Of: data.XReadGroup, Write: readGroup},
}

// noGroup is the text for a key or a group that is not there.
func noGroup(key, group []byte) string {
	return "NOGROUP No such key '" + shown(key) + "' or consumer group '" + shown(group) + "'"
}

// newEntries stands for the ID > of XREADGROUP: all that was not delivered yet. Redis takes the last ID for it too.
func newEntries() value.StreamID { return value.MaxStreamID() }

// readGroup is XREADGROUP GROUP group consumer [COUNT n] [BLOCK ms] [NOACK] STREAMS key … ID …
func readGroup(w *exec.Writer, c exec.Call) []byte {
	o, refusal := parseRead(c.Args, true, w.Now().Wall)
	if refusal != "" {
		return c.Error(refusal)
	}
	behind := make([]value.StreamID, len(o.keys))
	answers := false
	for i, key := range o.keys {
		t, ok := streamOf(c.Read(w.Get(key)))
		switch {
		case !ok:
			return c.WrongType()
		case t == nil || t.Group(o.group) == nil:
			return c.Error(noGroup(key, o.group) + " in XREADGROUP with GROUP option")
		}
		if behind[i], refusal = deliveredBehind(o.ids[i]); refusal != "" {
			return c.Error(refusal)
		}
		answers = answers || delivers(t, t.Group(o.group), behind[i])
	}
	if o.waits && !answers && !c.IsInTransaction() {
		return c.Error(cannotWait)
	}
	var all []delivery
	for i, key := range o.keys {
		if d, ok := o.deliver(w, key, behind[i]); ok {
			all = append(all, d)
		}
	}
	return deliveries(c, all)
}

// deliveredBehind reads from where on entries are asked for.
func deliveredBehind(text []byte) (id value.StreamID, refusal string) {
	switch string(text) {
	case "$":
		return id, lastByGroup
	case ">":
		return newEntries(), ""
	}
	return refusedUnless(parseID(text, 0))
}

// delivers reports whether a stream is part of an answer: always if a client asks for what is pending, and with > if
// there is something new.
func delivers(t *value.Stream, g *value.StreamGroup, behind value.StreamID) bool {
	return behind != newEntries() || (t.Len() > 0 && t.Newest().Compare(g.Last()) > 0)
}

// delivery is what a consumer gets of a stream: entries, or what was pending for it with the IDs of a list, of which
// some may be deleted.
type delivery struct {
	key     []byte
	stream  *value.Stream
	through walk
	pending []value.StreamID
}

// deliver delivers entries of a stream to the consumer. ok is false if there is nothing new: then the consumer was seen
// all the same.
func (o *readOptions) deliver(w *exec.Writer, key []byte, behind value.StreamID) (d delivery, ok bool) {
	t, _ := targetOf(w, key)
	now := w.Now().Log
	change := t.change(w)
	ok = delivers(t.stream, t.stream.Group(o.group), behind)
	g := change.Group(o.group)
	consumer, _ := g.Consumer(o.consumer, now)
	g.SetTimes(consumer, now, consumer.Active())
	d = delivery{key: key, stream: t.stream}
	switch {
	case !ok:
	case behind == newEntries():
		d.through = o.deliverNew(t.stream, g, consumer, now)
	default:
		d.pending = o.deliverAgain(t.stream, g, consumer, behind, now)
	}
	t.put(change)
	return d, ok
}

// deliverNew delivers entries that the group has not got, of which there is one, and gives a walk through them.
func (o *readOptions) deliverNew(t *value.Stream, g *value.StreamGroupChange, to *value.StreamConsumer,
	now int64) walk {
	from, _ := g.Group().Last().Next()
	entriesFrom(t, from, value.MaxStreamID(), o.count)(func(e value.StreamEntry) bool {
		g.SetLast(e.ID, readAfter(t, g.Group().Read(), e.ID))
		if !o.noAck {
			g.Deliver(e.ID, to, now, 1)
		}
		return true
	})
	if !o.noAck {
		g.SetTimes(to, now, now)
	}
	return entriesFrom(t, from, g.Group().Last(), 0)
}

// deliverAgain delivers what is pending for a consumer behind an ID once more, and gives the IDs.
func (o *readOptions) deliverAgain(t *value.Stream, g *value.StreamGroupChange, to *value.StreamConsumer,
	behind value.StreamID, now int64) (ids []value.StreamID) {
	from, _ := behind.Next()
	g.Group().EachPending(from, to, func(p value.StreamPending) bool {
		ids = append(ids, p.ID)
		return o.count == 0 || int64(len(ids)) < o.count
	})
	for _, id := range ids {
		if _, held := t.Entry(id); held {
			p, _ := g.Group().PendingOf(id)
			g.Deliver(id, to, now, p.Count+1)
		}
	}
	return ids
}

// deliveries answers with what was delivered.
func deliveries(c exec.Call, all []delivery) []byte {
	if len(all) == 0 {
		return c.NullArray()
	}
	room, bytes := c.Reading(c.Args), 0 // a write may answer what it likes; this one keeps to the bound of reads
	counts := make([]int, len(all))
	for i := range all {
		d := &all[i]
		count, more, fits := d.measure(room)
		if bytes += more + len(d.key) + entryBytes; !fits || !room.Fits(bytes) {
			return c.TooLong()
		}
		counts[i] = count
	}
	c.Reply = readingsHeader(c, len(all))
	for i := range all {
		d := &all[i]
		c.Reply = readingHeader(c, d.key)
		if d.through != nil {
			c.Reply = appendEntries(c, counts[i], d.through)
		} else {
			c.Reply = d.again(c)
		}
	}
	return c.Reply
}

// measure is measured for a delivery.
func (d *delivery) measure(c exec.Call) (count, bytes int, fits bool) {
	if d.through != nil {
		return measured(c, d.through)
	}
	return measured(c, entriesOf(d.stream, d.pending))
}

// entriesOf walks through the entries with some IDs; one that is deleted is visited without fields.
func entriesOf(t *value.Stream, ids []value.StreamID) walk {
	return func(visit func(e value.StreamEntry) bool) {
		for _, id := range ids {
			e, held := t.Entry(id)
			if !held {
				e = value.StreamEntry{ID: id}
			}
			if !visit(e) {
				return
			}
		}
	}
}

// again answers with what was pending: null in place of the fields of what is deleted.
func (d *delivery) again(c exec.Call) []byte {
	c.Reply = reply.ArrayHeader(c.Reply, len(d.pending))
	entriesOf(d.stream, d.pending)(func(e value.StreamEntry) bool {
		if e.Pairs > 0 {
			c.Reply = entry(c, e)
			return true
		}
		c.Reply = replyID(reply.ArrayHeader(c.Reply, 2), e.ID)
		c.Reply = c.NullArray()
		return true
	})
	return c.Reply
}

// acknowledge is XACK key group ID …
func acknowledge(w *exec.Writer, c exec.Call) []byte {
	t, ok := targetOf(w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case t.stream == nil || t.stream.Group(c.Args[2]) == nil:
		return c.Integer(0)
	}
	ids, refusal := parseIDs(c.Args[3:])
	if refusal != "" {
		return c.Error(refusal)
	}
	change, acknowledged := t.change(w), int64(0)
	g := change.Group(c.Args[2])
	for _, id := range ids {
		if g.Acknowledge(id) {
			acknowledged++
		}
	}
	if acknowledged > 0 {
		t.put(change)
	}
	return c.Integer(acknowledged)
}
