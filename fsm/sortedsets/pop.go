package sortedsets

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// popMin is ZPOPMIN key [count].
func popMin(w *exec.Writer, c exec.Call) []byte { return pop(w, c, false) }

// popMax is ZPOPMAX key [count].
func popMax(w *exec.Writer, c exec.Call) []byte { return pop(w, c, true) }

// pop is ZPOPMIN, or ZPOPMAX if it takes from the back. With a count it answers pairs, which nest in RESP3; without one
// a member and its score.
func pop(w *exec.Writer, c exec.Call, back bool) []byte {
	count, withCount := int64(1), len(c.Args) > 2
	if len(c.Args) > 3 {
		return c.Error(reply.Syntax)
	}
	if withCount {
		var ok bool
		if count, ok = number.Parse(c.Args[2]); !ok || count < 0 {
			return c.Error(mustBePositive)
		}
	}
	t, ok := exec.TargetOf[*value.SortedSet](w, c.Args[1])
	z := t.Value
	switch {
	case !ok:
		return c.WrongType()
	case z == nil || count == 0:
		return reply.ArrayHeader(c.Reply, 0)
	}
	begin, end := ends(z, count, back)
	switch {
	case withCount:
		c.Reply = answerRanks(c, z, begin, end, back, true)
	default:
		c.Reply = reply.ArrayHeader(c.Reply, 2)
		eachRank(z, begin, end, back, func(member []byte, score float64) {
			c.Reply = reply.Double(reply.Bulk(c.Reply, member), c.Protocol, score)
		})
	}
	takeRanks(w, &t, begin, end)
	return c.Reply
}

// ends gives the ranks of up to count elements at an end of a set: from begin on, before end.
func ends(z *value.SortedSet, count int64, back bool) (begin, end int) {
	number := int(min(count, int64(z.Len())))
	if back {
		return z.Len() - number, z.Len()
	}
	return 0, number
}

// takeRanks removes the elements from a rank on, before another one.
func takeRanks(w *exec.Writer, t *exec.Target[*value.SortedSet], begin, end int) {
	switch {
	case begin == end:
	case end-begin == t.Value.Len():
		w.Remove(t.Key)
	default:
		edit := t.Value.Edit(w.Making())
		edit.RemoveRanks(begin, end)
		t.Put(edit.Set())
	}
}

// popOfMany is ZMPOP numkeys key [key …] MIN|MAX [COUNT count].
func popOfMany(w *exec.Writer, c exec.Call) []byte {
	keys, rest, refusal := parseKeys(c.Args[1:], notEnoughKeys)
	switch {
	case refusal != "":
		return c.Error(refusal)
	case len(rest) == 0 || !exec.Is(rest[0], "MIN") && !exec.Is(rest[0], "MAX"):
		return c.Error(reply.Syntax)
	}
	back, count := exec.Is(rest[0], "MAX"), int64(1)
	if rest = rest[1:]; len(rest) > 0 {
		if len(rest) < 2 || !exec.Is(rest[0], "COUNT") {
			return c.Error(reply.Syntax)
		}
		var ok bool
		if count, ok = number.Parse(rest[1]); !ok || count < 1 {
			return c.Error(countNotPositive)
		}
		if len(rest) > 2 {
			return c.Error(reply.Syntax)
		}
	}
	for _, key := range keys {
		t, ok := exec.TargetOf[*value.SortedSet](w, key)
		z := t.Value
		switch {
		case !ok:
			return c.WrongType()
		case z == nil:
			continue
		}
		begin, end := ends(z, count, back)
		if fitsRanks(c, z, begin, end) {
			c.Reply = reply.ArrayHeader(reply.Bulk(reply.ArrayHeader(c.Reply, 2), key), end-begin)
			eachRank(z, begin, end, back, func(member []byte, score float64) {
				c.Reply = reply.Bulk(reply.ArrayHeader(c.Reply, 2), member)
				c.Reply = reply.Double(c.Reply, c.Protocol, score)
			})
		} else {
			c.Reply = c.TooLong()
		}
		takeRanks(w, &t, begin, end)
		return c.Reply
	}
	return c.NullArray()
}

// parseKeys reads a number of keys and the keys, and gives what follows. tooFew is the error for a number below 1, or
// for none.
func parseKeys(args [][]byte, tooFew string) (keys, rest [][]byte, refusal string) {
	count, ok := number.Parse(args[0])
	switch {
	case !ok || count < 1:
		return nil, nil, tooFew
	case count > int64(len(args)-1):
		return nil, nil, reply.Syntax
	}
	return args[1 : 1+count], args[1+count:], ""
}
