package fsm

import (
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// call is a command under execution: its arguments, as many as its arity asks for, and the reply, to which its function
// appends exactly one value.
type call struct {
	args     [][]byte
	protocol int
	reply    []byte
}

func (c *call) ok()               { c.reply = reply.OK(c.reply) }
func (c *call) integer(n int64)   { c.reply = reply.Integer(c.reply, n) }
func (c *call) error(text string) { c.reply = reply.Error(c.reply, text) }
func (c *call) null()             { c.reply = reply.Null(c.reply, c.protocol) }

// value answers with an entry's string, or with null for no entry.
func (c *call) value(e *entry) {
	if e == nil {
		c.null()
		return
	}
	c.reply = e.appendBulk(c.reply)
}

// view is what reads are handed: the key space, through methods that change nothing.
type view struct{ space reader }

// reader is the part of the key space that changes nothing.
type reader interface {
	get(key []byte) *entry
	size() int
}

// refuse answers a call that is not one of the table's writes: the log of this cluster should hold none, but whatever it
// holds has the same effect on every node.
func (c *call) refuse(spec *command.Spec, fault command.Fault) {
	switch fault {
	case command.UnknownCommand:
		c.error(reply.UnknownCommand(c.args))
	case command.UnknownSubcommand:
		c.error(reply.UnknownSubcommand(c.args))
	case command.WrongArity:
		c.error(reply.WrongArity(spec.Name))
	case command.NoFault:
		c.error("ERR '" + spec.Name + "' does not write, and has no place in the log")
	}
}
