// Package streams has the commands on streams: XADD, XREAD and their like, and those of groups of consumers. What a
// stream is, and how it lies in memory, stands in fsm/value.
//
// # Time
//
// The ID of an entry begins with wall time, which clients compare with their own clocks. When something was delivered,
// and when a consumer was seen, is kept in log time: idle times are elapsed times, whatever happens to clocks. Where
// clients see or give such a moment itself, it is turned from or into wall time. See docs/decisions/0034 and 0064.
package streams

import (
	"slices"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/reply"
)

// Functions are those of all commands on streams.
func Functions() []exec.Function {
	return slices.Concat(entryFunctions, groupFunctions, deliveryFunctions, infoFunctions)
}

// entryFunctions are those of the commands on entries.
var entryFunctions = []exec.Function{
	{Of: data.XAdd, Write: add},
	{Of: data.XDel, Write: deleteEntries},
	{Of: data.XLen, Read: length},
	{Of: data.XRange, Read: forward},
	{Of: data.XRead, Read: read},
	{Of: data.XRevRange, Read: backward},
	{Of: data.XSetID, Write: setID},
	{Of: data.XTrim, Write: trim},
}

// streamOf gives the stream of an entry, nil for no entry. ok is false if the value is of another kind.
func streamOf(e *keyspace.Entry) (t *value.Stream, ok bool) { return exec.ValueOf[*value.Stream](e) }

// target is a key that a write may change, with the stream there as it is so far, nil for none.
type target struct {
	exec.Target[*value.Stream]
	stream *value.Stream
}

// targetOf looks for the stream at a key. ok is false if the value is of another kind.
func targetOf(w *exec.Writer, key []byte) (t target, ok bool) {
	t.Target, ok = exec.TargetOf[*value.Stream](w, key)
	t.stream = t.Value
	return t, ok
}

// change begins a change of the stream, or of a new one where there is none.
func (t *target) change(w *exec.Writer) *value.StreamChange {
	state, generation := w.Making()
	if t.stream == nil {
		t.stream = value.NewStream(state, generation)
	}
	return t.stream.Change(state, generation)
}

// put puts what became of the stream in its place.
func (t *target) put(change *value.StreamChange) {
	t.stream = change.Done()
	t.Put(t.stream)
}

// replyID appends an ID.
func replyID(dst []byte, id value.StreamID) []byte {
	var text [2*len("18446744073709551615") + 1]byte
	return reply.Bulk(dst, id.Append(text[:0]))
}

// pairBytes is more than the encoding adds to a field and its value, entryBytes what it adds to an entry.
const (
	pairBytes  = 2 * exec.ValueOverheadBytes
	entryBytes = 96
)

// replyBytes is more than an entry has in a reply.
func replyBytes(e value.StreamEntry) int { return e.Bytes() + e.Pairs*pairBytes + entryBytes }

// entry answers with an entry: its ID, and its fields and values.
func entry(c exec.Call, e value.StreamEntry) []byte {
	c.Reply = reply.ArrayHeader(replyID(reply.ArrayHeader(c.Reply, 2), e.ID), 2*e.Pairs)
	e.Each(func(field, text []byte) {
		c.Reply = c.BulkLasting(field)
		c.Reply = c.BulkLasting(text)
	})
	return c.Reply
}

// walk visits entries until visit wants no more.
type walk func(visit func(e value.StreamEntry) bool)

// entriesFrom walks through up to count entries from an ID on, up to another one; 0 is no bound.
func entriesFrom(t *value.Stream, from, upto value.StreamID, count int64) walk {
	return func(visit func(e value.StreamEntry) bool) { t.Each(from, upto, counted(count, visit)) }
}

// entriesBack is entriesFrom in the reverse order.
func entriesBack(t *value.Stream, from, upto value.StreamID, count int64) walk {
	return func(visit func(e value.StreamEntry) bool) { t.EachBack(from, upto, counted(count, visit)) }
}

// counted visits up to count entries; 0 is no bound.
func counted(count int64, visit func(e value.StreamEntry) bool) func(e value.StreamEntry) bool {
	return func(e value.StreamEntry) bool {
		count--
		return visit(e) && count != 0
	}
}

// measured is how many entries a walk visits, and more than they have in a reply. fits is false if the replies may not
// grow so much: then it ends early.
func measured(c exec.Call, through walk) (count, bytes int, fits bool) {
	fits = c.Fits(0)
	through(func(e value.StreamEntry) bool {
		count++
		bytes += replyBytes(e)
		fits = fits && c.Fits(bytes)
		return fits
	})
	return count, bytes, fits
}

// weighed is measured for a read. long says that it is too much work here: see exec.Call.IsTooMuch. Then it has walked
// no farther than was needed to see that.
func weighed(c exec.Call, through walk) (count, bytes int, fits, long bool) {
	weighs, work := c.Weighs(), 0
	count, bytes, fits = measured(c, func(visit func(e value.StreamEntry) bool) {
		through(func(e value.StreamEntry) bool {
			work += replyBytes(e)
			return visit(e) && !(weighs && work > command.MaxPresentWork)
		})
	})
	return count, bytes, fits, fits && c.IsTooMuch(bytes)
}

// entries answers a read with an array of the entries of a walk, if they fit.
func entries(c exec.Call, through walk) []byte {
	count, _, fits, long := weighed(c, through)
	switch {
	case !fits:
		return c.TooLong()
	case long:
		return c.Reply
	}
	return appendEntries(c, count, through)
}

// appendEntries answers with an array of the entries of a walk, which are so many.
func appendEntries(c exec.Call, count int, through walk) []byte {
	c.Reply = reply.ArrayHeader(c.Reply, count)
	through(func(e value.StreamEntry) bool {
		c.Reply = entry(c, e)
		return true
	})
	return c.Reply
}
