// Package lists has the functions of the commands on lists: rows of strings that grow and shrink at both ends. Their
// storage is value.List. The forms that wait for an element are not among them.
package lists

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Functions are those of the commands on lists.
var Functions = []exec.Function{
	{Of: data.LIndex, Read: index},
	{Of: data.LInsert, Write: insert},
	{Of: data.LLen, Read: length},
	{Of: data.LMove, Write: move},
	{Of: data.LMPop, Write: popFirstOf},
	{Of: data.LPop, Write: popLeft},
	{Of: data.LPos, Read: position},
	{Of: data.LPush, Write: pushLeft},
	{Of: data.LPushX, Write: pushLeftToExisting},
	{Of: data.LRange, Read: span},
	{Of: data.LRem, Write: remove},
	{Of: data.LSet, Write: set},
	{Of: data.LTrim, Write: trim},
	{Of: data.RPop, Write: popRight},
	{Of: data.RPopLPush, Write: moveRightToLeft},
	{Of: data.RPush, Write: pushRight},
	{Of: data.RPushX, Write: pushRightToExisting},
}

// of gives the list of an entry, nil for no entry. ok is false if the value is of another kind.
func of(e *keyspace.Entry) (l *value.List, ok bool) { return exec.ValueOf[*value.List](e) }

// target is a key of a write, with the list that it has: nil if it is absent.
type target struct{ exec.Target[*value.List] }

// find looks for a key. ok is false if it has a value of another kind.
func find(w *exec.Writer, key []byte) (t target, ok bool) {
	t.Target, ok = exec.TargetOf[*value.List](w, key)
	return t, ok
}

// tooLong reports whether one of the elements is longer than a string may be.
func tooLong(w *exec.Writer, elements [][]byte) bool {
	for _, element := range elements {
		if len(element) > w.MaxValueBytes() {
			return true
		}
	}
	return false
}

// bulk answers with an element.
func bulk(c exec.Call, element []byte) []byte {
	if len(element) > value.MaxShortElementBytes {
		return c.BulkLasting(element)
	}
	return c.Bulk(element)
}

// some are elements of a list: so many from an index on, or from there back to the front.
type some struct {
	list        *value.List
	from, count int
	back        bool
}

// each visits the elements.
func (s some) each(visit func(element []byte)) {
	left := s.count
	each := func(element []byte) bool {
		visit(element)
		left--
		return left > 0
	}
	switch {
	case s.count <= 0:
	case s.back:
		s.list.EachBack(s.from, each)
	default:
		s.list.Each(s.from, each)
	}
}

// fit reports whether an answer with the elements fits, and some bytes besides. Mostly even one with all bytes of the
// list does: their number is known, so no element is looked at. The entry of a number may be 10 bytes shorter than its
// text, which the overhead covers.
func (s some) fit(c exec.Call, besides int) bool {
	bytes := besides
	if s.count > 0 && !c.IsKept() && c.Fits(bytes+s.list.Size()+s.count*exec.ValueOverheadBytes) {
		return true
	}
	s.each(func(element []byte) { bytes += len(element) + exec.ValueOverheadBytes })
	return c.Fits(bytes)
}

// array answers with an array of the elements, which fit.
func (s some) array(c exec.Call) []byte {
	replies := reply.ArrayHeader(c.Reply, max(s.count, 0))
	s.each(func(element []byte) {
		if len(element) <= value.MaxShortElementBytes {
			replies = reply.Bulk(replies, element)
			return
		}
		c.Reply = replies
		replies = c.BulkLasting(element)
	})
	return replies
}

// within gives where the part of a list from one index to another begins, and how many elements it has. Indexes count
// from the end if they are negative.
func within(first, last int64, length int) (from, count int) {
	n := int64(length)
	if first < 0 {
		first = max(first+n, 0)
	}
	if last < 0 {
		last += n
	}
	last = min(last, n-1)
	if first > last || first >= n {
		return 0, 0
	}
	return int(first), int(last - first + 1)
}

// indexes parses the two indexes of LRANGE and LTRIM.
func indexes(c exec.Call) (first, last int64, ok bool) {
	first, ok = number.Parse(c.Args[2])
	if !ok {
		return 0, 0, false
	}
	last, ok = number.Parse(c.Args[3])
	return first, last, ok
}

// place is the place of an index in a list, which counts from the end if it is negative. ok is false outside of it.
func place(index int64, length int) (at int, ok bool) {
	if index < 0 {
		index += int64(length)
	}
	return int(index), index >= 0 && index < int64(length)
}

// length is LLEN key.
func length(v exec.View, c exec.Call) []byte {
	l, ok := of(v.Get(c.Args[1]))
	if !ok {
		return c.WrongType()
	}
	return c.Integer(int64(l.Len()))
}

// index is LINDEX key index.
func index(v exec.View, c exec.Call) []byte {
	l, ok := of(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case l == nil:
		return c.Null()
	}
	n, ok := number.Parse(c.Args[2])
	if !ok {
		return c.Error(reply.NotInteger)
	}
	at, ok := place(n, l.Len())
	if !ok {
		return c.Null()
	}
	one := some{list: l, from: at, count: 1}
	if !one.fit(c, 0) {
		return c.TooLong()
	}
	one.each(func(element []byte) { c.Reply = bulk(c, element) })
	return c.Reply
}

// span is LRANGE key start stop.
func span(v exec.View, c exec.Call) []byte {
	first, last, ok := indexes(c)
	if !ok {
		return c.Error(reply.NotInteger)
	}
	l, ok := of(v.Get(c.Args[1]))
	if !ok {
		return c.WrongType()
	}
	part := some{list: l}
	part.from, part.count = within(first, last, l.Len())
	switch {
	case part.count > 0 && c.IsTooMany(part.count, l.Len(), l.Size()):
		return c.Reply
	case !part.fit(c, 0):
		return c.TooLong()
	}
	return part.array(c)
}
