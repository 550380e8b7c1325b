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
	}
	lot := lotOf(z, withScores)
	return lot.Draw(v, c, count)
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

// lotOf are the elements of a sorted set, each with its score if it is shown.
func lotOf(z *value.SortedSet, withScores bool) exec.Lot {
	show := func(c *exec.Call, member []byte, score float64) bool {
		fits := c.Fits(len(member) + elementOverheadBytes)
		if fits {
			c.Reply = appendElement(c.Reply, c.Protocol, member, score, withScores)
		}
		return fits
	}
	return exec.Lot{
		Length: z.Len(),
		Begin:  func(c exec.Call, count int) []byte { return begin(c, count, withScores) },
		Show: func(c *exec.Call, rank int) (fits bool) {
			z.Each(rank, func(member []byte, score float64) bool {
				fits = show(c, member, score)
				return false
			})
			return fits
		},
		All: func(c *exec.Call) (fits bool) {
			z.Each(0, func(member []byte, score float64) bool {
				fits = show(c, member, score)
				return fits
			})
			return fits
		},
	}
}
