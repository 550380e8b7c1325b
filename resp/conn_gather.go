package resp

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/glob"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/internal/stepwise"
	"github.com/raftredis/raftredis/resp/topology"
	"github.com/raftredis/raftredis/resp/wire"
)

// gather takes requests until a run was submitted or something else has to happen first; false means that the buffer
// holds no complete request and nothing is outstanding.
func (c *Conn) gather() bool {
	run := &c.request.Run
	for c.phase == gathering && len(c.out) < c.server.limits.FlushBytes {
		if c.isAnswering() {
			c.goOn()
			continue
		}
		if len(run.Calls) == 0 && c.pending() && c.putOff(false) {
			return true
		}
		if c.replyMode == repliesSkipped {
			c.replyMode = repliesOn
		}
		call, ok := c.next()
		if ok && c.replyMode == repliesSkipNext {
			c.replyMode = repliesSkipped
		}
		caching := ok && c.facts().tracking.caching
		switch {
		case !ok && len(run.Calls) > 0:
			c.submit()
		case !ok:
			return c.phase == ended
		case call.Spec == nil:
			before := len(c.out)
			c.answered(call)
			c.dropMuted(before)
		case isBarrier(call.Spec):
			switch {
			case len(run.Calls) > 0:
				c.hold(call)
				c.submit()
			case len(c.out) > 0 && slow(call.Spec):
				c.sendFirst(call)
				return true
			case c.putOffCall(call):
				return true
			default:
				if c.answer(call); run.Head != nil {
					c.submit()
				}
			}
		case call.Spec.MayBlock(call.Args):
			switch {
			case len(run.Calls) > 0:
				c.hold(call)
				c.submit()
			case len(c.out) > 0:
				c.sendFirst(call)
				return true
			default:
				c.block(call)
			}
		default:
			c.join(call)
			if c.replyMode == repliesSkipped && c.phase == gathering {
				c.submit() // the next command is answered again
			}
		}
		if caching && c.bars&byMulti == 0 && (call.Spec == nil || !strings.HasPrefix(call.Spec.Name, "client|")) {
			c.session.set(func(f *facts) { f.tracking.caching = false })
		}
	}
	return true
}

// pending reports whether there may be a command that is not yet taken.
func (c *Conn) pending() bool { return c.holding || c.reader.Buffered() > 0 }

// answer answers a command of the connection or the node.
func (c *Conn) answer(call command.Call) {
	before, muted, began := len(c.out), c.replyMode.muted(), c.present()
	c.out = handlers[call.Spec.ID()].answer(c, c.out, call.Args)
	before, c.pushed = before+c.pushed, 0
	switch {
	case c.phase == awaiting && !c.awaited.interruptible:
		call.Args = slices.Clone(call.Args)
		c.awaited.call, c.awaited.began = call, began
	case c.phase == submitted: // joined notes it
	default:
		c.timed(call, began, c.out[before:])
	}
	if muted && c.replyMode != repliesOn {
		c.out = c.out[:before]
	}
	c.forget(0)
}

func isBarrier(spec *command.Spec) bool { return spec.Class == command.Barrier }

// slow reports whether the reply to a command may take many times as long as that to any run.
func slow(spec *command.Spec) bool { return isBarrier(spec) && handlers[spec.ID()].slow }

// next returns the next call: the one that was held, or else the next request of the reader. A violation of the
// protocol is answered, and the connection ended, when everything before it is answered.
func (c *Conn) next() (command.Call, bool) {
	if c.holding {
		call := c.held
		c.held, c.holding = command.Call{}, false
		return call, true
	}
	from := len(c.arguments)
	arguments, err := c.reader.Next(c.arguments)
	if err != nil {
		return c.unread(err)
	}
	if len(arguments) == from {
		return command.Call{}, false
	}
	c.arguments = arguments
	c.shard.Commands.Add(1)
	call, ok := c.resolve(arguments[from:len(arguments):len(arguments)])
	if !ok {
		return c.unread(errAttack)
	}
	return call, true
}

// unread is what becomes of a request that the reader did not take: a refusal is a reply like others, and a violation
// of the protocol ends the connection, behind everything before it.
func (c *Conn) unread(err error) (command.Call, bool) {
	if c.transaction != nil {
		c.transaction.broken = true
	}
	var refusal *wire.Refusal
	if errors.As(err, &refusal) {
		c.server.metrics.InputLimit.Inc()
		c.shard.Commands.Add(1)
		return c.refused(refusal.Reply), true
	}
	if len(c.request.Run.Calls) == 0 {
		c.phase = ended
		if err != errAttack {
			c.server.metrics.ProtocolErrors.Inc()
			c.out = reply.Error(c.out, "ERR "+err.Error())
		}
	}
	return command.Call{}, false
}

