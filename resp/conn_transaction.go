package resp

import (
	"slices"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/topology"
	"github.com/raftredis/raftredis/resp/wire"
)

// Between MULTI and EXEC a connection queues commands. EXEC makes one run of them, by itself: its writes are the body
// of one entry, behind a head that names the watched keys, and its reads ride along at their places. So a transaction
// is never cut, no other command comes between, and it works on all slots and through any node. One of reads alone is a
// confirmed read, and sees one state. See package fsm for how the head is judged.
//
//	MULTI        the connection queues from now on
//	SET, GET …   checked as if they were executed, copied, answered with QUEUED; an error bars EXEC
//	EXEC         checked again, as memory and leader may have changed: refused as a whole, or submitted as a whole
//	             … the run is answered like any other: done, or as a whole not done, or as a whole uncertain
//	             what concerns the connection or the node is executed behind that, here, and answers at its place
//
// A queued command that may wait does not: it answers what there is.

// transaction is what a connection has queued.
type transaction struct {
	calls []command.Call
	// head is what the body begins with, bodyBytes how long the head and the writes are in it, fillBytes the calls that
	// may fill a cache. replicates is that of Conn.
	head                 [][]byte
	bodyBytes, fillBytes int
	writes, replicates   bool
	// queuedBytes are the bytes of all arguments, heldBytes the memory that was taken for them from the budget of clients.
	queuedBytes, heldBytes int
	// broken says that a command could not be queued: EXEC does nothing.
	broken bool
	// muted says that the client wants no reply to EXEC. answering says that a part of that is in the output: replies are
	// those of the run, next is the call whose reply comes next.
	muted, answering bool
	replies          []byte
	next             int
}

const (
	// callBytes is about what a queued call takes besides its arguments, argumentBytes each of these.
	callBytes     = 128
	argumentBytes = 24
	// maxWatchedBytes bounds what a connection watches, in the encoding of the log.
	maxWatchedBytes = 1 << 20
)

// Replies around transactions. Those of Redis are the same to the letter.
const (
	execAborted    = "EXECABORT Transaction discarded because of previous errors."
	execAbortedBy  = "EXECABORT Transaction discarded because of: "
	execWithout    = "ERR EXEC without MULTI"
	discardWithout = "ERR DISCARD without MULTI"
	multiWithin    = "ERR MULTI calls can not be nested"
	watchWithin    = "ERR WATCH inside MULTI is not allowed"
	notInMulti     = "ERR Command not allowed inside a transaction"
	monitorWithin  = "ERR MONITOR isn't allowed for DENY BLOCKING client"
	tooMuchWork    = "ERR its writes are too much work to be executed as one"
	watchRefused   = "ERR a WATCH before it was refused"
	watchesTooMuch = "ERR more is watched than a transaction can depend on, which is 1048576 bytes of keys"
)

// transactionHandlers answer the commands around transactions, but WATCH, which looks at the state.
var transactionHandlers = []handler{
	{of: node.Discard, answer: discard},
	{of: node.Exec, answer: exec},
	{of: node.Multi, answer: multi},
	{of: node.Unwatch, answer: unwatch},
}

// multi is MULTI.
func multi(c *Conn, dst []byte, _ [][]byte) []byte {
	if c.transaction != nil {
		return reply.Error(dst, multiWithin)
	}
	head := command.TransactionHead(c.watched.keys)
	c.transaction = &transaction{head: head, bodyBytes: argv.Size(head)}
	c.bars |= byMulti
	c.session.queued.Store(1)
	return reply.OK(dst)
}

// discard is DISCARD.
func discard(c *Conn, dst []byte, _ [][]byte) []byte {
	if c.transaction == nil {
		return reply.Error(dst, discardWithout)
	}
	c.discard()
	return reply.OK(dst)
}

// unwatch is UNWATCH. In a transaction it is too late for it: EXEC has forgotten the keys.
func unwatch(c *Conn, dst []byte, _ [][]byte) []byte {
	c.watched = watchList{}
	return reply.OK(dst)
}

