package draw

import "strconv"

// sortedSetMixture has the commands on sorted sets.
var sortedSetMixture = []Command{
	{"zadd", 40, func(x *Mix) []string { return x.scoresWithMembers(x.with([]string{x.typed("z")}, 2, x.addOption)) }},
	{"zincrby", 12, func(x *Mix) []string { return []string{x.typed("z"), x.score(), x.member()} }},
	{"zrem", 12, func(x *Mix) []string { return append([]string{x.typed("z")}, x.someMembers()...) }},
	{"zscore", 8, func(x *Mix) []string { return []string{x.typed("z"), x.member()} }},
	{"zmscore", 8, func(x *Mix) []string { return append([]string{x.typed("z")}, x.members(4)...) }},
	{"zcard", 6, func(x *Mix) []string { return []string{x.typed("z")} }},
	{"zcount", 8, func(x *Mix) []string { return []string{x.typed("z"), x.scoreBound(), x.scoreBound()} }},
	{"zlexcount", 8, func(x *Mix) []string { return []string{x.typed("z"), x.lexBound(), x.lexBound()} }},
	{"zrank", 8, drawRank},
	{"zrevrank", 8, drawRank},
	{"zrange", 20, func(x *Mix) []string { return x.anyRange(x.typed("z"), true) }},
	{"zrangestore", 12, func(x *Mix) []string {
		return append([]string{x.typed("z")}, x.anyRange(x.typed("z"), false)...)
	}},
	{"zrevrange", 8, func(x *Mix) []string {
		return x.with([]string{x.typed("z"), x.position(), x.position()}, 1, x.withScores)
	}},
	{"zrangebyscore", 10, drawScoreRange},
	{"zrevrangebyscore", 10, drawScoreRange},
	{"zrangebylex", 10, drawLexRange},
	{"zrevrangebylex", 10, drawLexRange},
	{"zremrangebyrank", 5, func(x *Mix) []string { return []string{x.typed("z"), x.position(), x.position()} }},
	{"zremrangebyscore", 5, func(x *Mix) []string { return []string{x.typed("z"), x.scoreBound(), x.scoreBound()} }},
	{"zremrangebylex", 5, func(x *Mix) []string { return []string{x.typed("z"), x.lexBound(), x.lexBound()} }},
	{"zpopmin", 6, drawPop},
	{"zpopmax", 6, drawPop},
	{"zmpop", 8, func(x *Mix) []string {
		args := append(x.numkeys(x.typedMany("z")), x.spelled(x.pick("min", "max", "min", "max", "nosuch")))
		return x.with(args, 1, func() []string { return x.option("count", x.count()) })
	}},
	{"zrandmember", 10, func(x *Mix) []string {
		return x.with([]string{x.typed("z")}, 1, func() []string { return x.with([]string{x.count()}, 1, x.withScores) })
	}},
	{"zunion", 8, func(x *Mix) []string { return x.combine("z", true) }},
	{"zinter", 8, func(x *Mix) []string { return x.combine("z", true) }},
	{"zdiff", 8, func(x *Mix) []string { return x.with(x.numkeys(x.unionKeys()), 1, x.withScores) }},
	{"zunionstore", 8, func(x *Mix) []string { return append([]string{x.typed("z")}, x.combine("z", false)...) }},
	{"zinterstore", 8, func(x *Mix) []string { return append([]string{x.typed("z")}, x.combine("z", false)...) }},
	{"zdiffstore", 8, func(x *Mix) []string { return append([]string{x.typed("z")}, x.numkeys(x.unionKeys())...) }},
	{"zintercard", 8, func(x *Mix) []string {
		return x.with(x.numkeys(x.unionKeys()), 1, func() []string { return x.option("limit", x.count()) })
	}},
	{"zscan", 8, func(x *Mix) []string { return x.scanOf(x.typed("z")) }},
}

