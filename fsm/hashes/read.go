package hashes

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/reply"
)

// find looks for the field of a call. there is false without the hash, too. ok is false if the value is of another
// kind.
func find(v exec.View, c exec.Call) (found value.Item, there, ok bool) {
	h, ok := hashOf(v.Get(c.Args[1]))
	if h == nil {
		return found, false, ok
	}
	found, there = h.Get(c.Args[2])
	return found, there, true
}

// get is HGET key field.
func get(v exec.View, c exec.Call) []byte {
	found, there, ok := find(v, c)
	switch {
	case !ok:
		return c.WrongType()
	case !there:
		return c.Null()
	case !c.Fits(exec.ListBytes(found.Len(), 1)):
		return c.TooLong()
	}
	return c.Item(found)
}

// exists is HEXISTS key field.
func exists(v exec.View, c exec.Call) []byte {
	_, there, ok := find(v, c)
	switch {
	case !ok:
		return c.WrongType()
	case there:
		return c.Integer(1)
	}
	return c.Integer(0)
}

// valueLength is HSTRLEN key field.
func valueLength(v exec.View, c exec.Call) []byte {
	found, there, ok := find(v, c)
	switch {
	case !ok:
		return c.WrongType()
	case !there:
		return c.Integer(0)
	}
	return c.Integer(int64(found.Len()))
}

// length is HLEN key.
func length(v exec.View, c exec.Call) []byte {
	h, ok := hashOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case h == nil:
		return c.Integer(0)
	}
	return c.Integer(int64(h.Len()))
}

// getSeveral is HMGET key field [field …]: a null for each field that there is not.
func getSeveral(v exec.View, c exec.Call) []byte {
	h, ok := hashOf(v.Get(c.Args[1]))
	if !ok {
		return c.WrongType()
	}
	fields, before, uncounted := c.Args[fieldsStart:], c, 0
	c.Reply = reply.ArrayHeader(c.Reply, len(fields))
	for _, field := range fields {
		var found value.Item
		there := false
		if h != nil {
			found, there = h.Get(field)
		}
		switch {
		case !there:
			c.Reply = c.Null()
		case !c.Fits(exec.ListBytes(found.Len(), 1)):
			return before.TooLong()
		case c.CopiesMore(&uncounted, found.Len()):
			return before.Reply
		default:
			c.Reply = c.Item(found)
		}
	}
	return c.Reply
}

// getAll is HGETALL key.
func getAll(v exec.View, c exec.Call) []byte {
	h, ok := hashOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case h == nil:
		return reply.MapHeader(c.Reply, c.Protocol, 0)
	case !c.Fits(exec.ListBytes(h.Size(), 2*h.Len())):
		return c.TooLong()
	}
	c.Reply = reply.MapHeader(c.Reply, c.Protocol, h.Len())
	h.Each(func(field, v value.Item) bool {
		c.Reply = c.Item(field)
		c.Reply = c.Item(v)
		return true
	})
	return c.Reply
}

// keys is HKEYS key.
func keys(v exec.View, c exec.Call) []byte {
	return eachOf(v, c, func(field, _ value.Item) value.Item { return field })
}

// values is HVALS key.
func values(v exec.View, c exec.Call) []byte {
	return eachOf(v, c, func(_, v value.Item) value.Item { return v })
}

// eachOf answers with what one picks of each field and its value.
func eachOf(v exec.View, c exec.Call, pick func(field, v value.Item) value.Item) []byte {
	h, ok := hashOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case h == nil:
		return reply.ArrayHeader(c.Reply, 0)
	}
	bytes := 0
	h.Each(func(field, v value.Item) bool {
		bytes += pick(field, v).Len()
		return true
	})
	if !c.Fits(exec.ListBytes(bytes, h.Len())) {
		return c.TooLong()
	}
	c.Reply = reply.ArrayHeader(c.Reply, h.Len())
	h.Each(func(field, v value.Item) bool {
		c.Reply = c.Item(pick(field, v))
		return true
	})
	return c.Reply
}

// scan is HSCAN key cursor [MATCH pattern] [COUNT count]. It shows a field that there is from the first call of a scan
// to the last exactly once, or more than once if the hash became small meanwhile.
func scan(v exec.View, c exec.Call) []byte {
	h, page, answer := exec.PageOf[*value.Hash](v, c)
	if h == nil {
		return answer
	}
	h.Scan(page.From, func(at value.Position, field, v value.Item) bool { return page.Show(at, field, v) })
	return page.Answer(c)
}