// exec is EXEC: it makes a run of what is queued, which the caller submits, unless there is a reason not to.
func exec(c *Conn, dst []byte, _ [][]byte) []byte {
	t := c.transaction
	if t == nil {
		return reply.Error(dst, execWithout)
	}
	refusal := c.execRefusal(t)
	if refusal == "" && t.broken {
		refusal = execAborted
		c.server.show(c.session, node.Exec, execWord)
	}
	if refusal != "" {
		c.discard()
		return reply.Error(dst, refusal)
	}
	c.transaction, c.watched = nil, watchList{}
	c.bars &^= byMulti
	t.muted, c.executing = c.replyMode.muted(), t
	run := &c.request.Run
	run.Head, c.bodyBytes, c.fillBytes, c.replicates = t.head, 0, t.fillBytes, t.replicates
	for _, call := range t.calls {
		if call.Spec == node.Select {
			size := argv.Size(call.Args)
			if call = c.selection(call); !call.InLog() {
				t.bodyBytes -= size
			}
		} else if isBarrier(call.Spec) {
			call = command.Call{Fixed: placeholder}
		} else if call.Spec.Class == command.Read && c.facts().tracking.remembers() {
			c.server.tracker.remember(c.session, &call)
		} else {
			c.layOut(&call)
		}
		run.Calls = append(run.Calls, call)
	}
	if t.writes {
		c.bodyBytes = t.bodyBytes
	}
	return dst
}

// selection is SELECT in a transaction. It is a part of the run, since what stands behind it is in that database.
func (c *Conn) selection(call command.Call) command.Call {
	if _, refusal := c.parseDatabase(call.Args[1]); refusal != "" {
		return command.Call{Fixed: reply.Error(nil, refusal)}
	}
	return call
}

// follow puts the client into the database that a call of its transaction has chosen, if it is SELECT.
func (c *Conn) follow(call *command.Call) {
	if call.Spec != node.Select {
		return
	}
	database, refusal := c.parseDatabase(call.Args[1])
	if refusal != "" { // the run had the error in place of the call, and counts no such reply
		c.shard.Executed(call.Spec.ID(), 1, 0)
		c.shard.Answered(call.Spec.ID(), reply.Error(nil, refusal))
		return
	}
	c.choose(database)
}

// isOutside reports whether a command of a transaction is executed behind its run.
func isOutside(spec *command.Spec) bool { return isBarrier(spec) && spec != node.Select }

// placeholder stands for the reply to a command that is executed behind the run.
var placeholder = []byte("+\r\n")

// execRefusal says why EXEC does nothing although nothing was wrong when the commands were queued.
func (c *Conn) execRefusal(t *transaction) string {
	for i := range t.calls {
		if refusal := c.refusal(t.calls[i].Spec, command.NoFault, t.calls[i].Args); refusal != "" {
			return abortedBy(refusal)
		}
	}
	switch {
	case c.watched.lacks != "":
		return abortedBy(c.watched.lacks)
	case c.isTooMuchWork(t):
		return abortedBy(tooMuchWork)
	}
	return ""
}

// abortedBy is what EXEC answers that is refused for a reason.
func abortedBy(refusal string) string { return execAbortedBy + strings.TrimPrefix(refusal, "ERR ") }

// discard forgets what is queued, and what is watched.
func (c *Conn) discard() {
	c.watched = watchList{}
	if c.transaction != nil {
		c.release(c.transaction)
	}
	c.transaction = nil
	c.bars &^= byMulti
}

// release gives back what a transaction holds.
func (c *Conn) release(t *transaction) {
	c.server.input.Give(t.heldBytes)
	t.heldBytes = 0
	c.session.queued.Store(0)
	c.session.queuedBytes.Store(0)
}

// refuseWithin notes that a command was refused: EXEC does nothing then, and says why if it is EXEC itself.
func (c *Conn) refuseWithin(spec *command.Spec, refusal string) string {
	switch {
	case spec == node.Exec:
		c.discard()
		return abortedBy(refusal)
	case c.transaction != nil:
		c.transaction.broken = true
	case spec == node.Watch && refusal != reply.WrongArity(spec.Name):
		c.watched.lacks = watchRefused
	}
	return refusal
}

