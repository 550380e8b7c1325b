package sortedsets

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts, to the letter those of Redis.
const (
	bothConditions    = "ERR XX and NX options at the same time are not compatible"
	bothComparisons   = "ERR GT, LT, and/or NX options at the same time are not compatible"
	manyIncrements    = "ERR INCR option supports a single increment-element pair"
	mustBePositive    = "ERR value is out of range, must be positive"
	outOfRange        = "ERR value is out of range"
	countNotPositive  = "ERR count should be greater than 0"
	notEnoughKeys     = "ERR numkeys should be greater than 0"
	scoreBoundInvalid = "ERR min or max is not a float"
	nameBoundInvalid  = "ERR min or max not valid string range item"
)

// add is ZADD key [NX|XX] [GT|LT] [CH] [INCR] score member [score member …].
func add(w *exec.Writer, c exec.Call) []byte { return addTo(w, c, exec.Adding{}) }

// increment is ZINCRBY key increment member.
func increment(w *exec.Writer, c exec.Call) []byte { return addTo(w, c, exec.Adding{Increment: true}) }

func addTo(w *exec.Writer, c exec.Call, o exec.Adding) []byte {
	pairs := parseAdding(&o, c.Args[2:])
	switch {
	case len(pairs) == 0 || len(pairs)%2 != 0:
		return c.Error(reply.Syntax)
	case o.NX && o.XX:
		return c.Error(bothConditions)
	case o.NX && (o.GT || o.LT) || o.GT && o.LT:
		return c.Error(bothComparisons)
	case o.Increment && len(pairs) > 2:
		return c.Error(manyIncrements)
	}
	var few [8]float64
	scores := few[:0]
	for i := 0; i < len(pairs); i += 2 {
		score, ok := number.ParseFloat(pairs[i])
		if !ok {
			return c.Error(reply.NotFloat)
		}
		scores = append(scores, score)
	}
	return w.AddScored(c, c.Args[1], o, scores, func(i int) []byte { return pairs[2*i+1] })
}

// parseAdding reads the options of ZADD, and returns what follows.
func parseAdding(o *exec.Adding, args [][]byte) (rest [][]byte) {
	for ; len(args) > 0; args = args[1:] {
		switch word := args[0]; {
		case exec.Is(word, "NX"):
			o.NX = true
		case exec.Is(word, "XX"):
			o.XX = true
		case exec.Is(word, "GT"):
			o.GT = true
		case exec.Is(word, "LT"):
			o.LT = true
		case exec.Is(word, "CH"):
			o.CH = true
		case exec.Is(word, "INCR"):
			o.Increment = true
		default:
			return args
		}
	}
	return nil
}

// remove is ZREM key member [member …].
func remove(w *exec.Writer, c exec.Call) []byte {
	t, ok := exec.TargetOf[*value.SortedSet](w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case t.Value == nil:
		return c.Integer(0)
	}
	edit, removed := t.Value.Edit(w.Making()), int64(0)
	for _, member := range c.Args[2:] {
		if edit.Remove(member) {
			removed++
		}
	}
	if removed > 0 {
		t.Put(edit.Set())
	}
	return c.Integer(removed)
}

// card is ZCARD key.
func card(v exec.View, c exec.Call) []byte {
	z, ok := exec.SortedSetOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case z == nil:
		return c.Integer(0)
	}
	return c.Integer(int64(z.Len()))
}

// score is ZSCORE key member.
func score(v exec.View, c exec.Call) []byte {
	z, ok := exec.SortedSetOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case z == nil:
		return c.Null()
	}
	return appendScore(c, z, c.Args[2])
}

// appendScore answers with the score of a member, or with null.
func appendScore(c exec.Call, z *value.SortedSet, member []byte) []byte {
	score, found := z.Score(member)
	if !found {
		return c.Null()
	}
	return reply.Double(c.Reply, c.Protocol, score)
}

// scores is ZMSCORE key member [member …].
func scores(v exec.View, c exec.Call) []byte {
	z, ok := exec.SortedSetOf(v.Get(c.Args[1]))
	switch members := len(c.Args) - 2; {
	case !ok:
		return c.WrongType()
	case !c.Fits(members * exec.ValueOverheadBytes):
		return c.TooLong()
	default:
		c.Reply = reply.ArrayHeader(c.Reply, members)
	}
	for _, member := range c.Args[2:] {
		if z == nil {
			c.Reply = c.Null()
		} else {
			c.Reply = appendScore(c, z, member)
		}
	}
	return c.Reply
}

// rankOf is ZRANK key member [WITHSCORE], or ZREVRANK if it counts back.
func rankOf(back bool) exec.Read {
	return func(v exec.View, c exec.Call) []byte {
		withScore := len(c.Args) == 4
		switch {
		case len(c.Args) > 4:
			return c.Error(reply.WrongArity(nameOf(c)))
		case withScore && !exec.Is(c.Args[3], "WITHSCORE"):
			return c.Error(reply.Syntax)
		}
		z, ok := exec.SortedSetOf(v.Get(c.Args[1]))
		if !ok {
			return c.WrongType()
		}
		var rank int
		var score float64
		found := false
		if z != nil {
			rank, score, found = z.Rank(c.Args[2])
		}
		switch {
		case !found && withScore:
			return c.NullArray()
		case !found:
			return c.Null()
		case back:
			rank = z.Len() - 1 - rank
		}
		if !withScore {
			return c.Integer(int64(rank))
		}
		c.Reply = reply.Integer(reply.ArrayHeader(c.Reply, 2), int64(rank))
		return reply.Double(c.Reply, c.Protocol, score)
	}
}

// nameOf is the name of the command, as error texts have it.
func nameOf(c exec.Call) string {
	spec, _ := commands.Lookup(c.Args[0])
	return spec.Name
}

// scan is ZSCAN key cursor [MATCH pattern] [COUNT n].
func scan(v exec.View, c exec.Call) []byte {
	z, page, answer := exec.PageOf[*value.SortedSet](v, c)
	if z == nil {
		return answer
	}
	var found elements
	z.Scan(page.From, func(at value.Position, member []byte, score float64) bool {
		if !page.Takes(at) {
			return false
		}
		if page.Matches(string(member)) {
			found.add(member, score)
		}
		return true
	})
	if !c.Fits(found.replyBytes()) {
		return c.TooLong()
	}
	c.Reply = page.Begin(c, 2*len(found.scores))
	found.each(func(member []byte, score float64) {
		c.Reply = reply.Bulk(c.Reply, member)
		c.Reply = reply.Double(c.Reply, reply.RESP2, score)
	})
	return c.Reply
}
