package exec

import (
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/reply"
)

// Long strings are left out of the replies, for the connection to put them in: see command.Long.

// left is how many bytes were left out of the replies so far.
func (c Call) left() int {
	if c.run == nil {
		return 0
	}
	return c.run.Long.Bytes()
}

// Held is how many bytes of memory what was left out keeps, or how many it is where that is more.
func (c Call) Held() int {
	if c.run == nil {
		return 0
	}
	return max(c.run.Long.Bytes(), c.run.Long.Held())
}

// IsLong reports whether so many bytes may be left out of the reply, for the connection to put them in. A reply that is
// kept is whole. One that is too long for that is put into the client's protocol, so nothing is left out of it but the
// only string that there is.
func (c Call) IsLong(bytes int) bool {
	if c.keeping != nil && (!c.keeping.TooLong || len(c.Reply) > 0) {
		return false
	}
	return c.run != nil && c.run.LateBytes != 0 && bytes >= c.run.LateBytes
}

// mayHold reports whether a text may be kept until the connection has copied its part. A part of it keeps all of it: if
// that is more than the bound of the replies, the part is copied at once. What a write answers was there already.
func (c Call) mayHold(text command.Text) bool {
	return c.writes || c.maxReply == 0 || len(c.Reply)+c.run.Long.HeldWith(text) <= c.maxReply
}

// BulkRange answers with the bytes of a string from begin to end, which it has.
func (c Call) BulkRange(text value.String, begin, end int) []byte {
	if c.IsLong(end-begin) && c.mayHold(text) {
		dst := reply.BulkHeader(c.Reply, end-begin)
		if c.settles(text) {
			c.leave(len(dst), text, begin, end)
		}
		return append(dst, "\r\n"...)
	}
	if c.copiesTooMuch(end - begin) {
		return c.Reply
	}
	if inline, ok := text.Inline(); ok {
		return reply.BulkString(c.Reply, inline[begin:end])
	}
	dst := text.AppendRange(reply.BulkHeader(c.Reply, end-begin), begin, end)
	return append(dst, "\r\n"...)
}

// BulkLasting answers with a string whose bytes never change: not in place, and not after the command.
func (c Call) BulkLasting(b []byte) []byte {
	text := command.FixedReply(b)
	switch {
	case c.IsLong(len(b)) && c.mayHold(text):
	case c.copiesTooMuch(len(b)):
		return c.Reply
	default:
		return reply.Bulk(c.Reply, b)
	}
	dst := reply.BulkHeader(c.Reply, len(b))
	c.leave(len(dst), text, 0, len(b))
	return append(dst, "\r\n"...)
}

// Fixed answers with a reply that is made already, and stays as it is until the replies are taken.
func (c Call) Fixed(made command.FixedReply) []byte {
	if !c.IsLong(len(made)) {
		return append(c.Reply, made...)
	}
	c.run.Long.Add(len(c.Reply), made, 0, len(made))
	return c.Reply
}

// settles makes sure that a string does not change from here on, also if its key is written in place: so it has to be
// of an older generation. A query cannot begin one; a frozen state did. Nor may a query look at the present one, since
// a freeze may run beside it. Then the run wants a frozen state.
func (c Call) settles(text value.String) bool {
	switch {
	case guard.Down(guard.LongValuesStay):
	case c.applies && c.state.Changeable(text):
		c.state.NextGeneration()
	case !c.applies && !c.state.Settled(text):
		c.run.WantsFreeze = true
		return false
	}
	return true
}

// leave leaves a part of a text, which does not change any more, out of the reply.
func (c Call) leave(at int, text command.Text, begin, end int) {
	if c.keeping != nil {
		at += c.keeping.before
	}
	c.run.Long.Add(at, text, begin, end)
}