// queue takes a command that stands in a transaction. It is false for what is executed at once.
func (c *Conn) queue(spec *command.Spec, args [][]byte) (call command.Call, is bool) {
	t := c.transaction
	switch spec {
	case node.Exec: // it is shown behind what it executes
		return command.Call{}, false
	case node.Discard, node.Multi, node.Reset, node.Quit:
		c.server.show(c.session, spec, args)
		return command.Call{}, false
	case node.Watch:
		c.server.show(c.session, spec, args)
		call = c.fix(func(dst []byte) []byte { return reply.Error(dst, watchWithin) })
		c.shard.Executed(spec.ID(), 1, 0)
		c.shard.Answered(spec.ID(), call.Fixed)
		return call, true
	}
	size := argv.Size(args)
	held := size + callBytes + argumentBytes*len(args)
	refusal := c.queueRefusal(spec, args, size, held)
	if refusal == "" && !c.server.input.Take(held) {
		refusal = wire.ErrNoRoom.Reply
	}
	if refusal != "" {
		t.broken = true
		c.shard.Rejected(spec.ID())
		return c.refused(refusal), true
	}
	call = command.Call{Spec: spec, Args: c.ownArguments(args, size)}
	t.calls = append(t.calls, call)
	t.queuedBytes, t.heldBytes = t.queuedBytes+size, t.heldBytes+held
	if t.writes = t.writes || call.IsWrite(); call.InLog() {
		t.bodyBytes += size
	} else if call.Fills() {
		t.fillBytes += size
	}
	t.replicates = t.replicates || call.IsWrite() || spec.Flags&command.FlagMayReplicate != 0
	c.session.queued.Store(int64(1 + len(t.calls)))
	c.session.queuedBytes.Store(int64(t.heldBytes))
	return c.fix(func(dst []byte) []byte { return reply.Simple(dst, "QUEUED") }), true
}

// ownArguments copies arguments out of the buffer. A long request has storage of its own already.
func (c *Conn) ownArguments(args [][]byte, size int) [][]byte {
	encoded := c.reader.Encoded()
	if encoded == nil {
		encoded = argv.Append(make([]byte, 0, size), args)
	} else {
		encoded = encoded[wire.HeadBytes:]
	}
	own, _, err := argv.Next(encoded, make([][]byte, 0, len(args)))
	if err != nil || len(own) != len(args) {
		panic("resp: a request is not what it was encoded to")
	}
	return own
}

// queueRefusal says why a command is not queued that would be executed.
func (c *Conn) queueRefusal(spec *command.Spec, args [][]byte, size, held int) string {
	t := c.transaction
	switch {
	case spec.Flags&command.FlagNoMulti != 0, writesOutside(spec):
		return notInMulti
	case c.server.memory.exceeded.Load(): // any command: what is queued takes memory
		return reply.OutOfMemory
	case (spec.MayWrite(args) || spec == node.Select) &&
		c.headBytes()+t.bodyBytes+t.fillBytes+size > c.server.limits.MaxEntryBytes:
		return "ERR the transaction exceeds the largest log entry of " + strconv.Itoa(c.server.limits.MaxEntryBytes) +
			" bytes (max-entry-bytes)"
	case int64(t.heldBytes+held) > c.server.tuning.MaxQueryBytes.Load():
		return "ERR the transaction is longer than client-query-buffer-limit allows, which is " +
			strconv.FormatInt(c.server.tuning.MaxQueryBytes.Load(), 10) + " bytes"
	}
	return c.movedFrom([]command.Call{{Spec: spec, Args: args}})
}

// movedFrom is the way to the leader for the first call that is not executed on this node, empty if all are.
func (c *Conn) movedFrom(calls []command.Call) string {
	if !c.server.redirect {
		return ""
	}
	leader := c.server.node.Leader()
	if !leader.Known || leader.Self {
		return ""
	}
	for i := range calls {
		call := &calls[i]
		if call.Spec == nil || c.mayBeOld(call) {
			continue
		}
		if first := call.Spec.FirstKey(call.Args); first > 0 && first < len(call.Args) {
			return topology.Moved(command.Slot(call.Args[first]), leader, c.server.endpoint())
		}
	}
	return ""
}

// moved answers a transaction with the way to the leader if it has to be executed there. Nothing is done here.
func (c *Conn) moved() bool {
	text := c.movedFrom(c.request.Run.Calls)
	if text == "" {
		return false
	}
	before := len(c.out)
	c.refuseTransaction(func() { c.out = reply.Error(c.out, text) })
	c.dropMuted(before)
	return true
}

// isAnswering reports whether a part of a reply is in the output, and nothing else may be sent before the rest.
func (c *Conn) isAnswering() bool { return c.executing != nil && c.executing.answering }

// refuseTransaction ends a run that is a transaction and was not done, or of which that is not known, with one reply.
func (c *Conn) refuseTransaction(answer func()) {
	before := len(c.out)
	answer()
	c.server.calls.Failed(c.out[before:])
	c.release(c.executing)
	c.executing = nil
	c.finish()
}

