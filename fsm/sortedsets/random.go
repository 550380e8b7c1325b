package sortedsets

import (
	"math"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/reply"
)

// pick is ZRANDMEMBER key [count [WITHSCORES]].
func pick(v exec.View, c exec.Call) []byte {
	if len(c.Args) == 2 {
		z, ok := exec.SortedSetOf(v.Get(c.Args[1]))
		switch {
		case !ok:
			return c.WrongType()
		case z == nil:
			return c.Null()
		}
		chance := v.Chance()
		z.Each(chance.Below(z.Len()), func(member []byte, _ float64) bool {
			c.Reply = reply.Bulk(c.Reply, member)
			return false
		})
		return c.Reply
	}
	count, withScores, refusal := parsePick(c.Args[2:])
	if refusal != "" {
		return c.Error(refusal)
	}
	z, ok := exec.SortedSetOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case z == nil || count == 0:
		return reply.ArrayHeader(c.Reply, 0)
	case c.IsTooMany(exec.Drawn(count, z.Len()), z.Len(), z.Size()):
		return c.Reply
	case count < 0:
		return pickAny(v, c, z, -count, withScores)
	}
	return pickDifferent(v, c, z, count, withScores)
}

// parsePick reads what follows the key.
func parsePick(args [][]byte) (count int64, withScores bool, refusal string) {
	count, refusal = exec.ParseDrawCount(args[0])
	switch withScores = len(args) == 2; {
	case refusal != "":
		return 0, false, refusal
	case len(args) > 2 || withScores && !exec.Is(args[1], "WITHSCORES"):
		return 0, false, reply.Syntax
	case withScores && (count < -math.MaxInt64/2 || count > math.MaxInt64/2):
		return 0, false, outOfRange
	}
	return count, withScores, ""
}

// pickAny answers with so many elements, each picked out of all.
func pickAny(v exec.View, c exec.Call, z *value.SortedSet, count int64, withScores bool) []byte {
	switch {
	case count > exec.MaxDrawn:
		return c.Error(exec.TooManyDrawn)
	case !c.Fits(int(count) * exec.MinValueBytes):
		return c.TooLong()
	}
	var all elements
	chance := v.Chance()
	for range count {
		z.Each(chance.Below(z.Len()), func(member []byte, score float64) bool {
			all.add(member, score)
			return false
		})
		if len(all.ends)%1024 == 0 && !c.Fits(all.replyBytes()) {
			return c.TooLong()
		}
	}
	if !c.Fits(all.replyBytes()) {
		return c.TooLong()
	}
	return answer(c, int(count), withScores, all.each)
}

// pickDifferent answers with so many elements, or with all if there are not as many, none of them twice.
func pickDifferent(v exec.View, c exec.Call, z *value.SortedSet, count int64, withScores bool) []byte {
	if count >= int64(z.Len()) {
		return answerRanks(c, z, 0, z.Len(), false, withScores)
	}
	if !c.Fits(int(count) * exec.MinValueBytes) {
		return c.TooLong()
	}
	chance := v.Chance()
	var all elements
	for _, rank := range chance.Different(z.Len(), int(count)) {
		z.Each(rank, func(member []byte, score float64) bool {
			all.add(member, score)
			return false
		})
	}
	if !c.Fits(all.replyBytes()) {
		return c.TooLong()
	}
	return answer(c, int(count), withScores, all.each)
}
