package lists

import (
	"math"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// notFound is what LINSERT answers for an element that the list does not have.
const notFound = -1

// insert is LINSERT key BEFORE|AFTER pivot element.
func insert(w *exec.Writer, c exec.Call) []byte {
	behind := exec.Is(c.Args[2], "AFTER")
	if !behind && !exec.Is(c.Args[2], "BEFORE") {
		return c.Error(reply.Syntax)
	}
	t, ok := find(w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case t.Value == nil:
		return c.Integer(0)
	case tooLong(w, c.Args[4:]):
		return c.Error(reply.StringTooLong)
	}
	at := notFound
	t.Value.Find(c.Args[3], math.MaxInt, false, func(index int) bool {
		at = index
		return false
	})
	if at == notFound {
		return c.Integer(notFound)
	}
	if behind {
		at++
	}
	state, generation := w.Making()
	l := t.Value.Inserted(at, c.Args[4], state, generation)
	t.Put(l)
	return c.Integer(int64(l.Len()))
}

// set is LSET key index element.
func set(w *exec.Writer, c exec.Call) []byte {
	t, ok := find(w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case t.Value == nil:
		return c.Error(reply.NoSuchKey)
	}
	n, ok := number.Parse(c.Args[2])
	if !ok {
		return c.Error(reply.NotInteger)
	}
	at, ok := place(n, t.Value.Len())
	switch {
	case !ok:
		return c.Error(reply.IndexOutOfRange)
	case tooLong(w, c.Args[3:]):
		return c.Error(reply.StringTooLong)
	}
	state, generation := w.Making()
	t.Put(t.Value.Replaced(at, c.Args[3], state, generation))
	return c.OK()
}

// remove is LREM key count element: the first so many, or the last ones if the count is negative, or all if it is 0.
func remove(w *exec.Writer, c exec.Call) []byte {
	n, ok := number.Parse(c.Args[2])
	if !ok {
		return c.Error(reply.NotInteger)
	}
	t, ok := find(w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case t.Value == nil:
		return c.Integer(0)
	}
	limit := int(max(n, -n))
	if limit <= 0 { // -n is negative for the least number
		limit = math.MaxInt
	}
	state, generation := w.Making()
	l, removed := t.Value.Removed(c.Args[3], limit, n < 0, state, generation)
	if removed > 0 {
		t.Put(l)
	}
	return c.Integer(int64(removed))
}

// trim is LTRIM key start stop.
func trim(w *exec.Writer, c exec.Call) []byte {
	first, last, ok := indexes(c)
	if !ok {
		return c.Error(reply.NotInteger)
	}
	t, ok := find(w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case t.Value == nil:
		return c.OK()
	}
	length, left := t.Value.Len(), t.Value
	from, count := within(first, last, length)
	if count < length {
		state, generation := w.Making()
		left = t.Value.Dropped(from, length-from-count, state, generation)
	}
	t.Put(left) // also where nothing is dropped: who watches the key takes it for changed, as in Redis
	return c.OK()
}
