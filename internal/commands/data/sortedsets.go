package data

import (
	"math"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
)

var sortedSetCommands = []*command.Spec{
	ZAdd, ZCard, ZCount, ZDiff, ZDiffStore, ZIncrBy, ZInter, ZInterCard, ZInterStore, ZLexCount, ZMPop, ZMScore,
	ZPopMax, ZPopMin, ZRandMember, ZRange, ZRangeByLex, ZRangeByScore, ZRangeStore, ZRank, ZRem, ZRemRangeByLex,
	ZRemRangeByRank, ZRemRangeByScore, ZRevRange, ZRevRangeByLex, ZRevRangeByScore, ZRevRank, ZScan, ZScore, ZUnion,
	ZUnionStore,
}

// The commands on sorted sets. Those that wait are not offered.
var (
	ZAdd = &command.Spec{
		Name: "zadd",
		Usage: "<key:key> [condition=(NX | XX)] [comparison=(GT | LT)] [change=CH] [increment=INCR] " +
			"data={<score:double> <member>}...",
		Arity:      -4,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Group:      "sorted_set",
		Since:      "1.2.0",
		Summary:    "Adds members to a sorted set, or changes their scores.",
		Complexity: "O(log N) for each member.",
	}
	ZCard = &command.Spec{
		Name:       "zcard",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.LooksAt)},
		Group:      "sorted_set",
		Since:      "1.2.0",
		Summary:    "Counts the members of a sorted set.",
		Complexity: "O(1)",
	}
	ZCount = &command.Spec{
		Name:       "zcount",
		Usage:      "<key:key> <min:double> <max:double>",
		Arity:      4,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "2.0.0",
		Summary:    "Counts the members with scores in a range.",
		Complexity: "O(log N)",
	}
	ZDiff = &command.Spec{
		Name:       "zdiff",
		Usage:      "<numkeys:integer> <key:key>... [WITHSCORES]",
		Arity:      -3,
		Class:      command.Read,
		Linear:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.CountedKeys(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "6.2.0",
		Summary:    "Answers with the members of the first set that no other set has.",
		Complexity: "O(L + K log K) for L members in all sets and K in the result.",
	}
	ZDiffStore = &command.Spec{
		Name:       "zdiffstore",
		Usage:      "<destination:key> <numkeys:integer> <key:key>...",
		Arity:      -4,
		Class:      command.Write,
		Cost:       costOfSubtracting,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Replaces), command.CountedKeys(2, command.Reads)},
		Group:      "sorted_set",
		Since:      "6.2.0",
		Summary:    "Stores the members of the first set that no other set has.",
		Complexity: "O(L + K log K) for L members in all sets and K in the result.",
	}
	ZIncrBy = &command.Spec{
		Name:       "zincrby",
		Usage:      "<key:key> <increment:integer> <member>",
		Arity:      4,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.ReadsAlso)},
		Group:      "sorted_set",
		Since:      "1.2.0",
		Summary:    "Adds to the score of a member.",
		Complexity: "O(log N)",
	}
	ZInter = &command.Spec{
		Name: "zinter",
		Usage: "<numkeys:integer> <key:key>... [WEIGHTS <weight:integer>...] " +
			"[AGGREGATE aggregate=(SUM | MIN | MAX)] [WITHSCORES]",
		Arity:      -3,
		Class:      command.Read,
		Linear:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.CountedKeys(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "6.2.0",
		Summary:    "Answers with the members that all sets have.",
		Complexity: "O(N M + K log K) for N members of the smallest of M sets and K in the result.",
	}
	ZInterCard = &command.Spec{
		Name:       "zintercard",
		Usage:      "<numkeys:integer> <key:key>... [LIMIT <limit:integer>]",
		Arity:      -3,
		Class:      command.Read,
		Linear:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.CountedKeys(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "7.0.0",
		Summary:    "Counts the members that all sets have.",
		Complexity: "O(N M) for N members of the smallest of M sets.",
	}
	ZInterStore = &command.Spec{
		Name: "zinterstore",
		Usage: "<destination:key> <numkeys:integer> <key:key>... [WEIGHTS <weight:integer>...] " +
			"[AGGREGATE aggregate=(SUM | MIN | MAX)]",
		Arity:      -4,
		Class:      command.Write,
		Cost:       costOfIntersecting,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Replaces), command.CountedKeys(2, command.Reads)},
		Group:      "sorted_set",
		Since:      "2.0.0",
		Summary:    "Stores the members that all sets have.",
		Complexity: "O(N M + K log K) for N members of the smallest of M sets and K in the result.",
	}
	ZLexCount = &command.Spec{
		Name:       "zlexcount",
		Usage:      "<key:key> <min> <max>",
		Arity:      4,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "2.8.9",
		Summary:    "Counts the members in a range of names.",
		Complexity: "O(log N)",
	}
	ZMPop = &command.Spec{
		Name:       "zmpop",
		Usage:      "<numkeys:integer> <key:key>... where=(MIN | MAX) [COUNT <count:integer>]",
		Arity:      -4,
		Class:      command.Write,
		Cost:       costOfPopOfMany,
		Flags:      command.FlagWrite,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.CountedKeys(1, command.Takes)},
		Group:      "sorted_set",
		Since:      "7.0.0",
		Summary:    "Removes the members with the lowest or highest scores from the first sorted set that has any.",
		Complexity: "O(K + M log N) for K keys and M removed members.",
	}
	ZMScore = &command.Spec{
		Name:       "zmscore",
		Usage:      "<key:key> <member>...",
		Arity:      -3,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "6.2.0",
		Summary:    "Answers with the scores of members.",
		Complexity: "O(N) in the members asked for.",
	}
	ZPopMax = &command.Spec{
		Name:       "zpopmax",
		Usage:      "<key:key> [<count:integer>]",
		Arity:      -2,
		Class:      command.Write,
		Cost:       costOfPop,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Takes)},
		Group:      "sorted_set",
		Since:      "5.0.0",
		Summary:    "Removes the members with the highest scores, and answers with them.",
		Complexity: "O(M log N) for M removed members.",
	}
	ZPopMin = &command.Spec{
		Name:       "zpopmin",
		Usage:      "<key:key> [<count:integer>]",
		Arity:      -2,
		Class:      command.Write,
		Cost:       costOfPop,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Takes)},
		Group:      "sorted_set",
		Since:      "5.0.0",
		Summary:    "Removes the members with the lowest scores, and answers with them.",
		Complexity: "O(M log N) for M removed members.",
	}
	ZRandMember = &command.Spec{
		Name:       "zrandmember",
		Usage:      "<key:key> [options={<count:integer> [WITHSCORES]}]",
		Arity:      -2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Tips:       []string{command.TipVaries},
		Group:      "sorted_set",
		Since:      "6.2.0",
		Summary:    "Answers with members picked at random.",
		Complexity: "O(N) in the members asked for.",
	}
	ZRange = &command.Spec{
		Name: "zrange",
		Usage: "<key:key> <start> <stop> [sortby=(BYSCORE | BYLEX)] [REV] " +
			"[LIMIT limit={<offset:integer> <count:integer>}] [WITHSCORES]",
		Arity:      -4,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "1.2.0",
		Summary:    "Answers with the members in a range of ranks, scores or names.",
		Complexity: "O(log N + M) for M members in the reply.",
	}
	ZRangeByLex = &command.Spec{
		Name:       "zrangebylex",
		Usage:      "<key:key> <min> <max> [LIMIT limit={<offset:integer> <count:integer>}]",
		Arity:      -4,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "2.8.9",
		Summary:    "Answers with the members in a range of names.",
		Complexity: "O(log N + M) for M members in the reply.",
	}
	ZRangeByScore = &command.Spec{
		Name: "zrangebyscore",
		Usage: "<key:key> <min:double> <max:double> [WITHSCORES] " +
			"[LIMIT limit={<offset:integer> <count:integer>}]",
		Arity:      -4,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "1.0.5",
		Summary:    "Answers with the members with scores in a range.",
		Complexity: "O(log N + M) for M members in the reply.",
	}
	ZRangeStore = &command.Spec{
		Name: "zrangestore",
		Usage: "<dst:key> <src:key> <min> <max> [sortby=(BYSCORE | BYLEX)] [REV] " +
			"[LIMIT limit={<offset:integer> <count:integer>}]",
		Arity:      -5,
		Class:      command.Write,
		Cost:       costOfRangeStore,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Replaces), command.OneKey(2, command.Reads)},
		Group:      "sorted_set",
		Since:      "6.2.0",
		Summary:    "Stores the members in a range of ranks, scores or names.",
		Complexity: "O(log N + M log M) for M stored members.",
	}
	ZRank = &command.Spec{
		Name:       "zrank",
		Usage:      "<key:key> <member> [WITHSCORE]",
		Arity:      -3,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "2.0.0",
		Summary:    "Tells how many members have lower scores than a member.",
		Complexity: "O(log N)",
	}
	ZRem = &command.Spec{
		Name:       "zrem",
		Usage:      "<key:key> <member>...",
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Loses)},
		Group:      "sorted_set",
		Since:      "1.2.0",
		Summary:    "Removes members from a sorted set.",
		Complexity: "O(M log N) for M removed members.",
	}
	ZRemRangeByLex = &command.Spec{
		Name:       "zremrangebylex",
		Usage:      "<key:key> <min> <max>",
		Arity:      4,
		Class:      command.Write,
		Cost:       costOfTaking,
		Flags:      command.FlagWrite,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Loses)},
		Group:      "sorted_set",
		Since:      "2.8.9",
		Summary:    "Removes the members in a range of names.",
		Complexity: "O(M log N) for M removed members.",
	}
	ZRemRangeByRank = &command.Spec{
		Name:       "zremrangebyrank",
		Usage:      "<key:key> <start:integer> <stop:integer>",
		Arity:      4,
		Class:      command.Write,
		Cost:       costOfTakingRanks,
		Flags:      command.FlagWrite,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Loses)},
		Group:      "sorted_set",
		Since:      "2.0.0",
		Summary:    "Removes the members in a range of ranks.",
		Complexity: "O(M log N) for M removed members.",
	}
	ZRemRangeByScore = &command.Spec{
		Name:       "zremrangebyscore",
		Usage:      "<key:key> <min:double> <max:double>",
		Arity:      4,
		Class:      command.Write,
		Cost:       costOfTaking,
		Flags:      command.FlagWrite,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Loses)},
		Group:      "sorted_set",
		Since:      "1.2.0",
		Summary:    "Removes the members with scores in a range.",
		Complexity: "O(M log N) for M removed members.",
	}
	ZRevRange = &command.Spec{
		Name:       "zrevrange",
		Usage:      "<key:key> <start:integer> <stop:integer> [WITHSCORES]",
		Arity:      -4,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "1.2.0",
		Summary:    "Answers with the members in a range of ranks, the highest score first.",
		Complexity: "O(log N + M) for M members in the reply.",
	}
	ZRevRangeByLex = &command.Spec{
		Name:       "zrevrangebylex",
		Usage:      "<key:key> <max> <min> [LIMIT limit={<offset:integer> <count:integer>}]",
		Arity:      -4,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "2.8.9",
		Summary:    "Answers with the members in a range of names, in reverse order.",
		Complexity: "O(log N + M) for M members in the reply.",
	}
	ZRevRangeByScore = &command.Spec{
		Name: "zrevrangebyscore",
		Usage: "<key:key> <max:double> <min:double> [WITHSCORES] " +
			"[LIMIT limit={<offset:integer> <count:integer>}]",
		Arity:      -4,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "2.2.0",
		Summary:    "Answers with the members with scores in a range, the highest first.",
		Complexity: "O(log N + M) for M members in the reply.",
	}
	ZRevRank = &command.Spec{
		Name:       "zrevrank",
		Usage:      "<key:key> <member> [WITHSCORE]",
		Arity:      -3,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "2.0.0",
		Summary:    "Tells how many members have higher scores than a member.",
		Complexity: "O(log N)",
	}
	ZScan = &command.Spec{
		Name:       "zscan",
		Usage:      "<key:key> <cursor:integer> [MATCH <pattern:pattern>] [COUNT <count:integer>]",
		Arity:      -3,
		Class:      command.Read,
		Globs:      3,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Tips:       []string{command.TipVaries},
		Group:      "sorted_set",
		Since:      "2.8.0",
		Summary:    "Walks through the members of a sorted set, some at a time.",
		Complexity: "O(1) for each call, O(N) for all members.",
	}
	ZScore = &command.Spec{
		Name:       "zscore",
		Usage:      "<key:key> <member>",
		Arity:      3,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "1.2.0",
		Summary:    "Answers with the score of a member.",
		Complexity: "O(1)",
	}
	ZUnion = &command.Spec{
		Name: "zunion",
		Usage: "<numkeys:integer> <key:key>... [WEIGHTS <weight:integer>...] " +
			"[AGGREGATE aggregate=(SUM | MIN | MAX)] [WITHSCORES]",
		Arity:      -3,
		Class:      command.Read,
		Linear:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.CountedKeys(1, command.Reads)},
		Group:      "sorted_set",
		Since:      "6.2.0",
		Summary:    "Answers with the members that any set has.",
		Complexity: "O(N + M log M) for N members in all sets and M in the result.",
	}
	ZUnionStore = &command.Spec{
		Name: "zunionstore",
		Usage: "<destination:key> <numkeys:integer> <key:key>... [WEIGHTS <weight:integer>...] " +
			"[AGGREGATE aggregate=(SUM | MIN | MAX)]",
		Arity:      -4,
		Class:      command.Write,
		Cost:       costOfMaking,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategorySortedSet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Replaces), command.CountedKeys(2, command.Reads)},
		Group:      "sorted_set",
		Since:      "2.0.0",
		Summary:    "Stores the members that any set has.",
		Complexity: "O(N + M log M) for N members in all sets and M in the result.",
	}
)