// resolve finds the command that the arguments call, or the reply that they get whatever the state is. False means that
// the connection ends without one.
func (c *Conn) resolve(args [][]byte) (command.Call, bool) {
	spec, fault := commands.Find(args)
	if c.bars != 0 || fault == command.UnknownCommand {
		if call, is := c.barred(spec, fault, args); is {
			return call, call.Fixed != nil
		}
	}
	if fault == command.NoFault && c.session.spec.Load() != spec {
		c.session.spec.Store(spec)
	}
	if refusal := c.refusal(spec, fault, args); refusal != "" {
		if spec != nil {
			c.shard.Rejected(spec.ID())
		}
		if spec == node.Select && c.transaction == nil {
			c.refusedSelect(args)
		}
		return c.refused(c.refuseWithin(spec, refusal)), true
	}
	if c.bars&byMulti == 0 {
		c.server.show(c.session, spec, args)
	} else if call, is := c.queue(spec, args); is {
		return call, true
	}
	if isBarrier(spec) && handlers[spec.ID()].pure {
		c.shard.Executed(spec.ID(), 1, 0) // no client waits for such a reply
		if c.server.isSlow(0) {
			c.server.noteSlow(c.session, []command.Call{{Spec: spec, Args: args}}, 0, nil)
		}
		return c.fix(func(dst []byte) []byte { return handlers[spec.ID()].answer(c, dst, args) }), true
	}
	return command.Call{Spec: spec, Args: args}, true
}

// refusal says why a call is not executed; it is empty if it is. The order of the checks is that of Redis: existence,
// number of arguments, authentication.
func (c *Conn) refusal(spec *command.Spec, fault command.Fault, args [][]byte) string {
	switch {
	case fault == command.UnknownCommand:
		return reply.UnknownCommand(args)
	case node.IsDebug(spec) && c.debugRefusal(spec, fault, args) != "":
		return c.debugRefusal(spec, fault, args)
	case fault == command.UnknownSubcommand:
		return reply.UnknownSubcommand(args)
	case fault == command.WrongArity:
		return reply.WrongArity(spec.Name)
	case !c.facts().authenticated && spec.Flags&command.FlagNoAuth == 0:
		return reply.NoAuth
	case spec.Flags&command.FlagDenyOOM != 0 && c.server.memory.exceeded.Load():
		return reply.OutOfMemory
	case spec.Class == command.Write && c.headBytes()+argv.Size(args) > c.server.limits.MaxEntryBytes:
		return "ERR command exceeds the largest log entry of " +
			strconv.Itoa(c.server.limits.MaxEntryBytes) + " bytes (max-entry-bytes)"
	case c.server.loading.Load() && c.server.deniesLoading(spec):
		return reply.Loading
	case c.server.view == topology.NoView && needsCluster(spec):
		return clusterDisabled
	case spec.Globs > 0 && hasLongGlob(spec, args):
		return longGlob
	case spec.Wraps > 0:
		return c.innerRefusal(spec, args)
	}
	return ""
}

// innerRefusal is refusal for the command that RAFT.ONCE carries. What is refused here takes no sequence. For want of
// memory a command is refused that may be executed, and no retry that is known to get the first reply:
//
//  1. A command is executed, and its reply is lost.
//  2. This node's memory runs out.
//  3. The client asks again. It would take OOM for an answer, which says that the command was not executed.
func (c *Conn) innerRefusal(wrapping *command.Spec, all [][]byte) string {
	args := all[wrapping.Wraps:]
	spec, fault := commands.Find(args)
	switch {
	case fault == command.UnknownCommand:
		return reply.UnknownCommand(args)
	case fault == command.UnknownSubcommand:
		return reply.UnknownSubcommand(args)
	case commands.RefusedOnce(spec) != "":
		return reply.RefusedOnce(spec.Name, commands.RefusedOnce(spec))
	case fault == command.WrongArity:
		return reply.WrongArity(spec.Name)
	case hasLongGlob(spec, args):
		return longGlob
	case spec.Flags&command.FlagDenyOOM != 0 && c.server.memory.exceeded.Load() && !c.settled(all):
		return reply.OutOfMemory
	}
	return ""
}

// longGlob refuses a pattern that is too long to be compared with names. By RAFT.ONCE every node would compare it while
// it applies the entry.
var longGlob = fmt.Sprintf("ERR a pattern that has one of *?[\\ is longer than %d bytes", glob.MaxBytes)

// hasLongGlob reports whether a pattern among the arguments is too long.
func hasLongGlob(spec *command.Spec, args [][]byte) bool {
	return spec.Globs > 0 && len(args) > spec.Globs && slices.ContainsFunc(args[spec.Globs:], glob.IsTooLong)
}

// settled reports whether it is known that a call of RAFT.ONCE will execute nothing.
func (c *Conn) settled(args [][]byte) bool {
	session, isSession := number.Parse(args[1])
	sequence, isSequence := number.Parse(args[2])
	if !isSession || !isSequence || session < 0 || sequence < 0 {
		return true
	}
	return c.server.store.Settled(uint64(session), uint64(sequence))
}

