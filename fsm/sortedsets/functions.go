// Package sortedsets has the functions of the commands on sorted sets.
package sortedsets

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/commands/data"
)

// Functions are those of all commands of the family.
var Functions = []exec.Function{
	{Of: data.ZAdd, Write: add},
	{Of: data.ZCard, Read: card},
	{Of: data.ZCount, Read: countScores},
	{Of: data.ZDiff, Read: combine(difference)},
	{Of: data.ZDiffStore, Write: combineInto(difference)},
	{Of: data.ZIncrBy, Write: increment},
	{Of: data.ZInter, Read: combine(intersection)},
	{Of: data.ZInterCard, Read: countCommon},
	{Of: data.ZInterStore, Write: combineInto(intersection)},
	{Of: data.ZLexCount, Read: countNames},
	{Of: data.ZMPop, Write: popOfMany},
	{Of: data.ZMScore, Read: scores},
	{Of: data.ZPopMax, Write: popMax},
	{Of: data.ZPopMin, Write: popMin},
	{Of: data.ZRandMember, Read: pick},
	{Of: data.ZRange, Read: rangeOf(anyRange)},
	{Of: data.ZRangeByLex, Read: rangeOf(spelling{kind: byName})},
	{Of: data.ZRangeByScore, Read: rangeOf(spelling{kind: byScore})},
	{Of: data.ZRangeStore, Write: storeRange},
	{Of: data.ZRank, Read: rankOf(false)},
	{Of: data.ZRem, Write: remove},
	{Of: data.ZRemRangeByLex, Write: removeRange(byName)},
	{Of: data.ZRemRangeByRank, Write: removeRange(byRank)},
	{Of: data.ZRemRangeByScore, Write: removeRange(byScore)},
	{Of: data.ZRevRange, Read: rangeOf(spelling{kind: byRank, back: true})},
	{Of: data.ZRevRangeByLex, Read: rangeOf(spelling{kind: byName, back: true})},
	{Of: data.ZRevRangeByScore, Read: rangeOf(spelling{kind: byScore, back: true})},
	{Of: data.ZRevRank, Read: rankOf(true)},
	{Of: data.ZScan, Read: scan},
	{Of: data.ZScore, Read: score},
	{Of: data.ZUnion, Read: combine(union)},
	{Of: data.ZUnionStore, Write: combineInto(union)},
}