// elementWork is how much work it is to add an element to a large sorted set, or to take one away.
const elementWork = 1 << 10

// costOfMaking is the cost of a command that makes a sorted set of those at its keys but the first. What it makes
// counts as the heaviest of them. As their sum, a set to which itself and others are added again and again would double
// with each command of a run, and a transaction of some tens be refused, though the members are the same all the time.
func costOfMaking(s *command.Spec, args [][]byte, stored command.Stored) (e command.Estimate) {
	var few [8]int
	for i, at := range s.Keys(few[:0], args) {
		if i > 0 {
			weight := stored.Weigh(args[at])
			e.Work += makingWork * weight
			e.Made = max(e.Made, weight)
		}
	}
	return e
}

// costOfPlaces is the cost of a command that looks for places, and may store them at its last key.
func costOfPlaces(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	places := stored.Weigh(args[1])
	return command.Estimate{Work: makingWork * places, Made: places}
}

// makingWork is how much work it is to put each byte of a set into another one: elements have some tens of them.
const makingWork = 16

// costOfTaking is the cost of a command that takes a range of elements away: that may be all of them.
func costOfTaking(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	return command.Estimate{Work: makingWork * stored.Weigh(args[1])}
}

// costOfTakingRanks is the cost of ZREMRANGEBYRANK key start stop.
func costOfTakingRanks(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	return someElements(ranks(args[2], args[3]), stored.Weigh(args[1]))
}

