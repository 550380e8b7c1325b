package exec

import (
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// Call is a command that is being executed: its arguments, whose number fits its arity, and the replies so far, to
// which its function appends one value. It is passed by value, which saves an allocation.
type Call struct {
	// Args are the arguments, the name included.
	Args [][]byte
	// Protocol is that of the client, for the functions of package reply.
	Protocol int
	// Reply holds the replies so far.
	Reply []byte

	// maxReply is Run.MaxReplyBytes, or noReply; writes says that the call is a write.
	maxReply int
	writes   bool
	// run is the run of the call, nil where no client waits for the reply. state is what it sees; applies says that it
	// is executed while an entry is applied, and not by a query.
	run     *command.Run
	state   *keyspace.State
	applies bool
	// transaction says that the call is one of a transaction.
	transaction bool
	// frozen says that the space does not change, and that others do not wait for the call.
	frozen bool
	// keeping is not nil for a command of RAFT.ONCE that is executed for the first time.
	keeping *Keeping
}

const (
	// noReply as the bound of a call means that no client waits for the reply: values need not be copied.
	noReply = -1
	// ValueOverheadBytes is more than the encoding adds to a value.
	ValueOverheadBytes = 32
)

// Errors in place of values. Redis closes the connection of a client that has too much to receive.
const (
	ReplyTooLong   = "ERR the reply would be longer than client-output-buffer-limit allows"
	WrittenTooLong = "ERR the command was executed, but the reply is longer than client-output-buffer-limit allows"
)

// Unwatched begins the calls of an entry for which no client waits on this node. Their replies go to a buffer that is
// of no other use.
func Unwatched(buffer []byte) Call {
	return Call{Protocol: 2, Reply: buffer[:0], maxReply: noReply}
}

// Applied begins the calls of a run whose entry is applied to a state.
func Applied(run *command.Run, state *keyspace.State) Call {
	c := Queried(run, state)
	c.applies = true
	return c
}

// Queried begins the calls of a run of reads, which a state answers.
func Queried(run *command.Run, state *keyspace.State) Call {
	return Call{
		Protocol: run.Protocol, Reply: run.Reply, maxReply: run.MaxReplyBytes, run: run, state: state,
	}
}

// Frozen is the call where a frozen state answers it.
func (c Call) Frozen() Call {
	c.frozen = true
	return c
}

// IsFrozen reports whether a frozen state answers the call.
func (c Call) IsFrozen() bool { return c.frozen }

// Reading is the call with the arguments of a read.
func (c Call) Reading(args [][]byte) Call {
	c.Args, c.writes = args, false
	return c
}

// Writing is the call with the arguments of a write.
func (c Call) Writing(args [][]byte) Call {
	c.Args, c.writes = args, true
	return c
}

// IsWatched reports whether a client waits for the reply.
func (c Call) IsWatched() bool { return c.maxReply != noReply }

// Lookups is where the lookups of the call count, nil for nowhere.
func (c Call) Lookups() *command.Lookups {
	if c.run == nil {
		return nil
	}
	return &c.run.Lookups
}

// Read counts an entry, or none, that a write looked up in order to read it.
func (c Call) Read(e *keyspace.Entry) *keyspace.Entry {
	if c.run != nil {
		c.run.Lookups.Count(e != nil)
	}
	return e
}

// Wait reports whether the client may wait until one of the keys of the call changes, and notes that it does, for a
// number of milliseconds or with 0 for ever. The call is executed again then; so the caller puts in place of arguments
// that stand for the present moment what they mean now. The reply is the answer when the time is over.
func (c Call) Wait(millis int64) bool {
	if c.run == nil || !c.run.MayWait {
		return false
	}
	c.run.Waiting = command.Waiting{Wanted: true, Millis: millis}
	return true
}

// Fill reports whether the call, a read for which Spec.Fills says yes, is executed once more as a write, which has the
// same answer and keeps it: then it answers nothing now.
func (c Call) Fill() bool {
	if c.run == nil || !c.run.MayFill || c.applies {
		return false
	}
	c.run.WantsFill = true
	return true
}

// Watch notes what WATCH has found of the keys that are its arguments.
func (c Call) Watch(found []command.Watched) {
	if c.run != nil {
		c.run.Watched = found
	}
}

// InTransaction is the call as one of a transaction.
func (c Call) InTransaction() Call {
	c.transaction = true
	return c
}

// IsInTransaction reports whether the call is one of a transaction: such a call never waits.
func (c Call) IsInTransaction() bool { return c.transaction }

// HasWaited reports whether the client waits already, and the call is executed once more.
func (c Call) HasWaited() bool { return c.run != nil && c.run.HasWaited }

// Fits reports whether the replies may grow by a number of bytes.
func (c Call) Fits(bytes int) bool {
	length := c.Length()
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

// Length is how long the replies are so far, with what was left out of them.
func (c Call) Length() int { return len(c.Reply) + c.left() }

// TooLong answers with the error in place of values that do not fit.
func (c Call) TooLong() []byte {
	if c.writes {
		return c.Error(WrittenTooLong)
	}
	return c.Error(ReplyTooLong)
}

// The methods below return the replies so far with one more behind them.

// OK answers with OK.
func (c Call) OK() []byte { return reply.OK(c.Reply) }

// Integer answers with a number.
func (c Call) Integer(n int64) []byte { return reply.Integer(c.Reply, n) }

// Error answers with an error, whose text begins with its code.
func (c Call) Error(text string) []byte { return reply.Error(c.Reply, text) }

// Null answers with no value.
func (c Call) Null() []byte { return reply.Null(c.Reply, c.Protocol) }

// NullArray answers with no array: in RESP2 that is another null.
func (c Call) NullArray() []byte { return reply.NullArray(c.Reply, c.Protocol) }

// Bulk answers with a string.
func (c Call) Bulk(b []byte) []byte { return reply.Bulk(c.Reply, b) }

// BulkString is Bulk of a string.
func (c Call) BulkString(s string) []byte { return reply.BulkString(c.Reply, s) }

// List answers with an array of strings, if they fit.
func (c Call) List(all []string) []byte {
	bytes := 0
	for _, s := range all {
		bytes += len(s) + ValueOverheadBytes
	}
	if !c.Fits(bytes) {
		return c.TooLong()
	}
	c.Reply = reply.ArrayHeader(c.Reply, len(all))
	for _, s := range all {
		c.Reply = reply.BulkString(c.Reply, s)
	}
	return c.Reply
}

// WrongType answers a command for values of another kind.
func (c Call) WrongType() []byte { return c.Error(reply.WrongType) }

// Value answers with an entry's string, or with null for no entry.
func (c Call) Value(e *keyspace.Entry) []byte {
	text, ok := TextOf(e)
	switch {
	case !ok:
		return c.WrongType()
	case e == nil:
		return c.Null()
	case !c.Fits(text.Len() + ValueOverheadBytes):
		return c.TooLong()
	}
	return c.BulkRange(text, 0, text.Len())
}

// TextOf gives the string of an entry for reading; no entry is the empty string. ok is false if the value is of another
// kind; the command then answers with WrongType. Every command on strings fetches its values by TextOf.
func TextOf(e *keyspace.Entry) (text value.String, ok bool) {
	if e == nil {
		return value.String{}, true
	}
	return e.Text()
}
