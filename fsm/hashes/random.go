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
	}
	lot := lotOf(h, withValues)
	return lot.Draw(v, c, count)
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

// lotOf are the fields of a hash, each with its value if it is shown.
func lotOf(h *value.Hash, withValues bool) exec.Lot {
	show := func(c *exec.Call, field, v value.Item) bool {
		if !c.Fits(pairBytes(field, v, withValues)) {
			return false
		}
		if withValues {
			c.Reply = reply.PairHeader(c.Reply, c.Protocol)
		}
		if c.Reply = c.Item(field); withValues {
			c.Reply = c.Item(v)
		}
		return true
	}
	return exec.Lot{
		Length: h.Len(),
		Begin:  func(c exec.Call, count int) []byte { return beginPairs(c, count, withValues) },
		Show: func(c *exec.Call, number int) bool {
			field, v := h.At(number)
			return show(c, field, v)
		},
		All: func(c *exec.Call) (fits bool) {
			h.Each(func(field, v value.Item) bool {
				fits = show(c, field, v)
				return fits
			})
			return fits
		},
	}
}
