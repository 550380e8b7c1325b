package hashes

import (
	"math"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/reply"
)

const outOfRange = "ERR value is out of range"

// randField is HRANDFIELD key [count [WITHVALUES]]: a field, up to count different ones, or if count is negative so
// many of which some may be the same.
func randField(v exec.View, c exec.Call) []byte {
	if len(c.Args) == 2 {
		return oneField(v, c)
	}
	count, refusal := exec.ParseDrawCount(c.Args[2])
	withValues := len(c.Args) == 4 && exec.Is(c.Args[3], "WITHVALUES")
	switch {
	case refusal != "":
		return c.Error(refusal)
	case len(c.Args) > 4 || len(c.Args) == 4 && !withValues:
		return c.Error(reply.Syntax)
	case withValues && (count < -math.MaxInt64/2 || count > math.MaxInt64/2):
		return c.Error(outOfRange)
	}
	h, ok := hashOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case h == nil || count == 0:
		return reply.ArrayHeader(c.Reply, 0)
	case c.IsTooMany(exec.Drawn(count, h.Len()), h.Len(), h.Size()):
		return c.Reply
	case count < 0:
		return drawAny(v, c, h, -count, withValues)
	}
	return drawDifferent(v, c, h, count, withValues)
}

func oneField(v exec.View, c exec.Call) []byte {
	h, ok := hashOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case h == nil:
		return c.Null()
	}
	chance := v.Chance()
	field, _ := h.At(chance.Below(h.Len()))
	if !c.Fits(exec.ListBytes(field.Len(), 1)) {
		return c.TooLong()
	}
	return c.Item(field)
}

// pairBytes is how long the reply with a field, and with its value if it is shown, is at most.
func pairBytes(field, v value.Item, withValues bool) int {
	if withValues {
		return exec.ListBytes(field.Len()+v.Len(), 3)
	}
	return exec.ListBytes(field.Len(), 1)
}

// beginPairs begins an array of fields. With values it is flat in RESP2, and has an array for each field in RESP3.
func beginPairs(c exec.Call, count int, withValues bool) []byte {
	if withValues {
		return reply.PairsHeader(c.Reply, c.Protocol, count)
	}
	return reply.ArrayHeader(c.Reply, count)
}

func pair(c exec.Call, field, v value.Item, withValues bool) []byte {
	if !withValues {
		return c.Item(field)
	}
	c.Reply = reply.PairHeader(c.Reply, c.Protocol)
	c.Reply = c.Item(field)
	return c.Item(v)
}

// drawAny answers with count fields, each drawn of all.
func drawAny(v exec.View, c exec.Call, h *value.Hash, count int64, withValues bool) []byte {
	before := c
	switch {
	case count > exec.MaxDrawn:
		return c.Error(exec.TooManyDrawn)
	case !c.Fits(int(count) * exec.MinValueBytes):
		return c.TooLong()
	}
	chance := v.Chance()
	c.Reply = beginPairs(c, int(count), withValues)
	for range count {
		field, v := h.At(chance.Below(h.Len()))
		if !c.Fits(pairBytes(field, v, withValues)) {
			return before.TooLong()
		}
		c.Reply = pair(c, field, v, withValues)
	}
	return c.Reply
}

// drawDifferent answers with count different fields, or with all if there are no more.
func drawDifferent(v exec.View, c exec.Call, h *value.Hash, count int64, withValues bool) []byte {
	before, fits := c, true
	show := func(field, v value.Item) bool {
		if fits = c.Fits(pairBytes(field, v, withValues)); fits {
			c.Reply = pair(c, field, v, withValues)
		}
		return fits
	}
	c.Reply = beginPairs(c, int(min(count, int64(h.Len()))), withValues)
	if count >= int64(h.Len()) {
		h.Each(show)
	} else {
		chance := v.Chance()
		for _, number := range chance.Different(h.Len(), int(count)) {
			if !show(h.At(number)) {
				break
			}
		}
	}
	if !fits {
		return before.TooLong()
	}
	return c.Reply
}