// costOfRangeStore is the cost of ZRANGESTORE destination source start stop [BYSCORE|BYLEX] [REV] [LIMIT offset count]:
// of as many elements as the ranks or LIMIT say, where they say it.
func costOfRangeStore(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	all, count := stored.Weigh(args[2]), int64(math.MaxInt64)
	if !command.Contains(args, 5, "byscore", "bylex") {
		count = ranks(args[3], args[4])
	}
	for i := 5; i+2 < len(args); i++ {
		if n, ok := number.Parse(args[i+2]); ok && n >= 0 && command.Contains(args[i:i+1], 0, "limit") {
			count = n
		}
	}
	e := someElements(count, all)
	e.Made = min(all, e.Work)
	return e
}

// ranks is how many elements there are from one rank to another at most. One that counts from the end says nothing.
func ranks(start, stop []byte) int64 {
	first, ok := number.Parse(start)
	last, alsoOK := number.Parse(stop)
	switch {
	case !ok || !alsoOK || first < 0 || last < 0 || last == math.MaxInt64:
		return math.MaxInt64
	case last < first:
		return 0
	}
	return last - first + 1
}

// costOfPop is the cost of ZPOPMIN and ZPOPMAX.
func costOfPop(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	if len(args) < 3 {
		return command.Estimate{Work: elementWork}
	}
	return someOf(args[2], stored.Weigh(args[1]))
}

// costOfPopOfMany is the cost of ZMPOP.
func costOfPopOfMany(s *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	var few [8]int
	heaviest := 0
	for _, at := range s.Keys(few[:0], args) {
		heaviest = max(heaviest, stored.Weigh(args[at]))
	}
	return someOf(args[len(args)-1], heaviest)
}

// someOf is the cost of taking so many elements of a set.
func someOf(count []byte, weight int) command.Estimate {
	n, ok := number.Parse(count)
	if !ok || n < 1 {
		n = 1
	}
	return someElements(n, weight)
}

// someElements is the cost of taking so many elements of a set.
func someElements(count int64, weight int) command.Estimate {
	all := makingWork * weight
	if count > int64(all/elementWork) {
		return command.Estimate{Work: all + elementWork}
	}
	return command.Estimate{Work: int(count) * elementWork}
}
