package sortedsets

import (
	"math"
	"math/bits"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/number"
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
		chance := keyspace.Sequence(v.Random)
		z.Each(below(&chance, z.Len()), func(member []byte, _ float64) bool {
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
	case count < 0:
		return pickAny(v, c, z, -count, withScores)
	}
	return pickDifferent(v, c, z, count, withScores)
}

// parsePick reads what follows the key.
func parsePick(args [][]byte) (count int64, withScores bool, refusal string) {
	count, ok := number.Parse(args[0])
	switch withScores = len(args) == 2; {
	case !ok:
		return 0, false, reply.NotInteger
	case count == math.MinInt64:
		return 0, false, countOutOfRange
	case len(args) > 2 || withScores && !exec.Is(args[1], "WITHSCORES"):
		return 0, false, reply.Syntax
	case withScores && (count < -math.MaxInt64/2 || count > math.MaxInt64/2):
		return 0, false, outOfRange
	}
	return count, withScores, ""
}

const countOutOfRange = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"

// pickAny answers with so many elements, each picked out of all.
func pickAny(v exec.View, c exec.Call, z *value.SortedSet, count int64, withScores bool) []byte {
	// A reply has at least so many bytes for each.
	if count > math.MaxInt32 || !c.Fits(int(count)*minElementBytes) {
		return c.TooLong()
	}
	var all elements
	chance := keyspace.Sequence(v.Random)
	for range count {
		z.Each(below(&chance, z.Len()), func(member []byte, score float64) bool {
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

// minElementBytes is how long a member is in a reply at least.
const minElementBytes = len("$0\r\n\r\n")

// pickDifferent answers with so many elements, or with all if there are not as many, none of them twice.
//
// It draws ranks by Floyd's method: for the last count of all ranks, one after the other, it picks one of those up to
// there, or that rank itself where it has the other already.
func pickDifferent(v exec.View, c exec.Call, z *value.SortedSet, count int64, withScores bool) []byte {
	if count >= int64(z.Len()) {
		return answerRanks(c, z, 0, z.Len(), false, withScores)
	}
	if !c.Fits(int(count) * minElementBytes) {
		return c.TooLong()
	}
	chance, known := keyspace.Sequence(v.Random), make(map[int]struct{}, count)
	var all elements
	for last := z.Len() - int(count); last < z.Len(); last++ {
		rank := below(&chance, last+1)
		if _, twice := known[rank]; twice {
			rank = last
		}
		known[rank] = struct{}{}
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

// below is a number from 0 to n-1.
func below(chance *keyspace.Sequence, n int) int {
	high, _ := bits.Mul64(chance.Next(), uint64(n))
	return int(high)
}
