package fsm

import (
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/internal/sessions"
)

// call is a command that is being executed: its arguments, whose number fits its arity, and the replies so far, to
// which its function appends one value. It is passed by value, which saves an allocation.
type call struct {
	args     [][]byte
	protocol int
	reply    []byte
	// maxReply is Run.MaxReplyBytes, or noReply; writes says that the call is a write.
	maxReply int
	writes   bool
	// run is the run of the call, nil where no client waits for the reply. space is what it sees; applies says that it
	// is executed while an entry is applied, and not by a query.
	run     *command.Run
	space   *keyspace.Space
	applies bool
	// keeping is not nil for a command of RAFT.ONCE that is executed for the first time.
	keeping *keeping
}

// read counts an entry, or none, that was looked up in order to be read.
func (c call) read(e *keyspace.Entry) *keyspace.Entry {
	if c.run != nil {
		c.run.Lookups.Count(e != nil)
	}
	return e
}

const (
	// noReply as the bound of a call means that no client waits for the reply: values need not be copied.
	noReply = -1
	// valueOverheadBytes is more than the encoding adds to a value.
	valueOverheadBytes = 32
)

// Errors in place of values. Redis closes the connection of a client that has too much to receive.
const (
	replyTooLong   = "ERR the reply would be longer than client-output-buffer-limit allows"
	writtenTooLong = "ERR the command was executed, but the reply is longer than client-output-buffer-limit allows"
)

// fits reports whether the replies may grow by a number of bytes.
func (c call) fits(bytes int) bool {
	length := len(c.reply) + c.left()
	if c.keeping != nil {
		if c.keeping.fits(length - c.keeping.left + bytes) {
			return true
		}
		length += c.keeping.before
	}
	if c.writes {
		bytes = 0
	}
	return c.maxReply == 0 || length+bytes <= c.maxReply
}

// left is how many bytes were left out of the replies so far.
func (c call) left() int {
	if c.run == nil {
		return 0
	}
	return c.run.Long.Bytes()
}

// held is how many bytes of memory what was left out keeps, or how many it is where that is more.
func (c call) held() int {
	if c.run == nil {
		return 0
	}
	return max(c.run.Long.Bytes(), c.run.Long.Held())
}

// tooLong answers with the error in place of values that do not fit.
func (c call) tooLong() []byte {
	if c.writes {
		return c.error(writtenTooLong)
	}
	return c.error(replyTooLong)
}

// The methods below return the replies so far with one more behind them.

func (c call) ok() []byte               { return reply.OK(c.reply) }
func (c call) integer(n int64) []byte   { return reply.Integer(c.reply, n) }
func (c call) error(text string) []byte { return reply.Error(c.reply, text) }
func (c call) null() []byte             { return reply.Null(c.reply, c.protocol) }

// bulkString answers with a string.
func (c call) bulkString(s string) []byte { return reply.BulkString(c.reply, s) }

// list answers with an array of strings.
func (c call) list(all []string) []byte {
	bytes := 0
	for _, s := range all {
		bytes += len(s) + valueOverheadBytes
	}
	if !c.fits(bytes) {
		return c.tooLong()
	}
	c.reply = reply.ArrayHeader(c.reply, len(all))
	for _, s := range all {
		c.reply = reply.BulkString(c.reply, s)
	}
	return c.reply
}

// wrongType answers a command for values of another kind.
func (c call) wrongType() []byte { return c.error(reply.WrongType) }

// value answers with an entry's string, or with null for no entry.
func (c call) value(e *keyspace.Entry) []byte {
	text, ok := textOf(e)
	switch {
	case !ok:
		return c.wrongType()
	case e == nil:
		return c.null()
	case !c.fits(text.Len() + valueOverheadBytes):
		return c.tooLong()
	}
	return c.bulkRange(text, 0, text.Len())
}

// isLong reports whether so many bytes may be left out of the reply, for the connection to put them in. A reply that is
// kept is whole. One that is too long for that is put into the client's protocol, so nothing is left out of it but the
// only string that there is.
func (c call) isLong(bytes int) bool {
	if c.keeping != nil && (!c.keeping.tooLong || len(c.reply) > 0) {
		return false
	}
	return c.run != nil && c.run.LateBytes != 0 && bytes >= c.run.LateBytes
}

