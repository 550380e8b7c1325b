package resp

import (
	"time"

	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/internal/stepwise"
	"github.com/raftredis/raftredis/resp/topology"
	"github.com/raftredis/raftredis/resp/wire"
)

// submit sends the run on its way. Where it goes is decided here, once, for the whole of it:
//
//	proxy (the usual way)            everything to the store, which brings it to the leader
//	moved, and another node leads    each call with a key is answered MOVED and never submitted; the rest to the store
//	RAFT.READ STALE                  a run in which nothing is (left) to write is answered from the present state; not
//	                                 on a node that was removed, whose state would be old for ever
//	READONLY, clients see a replica  as RAFT.READ STALE
//
// While a pause holds it, it goes nowhere: it is submitted again when that is over.
func (c *Conn) submit() {
	if c.putOff(c.replicates) {
		return
	}
	c.submittedAt = c.present()
	leader := topology.Leader{Known: true, Self: true}
	if c.server.redirect || c.mayReadOld() {
		leader = c.server.node.Leader()
	}
	switch {
	case c.request.Run.Head != nil:
		if c.moved() {
			return
		}
	case c.server.redirect && leader.Known && !leader.Self:
		c.redirect(leader)
	}
	switch {
	case c.bodyBytes > 0:
		c.write()
	case !c.asks():
		before := len(c.out)
		c.answerFixed()
		c.dropMuted(before)
	case c.contentWithOld(leader):
		c.request.Run.Protocol, c.request.Run.NoTouch = c.protocol(), c.facts().noTouch
		c.request.Stale, c.phase = true, viewing
	default:
		c.read()
	}
}

// mayReadOld reports whether the client has said that old state will do for its reads, here or on a replica.
func (c *Conn) mayReadOld() bool {
	f := c.facts()
	return f.stale || (f.readOnly && c.server.view.ReadOnlyLoosens())
}

// mayBeOld reports whether old state will do for a call. READONLY says so of commands that only read: a library sends
// SORT and GEORADIUS, which may store, to the master, as Redis wants it, and expects there what it has written.
func (c *Conn) mayBeOld(call *command.Call) bool {
	return c.mayReadOld() && !call.IsWrite() && (c.facts().stale || call.Spec == nil || call.Spec.Class != command.Write)
}

// contentWithOld reports whether the present state will do for the reads of a run: not that of a node which takes no
// part in its cluster, also if it did when the client asked for old state. One that has a leader takes part.
func (c *Conn) contentWithOld(leader topology.Leader) bool {
	fenced := leader.Refusal != "" && !leader.Known
	if !c.mayReadOld() || (leader.Self && !c.facts().stale) || leader.Removed || fenced {
		return false
	}
	calls := c.request.Run.Calls
	for i := range calls {
		if !c.mayBeOld(&calls[i]) {
			return false
		}
	}
	return true
}

// answerFixed answers a run of which nothing asks for the state.
func (c *Conn) answerFixed() {
	from := len(c.out)
	if c.request.Run.Head != nil {
		c.out = reply.ArrayHeader(c.out, len(c.request.Run.Calls))
	}
	for _, call := range c.request.Run.Calls {
		c.out = stepwise.Append(c.out, call.Fixed)
	}
	if c.request.Run.Head != nil {
		c.concludeTransaction(from)
		return
	}
	c.finish()
}

// redirect answers each call with a key by the way to the leader: it is definitely not done here. A connection that is
// content with old state reads on.
func (c *Conn) redirect(leader topology.Leader) {
	calls := c.request.Run.Calls
	for i := range calls {
		call := &calls[i]
		if call.Spec == nil || c.mayBeOld(call) {
			continue
		}
		first := call.Spec.FirstKey(call.Args)
		if first == 0 || first >= len(call.Args) {
			continue
		}
		if call.IsWrite() {
			c.bodyBytes -= argv.Size(call.Args)
		}
		slot := command.Slot(call.Args[first])
		c.watched.refused(calls[i : i+1])
		*call = c.refused(topology.Moved(slot, leader, c.server.endpoint()))
	}
}

// refuseRun answers calls that the store has not done, and ends the connection of a client that hears nothing else for
// long. Clients that keep to one node look for others when their connection ends, and many do so only then:
//
//  1. A node is removed, cut off from the majority, rolled back, or blank again after its disk was lost.
//  2. Its clients get errors, which their libraries hand to the program or answer by sending again to this node.
//  3. The others have a leader all the while.
//
// A node that was removed knows where its clients had better go, and says so by MOVED, since nothing was done.
func (c *Conn) refuseRun(calls []command.Call, outcome Outcome) {
	if outcome != NotDone {
		c.out = refuse(c.out, calls, outcomeTexts[outcome])
		return
	}
	if state := c.server.node.Standing().State; state == topology.Removed {
		c.sendAway(calls)
	} else {
		c.out = refuse(c.out, calls, c.server.notDoneText(state))
	}
	now := max(c.server.monotonic(), 1)
	if c.refusedSince == 0 {
		c.refusedSince = now
	}
	c.tired = time.Duration(now-c.refusedSince) >= c.server.limits.RefusalPeriod
}