// score is a score, or nearly one.
func (x *Mix) score() string {
	switch x.IntN(10) {
	case 0:
		return x.pick("inf", "-inf", "+inf", "Infinity", "nan", "x", "", "1e400", "-1e400", "1e-400", "0x10", "-0", "1e3",
			" 1",
			"1.7976931348623157e308", "5e-324", "0.1", "9007199254740993", "3.0000000000000004", "1e21", "123456789012345680000")
	case 1:
		return strconv.FormatFloat(x.NormFloat64()*100, 'g', x.IntN(18), 64)
	}
	return strconv.Itoa(x.IntN(12) - 3)
}

// scoreBound is the end of a range of scores.
func (x *Mix) scoreBound() string {
	switch x.IntN(8) {
	case 0:
		return x.pick("-inf", "+inf", "(inf", "(-inf", "inf")
	case 1:
		return x.pick("(", "((1", "x", "", "nan", "[1")
	case 2, 3:
		return "(" + x.score()
	}
	return x.score()
}

// lexBound is the end of a range of members.
func (x *Mix) lexBound() string {
	switch x.IntN(6) {
	case 0:
		return "-"
	case 1:
		return "+"
	case 2:
		return x.pick("", "a", "[", "(", "--", "x1")
	}
	return x.pick("[", "(") + x.member()
}

func (x *Mix) addOption() []string {
	return x.option(x.pick("nx", "xx", "gt", "lt", "ch", "ch", "incr"))
}

func (x *Mix) scoresWithMembers(args []string) []string {
	for _, member := range x.someMembers() {
		args = append(args, x.score(), member)
	}
	return args
}

func (x *Mix) withScores() []string {
	return x.option(x.pick("withscores", "withscores", "withscores", "nosuch"))
}

func (x *Mix) limit() []string { return x.option("limit", x.position(), x.count()) }

func drawRank(x *Mix) []string {
	args := []string{x.typed("z"), x.member()}
	if x.IntN(8) == 0 {
		args = append(args, x.option(x.pick("withscore", "withscore", "withscores"))...)
	}
	return args
}

func drawPop(x *Mix) []string {
	return x.with([]string{x.typed("z")}, 1, func() []string { return []string{x.count()} })
}

func drawScoreRange(x *Mix) []string {
	return x.with([]string{x.typed("z"), x.scoreBound(), x.scoreBound()}, 2, func() []string {
		if x.IntN(2) == 0 {
			return x.limit()
		}
		return x.withScores()
	})
}

func drawLexRange(x *Mix) []string {
	return x.with([]string{x.typed("z"), x.lexBound(), x.lexBound()}, 1, x.limit)
}

// anyRange are the arguments of ZRANGE and ZRANGESTORE.
func (x *Mix) anyRange(key string, shows bool) (args []string) {
	switch x.IntN(3) {
	case 0:
		args = []string{key, x.position(), x.position()}
	case 1:
		args = append([]string{key, x.scoreBound(), x.scoreBound()}, x.spelled("byscore"))
	default:
		args = append([]string{key, x.lexBound(), x.lexBound()}, x.spelled("bylex"))
	}
	return x.with(args, 2, func() []string {
		switch x.IntN(6) {
		case 0, 1:
			return x.option("rev")
		case 2, 3:
			return x.limit()
		case 4:
			return x.option(x.pick("byscore", "bylex", "nosuch"))
		}
		if shows {
			return x.withScores()
		}
		return nil
	})
}

// unionKeys are keys of what ZUNION and its like take: sorted sets, and sets.
func (x *Mix) unionKeys() []string {
	keys := x.typedMany("z")
	if x.IntN(4) == 0 {
		keys = append(keys, x.typed("s"))
	}
	return keys
}

// combine are the arguments of ZUNION, ZINTER and their stores.
func (x *Mix) combine(_ string, shows bool) []string {
	keys := x.unionKeys()
	return x.with(x.numkeys(keys), 2, func() []string {
		switch x.IntN(5) {
		case 0, 1:
			args := x.option("weights")
			for range keys {
				args = append(args, x.pick("1", "2", "-1", "0", "0.5", "inf", "x"))
			}
			return args
		case 2, 3:
			return x.option("aggregate", x.spelled(x.pick("sum", "min", "max", "nosuch")))
		}
		if shows {
			return x.withScores()
		}
		return nil
	})
}