// mayHold reports whether a text may be kept until the connection has copied its part. A part of it keeps all of it: if
// that is more than the bound of the replies, the part is copied at once. What a write answers was there already.
func (c call) mayHold(text command.Text) bool {
	return c.writes || c.maxReply == 0 || len(c.reply)+c.run.Long.HeldWith(text) <= c.maxReply
}

// bulkRange answers with the bytes of a string from begin to end, which it has.
func (c call) bulkRange(text value.String, begin, end int) []byte {
	if c.isLong(end-begin) && c.mayHold(text) {
		dst := reply.BulkHeader(c.reply, end-begin)
		c.leave(len(dst), text, begin, end)
		return append(dst, "\r\n"...)
	}
	if inline, ok := text.Inline(); ok {
		return reply.BulkString(c.reply, inline[begin:end])
	}
	dst := text.AppendRange(reply.BulkHeader(c.reply, end-begin), begin, end)
	return append(dst, "\r\n"...)
}

// fixed answers with a reply that is made already, and stays as it is until the replies are taken.
func (c call) fixed(made command.FixedReply) []byte {
	if !c.isLong(len(made)) {
		return append(c.reply, made...)
	}
	c.run.Long.Add(len(c.reply), made, 0, len(made))
	return c.reply
}

// leave leaves a part of a string out of the reply. The string must not change from here on, also if the key is written
// in place: so it has to be of an older generation. A query cannot begin one; a frozen state did. Nor may a query look
// at the present one, since a freeze may run beside it.
func (c call) leave(at int, text value.String, begin, end int) {
	switch {
	case guard.Down(guard.LongValuesStay):
	case c.applies && c.space.Changeable(text):
		c.space.NextGeneration()
	case !c.applies && !c.space.Settled(text):
		c.run.WantsFreeze = true
		return
	}
	if c.keeping != nil {
		at += c.keeping.before
	}
	c.run.Long.Add(at, text, begin, end)
}

// view is what a read sees: the key space, through methods that change nothing.
type view struct {
	space reader
	// now is the time of the read: the state time, or later if no key of the read ends in between.
	now keyspace.Now
	// random was drawn by the connection. It is no part of the state, and no write sees it.
	random uint64
	// maxValueBytes is that of Options.
	maxValueBytes int
	// lookups is where get counts.
	lookups *command.Lookups
}

// get looks for a key in order to read it.
func (v view) get(key []byte) *keyspace.Entry {
	e := v.space.Get(key)
	v.lookups.Count(e != nil)
	return e
}

// reader is the part of the key space that changes nothing.
type reader interface {
	Get(key []byte) *keyspace.Entry
	Size() int
	SlotSize(slot uint16) int
	LastNumber() uint64
	SlotKeys(slot uint16, count int, visit func(key string))
	Scan(from keyspace.Position, visit func(at keyspace.Position, e *keyspace.Entry) bool)
	Pick(random uint64) (key string, ok bool)
	Session(id uint64) (sessions.Info, bool)
	Now() keyspace.Now
}

// refuse answers a call that is not one of the table's writes. The log of this cluster should have none, but all bytes
// of a log have the same effect on every node.
func (c call) refuse(spec *command.Spec, fault command.Fault) []byte {
	switch fault {
	case command.UnknownCommand:
		return c.error(reply.UnknownCommand(c.args))
	case command.UnknownSubcommand:
		return c.error(reply.UnknownSubcommand(c.args))
	case command.WrongArity:
		return c.error(reply.WrongArity(spec.Name))
	default:
		return c.error("ERR '" + spec.Name + "' does not write, and has no place in the log")
	}
}

// textOf gives the string of an entry for reading; no entry is the empty string. ok is false if the value is of another
// kind; the command then answers with wrongType. Every command on strings fetches its values by textOf.
func textOf(e *keyspace.Entry) (text value.String, ok bool) {
	if e == nil {
		return value.String{}, true
	}
	return e.Text()
}
