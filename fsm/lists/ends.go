package lists

import (
	"bytes"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts of Redis.
const (
	countNotPositive = "ERR value is out of range, must be positive"
	noKeys           = "ERR numkeys should be greater than 0"
	noCount          = "ERR count should be greater than 0"
)

func pushLeft(w *exec.Writer, c exec.Call) []byte            { return push(w, c, true, false) }
func pushRight(w *exec.Writer, c exec.Call) []byte           { return push(w, c, false, false) }
func pushLeftToExisting(w *exec.Writer, c exec.Call) []byte  { return push(w, c, true, true) }
func pushRightToExisting(w *exec.Writer, c exec.Call) []byte { return push(w, c, false, true) }

// push is LPUSH, RPUSH, LPUSHX and RPUSHX key element [element ...].
func push(w *exec.Writer, c exec.Call, left, existing bool) []byte {
	t, ok := find(w, c.Args[1])
	elements := c.Args[2:]
	switch {
	case !ok:
		return c.WrongType()
	case t.Value == nil && existing:
		return c.Integer(0)
	case tooLong(w, elements):
		return c.Error(reply.StringTooLong)
	}
	state, generation := w.Making()
	l := t.Value.Pushed(elements, left, state, generation)
	t.Put(l)
	return c.Integer(int64(l.Len()))
}

func popLeft(w *exec.Writer, c exec.Call) []byte  { return pop(w, c, true) }
func popRight(w *exec.Writer, c exec.Call) []byte { return pop(w, c, false) }

// pop is LPOP and RPOP key [count].
func pop(w *exec.Writer, c exec.Call, left bool) []byte {
	counted, count := len(c.Args) == 3, int64(1)
	switch {
	case len(c.Args) > 3 && left:
		return c.Error(reply.WrongArity("lpop"))
	case len(c.Args) > 3:
		return c.Error(reply.WrongArity("rpop"))
	case counted:
		var ok bool
		if count, ok = number.Parse(c.Args[2]); !ok || count < 0 {
			return c.Error(countNotPositive)
		}
	}
	t, ok := find(w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case t.Value == nil && counted:
		return c.NullArray()
	case t.Value == nil:
		return c.Null()
	case count == 0:
		return reply.ArrayHeader(c.Reply, 0)
	}
	taken := t.taking(left, count)
	if counted {
		c.Reply = answer(c, taken)
	} else {
		c.Reply = answerOne(c, taken)
	}
	t.drop(w, left, taken.count)
	return c.Reply
}

// taking are the elements that a pop of so many takes, in the order in which it takes them. The list has one.
func (t *target) taking(left bool, count int64) some {
	length := t.Value.Len()
	s := some{list: t.Value, count: int(min(count, int64(length)))}
	if !left {
		s.from, s.back = length-1, true
	}
	return s
}

// drop takes elements from one end.
func (t *target) drop(w *exec.Writer, left bool, count int) {
	state, generation := w.Making()
	t.Put(t.dropped(left, count, state, generation))
}

// dropped is the list without elements at one end.
func (t *target) dropped(left bool, count int, state digest.Sip, generation uint64) *value.List {
	if left {
		return t.Value.Dropped(count, 0, state, generation)
	}
	return t.Value.Dropped(0, count, state, generation)
}

// answer answers with an array of elements.
func answer(c exec.Call, s some) []byte {
	if !s.fit(c, 0) {
		return c.TooLong()
	}
	return s.array(c)
}

// answerOne answers with an element.
func answerOne(c exec.Call, s some) []byte {
	if !s.fit(c, 0) {
		return c.TooLong()
	}
	s.each(func(element []byte) { c.Reply = bulk(c, element) })
	return c.Reply
}

// side parses LEFT or RIGHT.
func side(arg []byte) (left, ok bool) {
	left = exec.Is(arg, "LEFT")
	return left, left || exec.Is(arg, "RIGHT")
}

// popFirstOf is LMPOP numkeys key [key ...] LEFT|RIGHT [COUNT count].
func popFirstOf(w *exec.Writer, c exec.Call) []byte {
	keys, left, count, refusal := parseManyPops(c.Args[1:])
	if refusal != "" {
		return c.Error(refusal)
	}
	for _, key := range keys {
		t, ok := find(w, key)
		switch {
		case !ok:
			return c.WrongType()
		case t.Value == nil:
			continue
		}
		taken := t.taking(left, count)
		if taken.fit(c, len(key)+exec.ValueOverheadBytes) {
			c.Reply = reply.Bulk(reply.ArrayHeader(c.Reply, 2), key)
			c.Reply = taken.array(c)
		} else {
			c.Reply = c.TooLong()
		}
		t.drop(w, left, taken.count)
		return c.Reply
	}
	return c.NullArray()
}

// parseManyPops reads what stands behind LMPOP.
func parseManyPops(args [][]byte) (keys [][]byte, left bool, count int64, refusal string) {
	n, ok := number.Parse(args[0])
	switch {
	case !ok || n < 1:
		return nil, false, 0, noKeys
	case n >= int64(len(args)-1):
		return nil, false, 0, reply.Syntax
	}
	keys, args = args[1:1+n], args[1+n:]
	if left, ok = side(args[0]); !ok {
		return nil, false, 0, reply.Syntax
	}
	switch options := args[1:]; {
	case len(options) == 0:
		return keys, left, 1, ""
	case len(options) == 1 || !exec.Is(options[0], "COUNT"):
		return nil, false, 0, reply.Syntax
	default:
		if count, ok = number.Parse(options[1]); !ok || count < 1 {
			return nil, false, 0, noCount
		}
		if len(options) > 2 {
			return nil, false, 0, reply.Syntax
		}
		return keys, left, count, ""
	}
}

// move is LMOVE source destination LEFT|RIGHT LEFT|RIGHT.
func move(w *exec.Writer, c exec.Call) []byte {
	from, ok := side(c.Args[3])
	to, alsoOK := side(c.Args[4])
	if !ok || !alsoOK {
		return c.Error(reply.Syntax)
	}
	return moveFrom(w, c, from, to)
}

// moveRightToLeft is RPOPLPUSH source destination.
func moveRightToLeft(w *exec.Writer, c exec.Call) []byte { return moveFrom(w, c, false, true) }

// moveFrom moves an element from the left or the right end of a list to an end of another, or of the same.
func moveFrom(w *exec.Writer, c exec.Call, fromLeft, toLeft bool) []byte {
	source, ok := find(w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case source.Value == nil:
		return c.Null()
	}
	destination, ok := find(w, c.Args[2])
	if !ok {
		return c.WrongType()
	}
	taken := source.taking(fromLeft, 1)
	var moved [][]byte
	taken.each(func(element []byte) { moved = append(moved, bytes.Clone(element)) })
	c.Reply = answerOne(c, taken)
	state, generation := w.Making()
	if string(source.Key) == string(destination.Key) {
		rest := source.dropped(fromLeft, 1, state, generation)
		source.Put(rest.Pushed(moved, toLeft, state, generation))
		return c.Reply
	}
	destination.Put(destination.Value.Pushed(moved, toLeft, state, generation))
	source.drop(w, fromLeft, 1)
	return c.Reply
}
