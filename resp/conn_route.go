package resp

import (
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/resp/topology"
)

// submit sends the run on its way. Where it goes is decided here, once, for the whole of it:
//
//	proxy (the usual way)            everything to the store, which brings it to the leader
//	moved, and another node leads    each call with a key is answered MOVED and never submitted; the rest to the store
//	READONLY, this node leads not    a run in which nothing is (left) to write is answered from the present state; not
//	                                 on a node that was removed, whose state would be old for ever
//	RAFT.READ STALE                  as READONLY, whether this node leads or not
//
// While a pause holds it, it goes nowhere: it is submitted again when that is over.
func (c *Conn) submit() {
	if c.putOff(c.bodyBytes > 0) {
		return
	}
	c.submittedAt = c.present()
	leader := topology.Leader{Known: true, Self: true}
	if c.server.redirect || c.facts().readOnly || c.facts().stale {
		leader = c.server.node.Leader()
	}
	if c.server.redirect && leader.Known && !leader.Self {
		c.redirect(leader)
	}
	switch {
	case c.bodyBytes > 0:
		c.write()
	case !asks(c.request.Run.Calls):
		before := len(c.out)
		c.answerFixed()
		c.dropMuted(before)
	case c.contentWithOld(leader):
		c.request.Run.Protocol = c.protocol()
		c.request.Stale, c.phase = true, viewing
	default:
		c.read()
	}
}

// contentWithOld reports whether the present state will do for reads of the connection.
func (c *Conn) contentWithOld(leader topology.Leader) bool {
	return (c.facts().stale || (c.facts().readOnly && !leader.Self)) && !leader.Removed
}

// answerFixed answers a run of which nothing asks for the state.
func (c *Conn) answerFixed() {
	for _, call := range c.request.Run.Calls {
		c.out = append(c.out, call.Fixed...)
	}
	c.finish()
}

// redirect answers each call with a key by the way to the leader: it is definitely not done here. A connection that is
// content with old state reads on.
func (c *Conn) redirect(leader topology.Leader) {
	calls := c.request.Run.Calls
	for i := range calls {
		call := &calls[i]
		if call.Spec == nil || call.Spec.FirstKey() == 0 || ((c.facts().readOnly || c.facts().stale) && !call.IsWrite()) {
			continue
		}
		if call.IsWrite() {
			c.bodyBytes -= argv.Size(call.Args)
		}
		*call = c.refused(topology.Moved(command.Slot(call.Args[call.Spec.FirstKey()]), leader, c.server.endpoint()))
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
	c.begin()
	r.Run.Reply, r.Run.MaxReplyBytes = c.out, c.maxReplyBytes()
	if r.Body, r.Run.Submitted = c.body, c.body; c.body == nil {
		r.Body = r.Run.Body(make([]byte, 0, c.bodyBytes), argv.Append)
	}
	c.server.store.Write(r)
}

// read submits a run of reads, or the part of it that is not yet answered.
func (c *Conn) read() {
	c.begin()
	c.server.store.Read(&c.request)
}

// begin makes the request one that the store has.
func (c *Conn) begin() {
	c.request.Run.Protocol, c.request.Stale = c.protocol(), false
	c.request.begin()
	c.phase, c.abandoned = submitted, false
}