// standIn is the call whose reply is that to a transaction which was not done: one with a key, if there is one, which
// says where it might be done.
func standIn(calls []command.Call) []command.Call {
	for i := range calls {
		if spec := calls[i].Spec; spec != nil && spec.FirstKey(calls[i].Args) > 0 {
			return calls[i : i+1]
		}
	}
	return []command.Call{{Spec: node.Exec, Args: [][]byte{[]byte("exec")}}}
}

// asks reports whether a run needs the state.
func (c *Conn) asks() bool {
	run := &c.request.Run
	return len(run.Head) > 1 || asks(run.Calls)
}

// conclude takes the replies to a run that was done, which stand in the output from a position on.
func (c *Conn) conclude(from int) {
	run := &c.request.Run
	if run.Head != nil {
		c.concludeTransaction(from)
		return
	}
	if len(run.Watched) > 0 {
		c.watched.add(run.Watched)
		clear(run.Watched)
		run.Watched = run.Watched[:0]
	} else {
		c.watched.refused(run.Calls) // a WATCH that has found nothing was answered with an error
	}
	c.measure(run.Calls[c.viewed:], c.out[from:])
	c.finish()
}

// concludeTransaction takes the reply to a transaction: null, or an array of the replies to its calls.
func (c *Conn) concludeTransaction(from int) {
	t, array := c.executing, c.out[from:]
	if executed := isArray(array); executed {
		c.measure(c.request.Run.Calls, skipLine(array))
		c.showExecuted(t)
	} else {
		c.server.show(c.session, node.Exec, execWord)
		c.shard.Answered(node.Exec.ID(), array)
		c.clock = c.server.monotonic()
		c.countLookups()
		t.calls = nil
	}
	c.finish()
	if !slices.ContainsFunc(t.calls, func(call command.Call) bool { return isOutside(call.Spec) }) {
		c.endTransaction()
		return
	}
	rest := skipLine(array)
	t.answering, t.replies = true, slices.Clone(rest)
	c.out = c.out[:len(c.out)-len(rest)]
	if t.muted {
		c.out = c.out[:from]
	}
}

// execWord is EXEC as monitors see it.
var execWord = [][]byte{[]byte("exec")}

// showExecuted shows a transaction to monitors, in the order in which its commands are executed, each in the database
// that the client was in then. It leaves the client in the last one.
func (c *Conn) showExecuted(t *transaction) {
	for i := range t.calls {
		c.server.show(c.session, t.calls[i].Spec, t.calls[i].Args)
		c.follow(&t.calls[i])
	}
	c.server.show(c.session, node.Exec, execWord)
}

// goOn puts the replies to a transaction together, and executes at their places the commands that are the connection's
// or the node's. It stops at one that waits for something, and goes on behind that.
func (c *Conn) goOn() {
	t := c.executing
	for t.next < len(t.calls) && (c.phase == gathering || c.phase == ended) {
		call := t.calls[t.next]
		t.next++
		rest := reply.Skip(t.replies)
		one := t.replies[:len(t.replies)-len(rest)]
		t.replies = rest
		before := len(c.out)
		switch {
		case !isOutside(call.Spec):
			c.out = append(c.out, one...)
		case call.Spec == node.Monitor:
			c.out = reply.Error(c.out, monitorWithin)
			c.shard.Executed(call.Spec.ID(), 1, 0)
			c.shard.Answered(call.Spec.ID(), c.out[before:])
		default:
			c.answer(call)
			if len(c.out) == before && c.phase == gathering && !t.muted { // CLIENT REPLY counts from the next command on
				c.out = reply.OK(c.out)
			}
		}
		if t.muted {
			c.out = c.out[:before]
		}
	}
	if t.next == len(t.calls) && (c.phase == gathering || c.phase == ended) {
		c.endTransaction()
	}
}

// endTransaction forgets the transaction whose reply is whole.
func (c *Conn) endTransaction() {
	c.release(c.executing)
	c.executing = nil
}

// isArray reports whether a reply is an array, and not the absence of one.
func isArray(made []byte) bool { return len(made) > 1 && made[0] == '*' && made[1] != '-' }

// skipLine is what stands behind the first line.
func skipLine(made []byte) []byte {
	for i, b := range made {
		if b == '\n' {
			return made[i+1:]
		}
	}
	return nil
}