// deniesLoading reports whether a node that loads refuses a command. Redis's flag says so, with two differences. Here
// a node may load while it knows its cluster, and then it shows it; while it does not, it shows nothing, and its
// clients ask another node. And what travels with reads of the state (OBJECT HELP) is not answered without one.
func (s *Server) deniesLoading(spec *command.Spec) bool {
	if slices.Contains(showsCluster, spec) {
		return s.node.Standing().Opening
	}
	return spec.Flags&command.FlagLoading == 0 || spec.Class != command.Barrier
}

// showsCluster are the commands that show the cluster and ask for no key.
var showsCluster = []*command.Spec{
	node.ClusterInfo, node.ClusterLinks, node.ClusterMyID, node.ClusterMyShardID, node.ClusterNodes,
	node.ClusterShards, node.ClusterSlots,
}

// refused is a call with an error as its reply.
func (c *Conn) refused(text string) command.Call {
	call := c.fix(func(dst []byte) []byte { return reply.Error(dst, text) })
	c.server.calls.Failed(call.Fixed)
	return call
}

// fix is a call whose reply is made already.
func (c *Conn) fix(encode func(dst []byte) []byte) command.Call {
	from := len(c.fixed)
	c.fixed = encode(c.fixed)
	return command.Call{Fixed: c.fixed[from:len(c.fixed):len(c.fixed)]}
}

// answered puts a call with its reply at its place: into the output, or into the run if there is one before it. A run
// ends where such replies are as long as those that are sent at once.
func (c *Conn) answered(call command.Call) {
	run := &c.request.Run
	if len(run.Calls) == 0 {
		c.out = stepwise.Append(c.out, call.Fixed)
		c.forgetFixed()
		c.forget(0)
		return
	}
	run.Calls = append(run.Calls, call)
	if len(run.Calls) >= c.server.limits.MaxRunCalls || len(c.fixed) >= c.server.limits.FlushBytes {
		c.submit()
	}
}

// join adds a call on data to the run, and submits the run where it has to end: before a write that would make its body
// longer than a run's may be, or its work more (command.MaxEntryWork); behind WATCH and SWAPDB; where more reads would
// ride along than maxRidingArguments; at the largest number of calls. A write that is longer or more work by itself
// makes a run of its own.
func (c *Conn) join(call command.Call) {
	run := &c.request.Run
	size, riding := 0, ridingArguments(call)
	writes, fills := call.IsWrite(), call.Fills()
	var cost command.Estimate
	if writes || fills {
		size = argv.Size(call.Args)
		cost = c.estimate(&call, size)
	}
	crowded := (c.bodyBytes > 0 || writes) && c.riding+riding > maxRidingArguments
	tooLong := c.headBytes()+c.bodyBytes+c.fillBytes+size > c.server.limits.MaxRunBytes
	tooMuch := c.writes.work+cost.Work > command.MaxEntryWork
	if len(run.Calls) > 0 && (tooLong || crowded || tooMuch) {
		c.hold(call)
		c.submit()
		return
	}
	if call.Spec.Class == command.Read && c.facts().tracking.remembers() && call.Spec != node.Watch {
		c.server.tracker.remember(c.session, &call)
	}
	if fills {
		c.fillBytes += size
	} else {
		c.bodyBytes += size
	}
	c.replicates = c.replicates || writes || call.Spec.Flags&command.FlagMayReplicate != 0
	c.riding += riding
	c.layOut(&call)
	if size > 0 {
		c.writes.add(&call, size, cost)
	}
	run.Calls = append(run.Calls, call)
	if tooLong {
		c.body = c.reader.Encoded()
	}
	if tooLong || tooMuch || call.Spec.EndsItsRun(call.Args) || len(run.Calls) >= c.server.limits.MaxRunCalls {
		c.submit()
	}
}

// layOut has the run say by which settings a call is laid out, if that has to be said.
func (c *Conn) layOut(call *command.Call) {
	if call.Spec.LaysOut && call.IsWrite() {
		c.request.Run.Layout = c.server.layout.Load()
	}
}

// ridingArguments is how many arguments a call has that count against maxRidingArguments: those of a read, also of one
// by RAFT.ONCE, which is executed while the entry is applied, and on all nodes.
func ridingArguments(call command.Call) int {
	switch spec := call.Spec; {
	case spec.Wraps > 0:
		inner, fault := commands.Find(call.Args[spec.Wraps:])
		if fault == command.NoFault && inner.Class == command.Read {
			return len(call.Args) - spec.Wraps - 1
		}
		return 0
	case call.IsWrite():
		return 0
	}
	return len(call.Args) - 1
}

// sendFirst keeps a call back until the replies before it are sent: its own may take long. It is then taken again, and
// a reply that is to be skipped is still its own.
func (c *Conn) sendFirst(call command.Call) {
	if c.replyMode == repliesSkipped {
		c.replyMode = repliesSkipNext
	}
	c.hold(call)
}

// hold keeps a call back until the run before it is answered.
func (c *Conn) hold(call command.Call) {
	if c.holding {
		panic("resp: two calls held at once")
	}
	c.held, c.holding = call, true
}
