// Package sortedsets has the functions of the commands on sorted sets.
package sortedsets

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/command"
)

// Functions are those of all commands of the family.
var Functions = []exec.Function{
	{Of: command.ZAdd, Write: add},
	{Of: command.ZCard, Read: card},
	{Of: command.ZCount, Read: countScores},
	{Of: command.ZDiff, Read: combine(difference)},
	{Of: command.ZDiffStore, Write: combineInto(difference)},
	{Of: command.ZIncrBy, Write: increment},
	{Of: command.ZInter, Read: combine(intersection)},
	{Of: command.ZInterCard, Read: countCommon},
	{Of: command.ZInterStore, Write: combineInto(intersection)},
	{Of: command.ZLexCount, Read: countNames},
	{Of: command.ZMPop, Write: popOfMany},
	{Of: command.ZMScore, Read: scores},
	{Of: command.ZPopMax, Write: popMax},
	{Of: command.ZPopMin, Write: popMin},
	{Of: command.ZRandMember, Read: pick},
	{Of: command.ZRange, Read: rangeOf(anyRange)},
	{Of: command.ZRangeByLex, Read: rangeOf(spelling{kind: byName})},
	{Of: command.ZRangeByScore, Read: rangeOf(spelling{kind: byScore})},
	{Of: command.ZRangeStore, Write: storeRange},
	{Of: command.ZRank, Read: rankOf(false)},
	{Of: command.ZRem, Write: remove},
	{Of: command.ZRemRangeByLex, Write: removeRange(byName)},
	{Of: command.ZRemRangeByRank, Write: removeRange(byRank)},
	{Of: command.ZRemRangeByScore, Write: removeRange(byScore)},
	{Of: command.ZRevRange, Read: rangeOf(spelling{kind: byRank, back: true})},
	{Of: command.ZRevRangeByLex, Read: rangeOf(spelling{kind: byName, back: true})},
	{Of: command.ZRevRangeByScore, Read: rangeOf(spelling{kind: byScore, back: true})},
	{Of: command.ZRevRank, Read: rankOf(true)},
	{Of: command.ZScan, Read: scan},
	{Of: command.ZScore, Read: score},
	{Of: command.ZUnion, Read: combine(union)},
	{Of: command.ZUnionStore, Write: combineInto(union)},
}