// sendAway answers each call with the way to a member.
func (c *Conn) sendAway(calls []command.Call) {
	shown, _ := c.server.clusterMap()
	for i := range calls {
		slot, keyed := uint16(0), false
		if spec := calls[i].Spec; spec != nil && c.server.view != topology.NoView {
			if first := spec.FirstKey(calls[i].Args); first > 0 && first < len(calls[i].Args) {
				slot, keyed = command.Slot(calls[i].Args[first]), true
			}
		}
		text := c.server.notDoneText(topology.Removed)
		if member := shown.Alternative(slot); member != nil && keyed {
			to := topology.Leader{Host: member.Host, Port: member.Port, Hostname: member.Hostname}
			text = topology.Moved(slot, to, c.server.endpoint())
		} else if member != nil {
			text += "; a member is at " + address.Join(member.Host, member.Port)
		}
		c.out = refuse(c.out, calls[i:i+1], text)
	}
}

// asks reports whether any call needs the state.
func asks(calls []command.Call) bool {
	for i := range calls {
		if calls[i].Spec != nil {
			return true
		}
	}
	return false
}

// write submits a run with a write.
func (c *Conn) write() {
	r := &c.request
	if c.fillBytes > 0 {
		c.letFill()
	}
	c.begin()
	r.Run.Reply, r.Run.MaxReplyBytes = c.out, c.ridingReplyBytes()
	if c.body != nil {
		r.Body = headed(c.body, r.Run.Selection())
		r.Run.Submitted = r.Body
	} else {
		r.Body = r.Run.Body(make([]byte, 0, c.selectionBytes()+c.bodyBytes+c.fillBytes), argv.Append)
	}
	r.Run.Summarize(command.SummedBytes)
	c.server.store.Write(r)
}

// headBytes is how many bytes a body has in front of its writes, or may have: what comes may want a layout.
func (c *Conn) headBytes() int {
	if c.server.layout.Load() != nil || c.request.Run.Layout != nil {
		return command.MaxSelectionBytes
	}
	return c.selectionBytes()
}

// selectionBytes is how many bytes the body of the run has in front of its writes.
func (c *Conn) selectionBytes() int {
	if selection := c.request.Run.Selection(); selection != nil {
		return argv.Size(selection)
	}
	return 0
}

// What Selection makes has room in front of what the reader has put together.
var _ [wire.HeadBytes - command.MaxSelectionBytes]struct{}

// headed is the body of a request that the reader has put together: with a selection in front, if there is one.
func headed(encoded []byte, selection [][]byte) []byte {
	begin := wire.HeadBytes
	if selection != nil {
		begin -= argv.Size(selection)
		argv.Append(encoded[:begin], selection)
	}
	return encoded[begin:]
}

// read submits a run of reads, or the part of it that is not yet answered.
func (c *Conn) read() {
	c.begin()
	c.server.store.Read(&c.request)
}

// begin makes the request one that the store has.
func (c *Conn) begin() {
	c.request.Run.Protocol, c.request.Run.NoTouch, c.request.Stale = c.protocol(), c.facts().noTouch, false
	c.request.begin()
	c.phase, c.abandoned = submitted, false
}

// A read that keeps its answer in the value that it reads (Spec.Fills: PFCOUNT of one key) is a read as long as the
// answer is there, and a write where it is not. What it is shows only when it is executed:
//
//	beside writes                    it is one of them: the entry is made in any case
//	in a run of reads                the state machine ends the query where an answer is missing (Run.WantsFill). The
//	                                 call is submitted again as a write, with those behind it that may fill as well,
//	                                 and then what stands behind these is read again
//	in a transaction of reads        it is submitted again as a whole, with all such calls as writes
//	RAFT.READ STALE, READONLY        it counts, and keeps nothing, as on a replica of Redis
//	the write is not done, or that   it counts, and keeps nothing: a client that asked for a number gets it also where no
//	is not known                     disk can take a write
//
// A pause of writes holds it in any case, as Redis has it.

// maxFills is how many calls are submitted as writes at once; an entry has work for some more.
const maxFills = 32

// letFill makes writes of all calls of the run that may fill a cache.
func (c *Conn) letFill() {
	calls := c.request.Run.Calls
	c.fillBytes = 0
	for i := range calls {
		if calls[i].Filling = calls[i].Fills(); calls[i].Filling {
			c.fillBytes += argv.Size(calls[i].Args)
		}
	}
}

// fill submits what is next of a run of reads as writes.
func (c *Conn) fill() {
	run := &c.request.Run
	if run.WantsFill = false; run.Head != nil {
		c.bodyBytes = c.executing.bodyBytes
	} else {
		end := c.viewed + 1
		for end < len(run.Calls) && end < c.viewed+maxFills && run.Calls[end].Fills() {
			end++
		}
		c.whole, run.Calls = run.Calls, run.Calls[c.viewed:end]
	}
	if c.filling = true; !c.putOff(true) {
		c.write()
	}
}

// filled goes on behind calls that were done as writes, whose replies stand in the output from a position on.
func (c *Conn) filled(from int) {
	done := c.request.Run.Calls
	c.measure(done, c.out[from:])
	c.viewed += len(done)
	c.endFill()
	if c.viewed == len(c.request.Run.Calls) {
		c.finish()
	} else {
		c.read()
	}
}

// leaveUnfilled goes on with reads, where it is not known that they were done as writes.
func (c *Conn) leaveUnfilled() {
	c.endFill()
	c.unfilled, c.phase = true, viewing
}

// endFill makes the run one of reads again.
func (c *Conn) endFill() {
	run := &c.request.Run
	if c.whole != nil {
		run.Calls, c.whole = c.whole, nil
	}
	for i := range run.Calls {
		run.Calls[i].Filling = false
	}
	c.request.Body, c.filling, c.bodyBytes = nil, false, 0
	run.Submitted, run.Summed = nil, false
}
