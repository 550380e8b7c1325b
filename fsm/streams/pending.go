package streams

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// pendingOptions are those of XPENDING with a range.
type pendingOptions struct {
	minIdle, count int64
	from, upto     value.StreamID
	// consumer is nil for all.
	consumer []byte
}

// XPENDING has pendingAlone arguments without a range, and else between minPending and maxPending.
const pendingAlone, minPending, maxPending = 3, 6, 9

// parsePending reads what follows the group: [IDLE ms] start end count [consumer].
func parsePending(args [][]byte) (o pendingOptions, refusal string) {
	if len(args) < minPending || len(args) > maxPending {
		return o, reply.Syntax
	}
	rest := args[3:]
	var ok bool
	if exec.Is(rest[0], "IDLE") {
		if o.minIdle, ok = number.Parse(rest[1]); !ok {
			return o, reply.NotInteger
		}
		if len(rest) < 5 {
			return o, reply.Syntax
		}
		rest = rest[2:]
	}
	if o.count, ok = number.Parse(rest[2]); !ok {
		return o, reply.NotInteger
	}
	o.count = max(o.count, 0)
	if o.from, refusal = parseStart(rest[0]); refusal != "" {
		return o, refusal
	}
	if o.upto, refusal = parseEnd(rest[1]); refusal != "" {
		return o, refusal
	}
	if len(rest) > 3 {
		o.consumer = rest[3]
	}
	return o, ""
}

// pending is XPENDING key group [[IDLE ms] start end count [consumer]].
func pending(v exec.View, c exec.Call) []byte {
	var o pendingOptions
	if len(c.Args) != pendingAlone {
		var refusal string
		if o, refusal = parsePending(c.Args); refusal != "" {
			return c.Error(refusal)
		}
	}
	t, ok := streamOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case t == nil || t.Group(c.Args[2]) == nil:
		return c.Error(noGroup(c.Args[1], c.Args[2]))
	}
	g, alone := t.Group(c.Args[2]), len(c.Args) == pendingAlone
	looked := g.Consumers()
	switch {
	case alone:
	case o.minIdle != 0: // it passes over what is not as old
		looked = g.Pending()
	default:
		looked = int(min(o.count, int64(g.Pending())))
	}
	switch {
	case c.IsTooMany(looked, 1, 0):
		return c.Reply
	case alone:
		return pendingSummary(c, g)
	}
	return o.pendingRange(v, c, g)
}

// pendingSummary answers with how much is pending, the first and the last ID, and how much for each consumer.
func pendingSummary(c exec.Call, g *value.StreamGroup) []byte {
	consumers, bytes := 0, itemBytes
	g.EachConsumer(func(one *value.StreamConsumer) bool {
		if one.Pending() > 0 {
			consumers++
			bytes += itemBytes + len(one.Name())
		}
		return true
	})
	if !c.Fits(bytes) {
		return c.TooLong()
	}
	c.Reply = reply.Integer(reply.ArrayHeader(c.Reply, 4), int64(g.Pending()))
	if g.Pending() == 0 {
		c.Reply = c.Null()
		c.Reply = c.Null()
		return c.NullArray()
	}
	first, _ := pendingFrom(g, value.StreamID{})
	c.Reply = replyID(replyID(c.Reply, first.ID), g.LastPending())
	c.Reply = reply.ArrayHeader(c.Reply, consumers)
	g.EachConsumer(func(one *value.StreamConsumer) bool {
		if one.Pending() > 0 {
			c.Reply = bulkNumber(reply.BulkString(reply.ArrayHeader(c.Reply, 2), one.Name()), one.Pending())
		}
		return true
	})
	return c.Reply
}

// pendingRange answers with what is pending in a range of IDs: for whom, for how long, and how often delivered.
func (o *pendingOptions) pendingRange(v exec.View, c exec.Call, g *value.StreamGroup) []byte {
	var of *value.StreamConsumer
	if o.consumer != nil {
		if of = g.Consumer(o.consumer); of == nil {
			return reply.ArrayHeader(c.Reply, 0)
		}
	}
	var found []value.StreamPending
	bytes, fits := 0, c.Fits(0)
	if o.count > 0 {
		g.EachPending(o.from, of, func(p value.StreamPending) bool {
			if p.ID.Compare(o.upto) > 0 {
				return false
			}
			if o.minIdle != 0 && v.Now.Log-p.Time < o.minIdle {
				return true
			}
			found, bytes = append(found, p), bytes+itemBytes+len(p.Owner())
			fits = c.Fits(bytes)
			return fits && int64(len(found)) < o.count
		})
	}
	if !fits {
		return c.TooLong()
	}
	c.Reply = reply.ArrayHeader(c.Reply, len(found))
	for _, p := range found {
		c.Reply = reply.BulkString(replyID(reply.ArrayHeader(c.Reply, 4), p.ID), p.Owner())
		c.Reply = reply.Integer(c.Reply, max(v.Now.Log-p.Time, 0))
		c.Reply = reply.Integer(c.Reply, int64(p.Count))
	}
	return c.Reply
}
