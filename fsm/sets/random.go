package sets

import (
	"slices"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

const notPositive = "ERR value is out of range, must be positive"

// pop is SPOP key [count]: it removes members that it draws. What it draws follows from the state and the place of the
// command in the log, so every node draws the same.
func pop(w *exec.Writer, c exec.Call) []byte {
	switch len(c.Args) {
	case 2:
		return popOne(w, c)
	case 3:
	default:
		return c.Error(reply.Syntax)
	}
	count, isNumber := number.Parse(c.Args[2])
	if !isNumber || count < 0 {
		return c.Error(notPositive)
	}
	s, ok := write(w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case s.Value == nil || count == 0:
		return reply.SetHeader(c.Reply, c.Protocol, 0)
	case count >= int64(s.Len()):
		return s.popAll(w, c)
	}
	return s.popDrawn(w, c, int(count))
}

func popOne(w *exec.Writer, c exec.Call) []byte {
	s, ok := write(w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case s.Value == nil:
		return c.Null()
	}
	chance := exec.ChanceOf(w.Chance())
	member := s.Value.At(chance.Below(s.Value.Len()))
	if c.Fits(exec.ListBytes(member.Len(), 1)) {
		c.Reply = c.Item(member)
	} else {
		c.Reply = c.TooLong()
	}
	s.RemoveItem(member)
	s.put()
	return c.Reply
}

// popAll answers with all members and removes the key.
func (s *written) popAll(w *exec.Writer, c exec.Call) []byte {
	if c.Fits(exec.ListBytes(s.Value.Size(), s.Value.Len())) {
		c.Reply = all(c, s.Value)
	} else {
		c.Reply = c.TooLong()
	}
	w.Remove(s.Key)
	return c.Reply
}

// keptShare is which part of a set is left, at most, where what is left is put into a new one: that is less work then
// than to remove the others one by one.
const keptShare = 4

// popDrawn answers with some members, and removes them.
func (s *written) popDrawn(w *exec.Writer, c exec.Call, count int) []byte {
	chance := exec.ChanceOf(w.Chance())
	drawn, before := chance.Different(s.Value.Len(), count), c
	c.Reply = reply.SetHeader(c.Reply, c.Protocol, count)
	for _, number := range drawn {
		member := s.Value.At(number)
		if !c.Fits(exec.ListBytes(member.Len(), 1)) {
			c.Reply = before.TooLong()
			break
		}
		c.Reply = c.Item(member)
	}
	slices.Sort(drawn)
	if s.Value.Len()-count <= s.Value.Len()/keptShare {
		s.putOthers(w, drawn)
	} else {
		s.removeDrawn(drawn)
		s.put()
	}
	return c.Reply
}

// removeDrawn removes the members with numbers in ascending order. It begins with the last: what is before it keeps its
// number, and what was before it in memory stays there.
func (s *written) removeDrawn(numbers []int) {
	for _, number := range slices.Backward(numbers) {
		s.RemoveItem(s.At(number))
	}
}

// putOthers puts a set of the members but those with numbers in ascending order, of which there are some.
func (s *written) putOthers(w *exec.Writer, numbers []int) {
	state, generation := w.Making()
	at := 0
	s.Put(s.Value.Kept(state, generation, func(value.Item) (kept bool) {
		if kept = len(numbers) == 0 || numbers[0] != at; !kept {
			numbers = numbers[1:]
		}
		at++
		return kept
	}))
}

// randMember is SRANDMEMBER key [count]: a member, up to count different ones, or if count is negative so many of which
// some may be the same.
func randMember(v exec.View, c exec.Call) []byte {
	switch len(c.Args) {
	case 2:
		return randOne(v, c)
	case 3:
	default:
		return c.Error(reply.Syntax)
	}
	count, refusal := exec.ParseDrawCount(c.Args[2])
	if refusal != "" {
		return c.Error(refusal)
	}
	s, ok := setOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case s == nil || count == 0:
		return reply.ArrayHeader(c.Reply, 0)
	case c.IsTooMany(exec.Drawn(count, s.Len()), s.Len(), s.Size()):
		return c.Reply
	}
	lot := lotOf(s)
	return lot.Draw(v, c, count)
}

func randOne(v exec.View, c exec.Call) []byte {
	s, ok := setOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case s == nil:
		return c.Null()
	}
	chance := v.Chance()
	member := s.At(chance.Below(s.Len()))
	if !c.Fits(exec.ListBytes(member.Len(), 1)) {
		return c.TooLong()
	}
	return c.Item(member)
}

// lotOf are the members of a set.
func lotOf(s *value.Set) exec.Lot {
	show := func(c *exec.Call, member value.Item) bool {
		fits := c.Fits(exec.ListBytes(member.Len(), 1))
		if fits {
			c.Reply = c.Item(member)
		}
		return fits
	}
	return exec.Lot{
		Length: s.Len(),
		Begin:  func(c exec.Call, count int) []byte { return reply.ArrayHeader(c.Reply, count) },
		Show:   func(c *exec.Call, number int) bool { return show(c, s.At(number)) },
		All: func(c *exec.Call) (fits bool) {
			s.Each(func(member value.Item) bool {
				fits = show(c, member)
				return fits
			})
			return fits
		},
	}
}
