package draw

// listMixture has the commands on lists that do not wait.
var listMixture = []Command{
	{"rpush", 25, func(x *Mix) []string { return append([]string{x.typed("l")}, x.elements()...) }},
	{"lpush", 25, func(x *Mix) []string { return append([]string{x.typed("l")}, x.elements()...) }},
	{"rpushx", 8, func(x *Mix) []string { return append([]string{x.typed("l")}, x.elements()...) }},
	{"lpushx", 8, func(x *Mix) []string { return append([]string{x.typed("l")}, x.elements()...) }},
	{"lpop", 10, drawListPop},
	{"rpop", 10, drawListPop},
	{"llen", 6, func(x *Mix) []string { return []string{x.typed("l")} }},
	{"lrange", 14, func(x *Mix) []string { return []string{x.typed("l"), x.position(), x.position()} }},
	{"lindex", 8, func(x *Mix) []string { return []string{x.typed("l"), x.position()} }},
	{"lset", 10, func(x *Mix) []string { return []string{x.typed("l"), x.position(), x.shortValue()} }},
	{"linsert", 12, func(x *Mix) []string {
		side := x.spelled(x.pick("before", "after", "before", "after", "nosuch"))
		return []string{x.typed("l"), side, x.member(), x.shortValue()}
	}},
	{"lrem", 10, func(x *Mix) []string { return []string{x.typed("l"), x.position(), x.member()} }},
	{"ltrim", 8, func(x *Mix) []string { return []string{x.typed("l"), x.position(), x.position()} }},
	{"lpos", 12, func(x *Mix) []string {
		return x.with([]string{x.typed("l"), x.member()}, 3, func() []string {
			return x.option(x.pick("rank", "count", "maxlen", "nosuch"), x.position())
		})
	}},
	{"rpoplpush", 10, func(x *Mix) []string { return []string{x.typed("l"), x.typed("l")} }},
	{"lmove", 12, func(x *Mix) []string { return []string{x.typed("l"), x.typed("l"), x.end(), x.end()} }},
	{"lmpop", 10, func(x *Mix) []string {
		args := append(x.numkeys(x.typedMany("l")), x.end())
		return x.with(args, 1, func() []string { return x.option("count", x.count()) })
	}},
}

func (x *Mix) end() string {
	return x.spelled(x.pick("left", "right", "left", "right", "left", "right", "nosuch"))
}

func drawListPop(x *Mix) []string {
	return x.with([]string{x.typed("l")}, 1, func() []string { return []string{x.count()} })
}

// elements are those of a list: now and then as many, or as long, as fill some nodes.
func (x *Mix) elements() (all []string) {
	switch x.IntN(24) {
	case 0:
		return x.crowd()
	case 1:
		return []string{Text(x.Rand), Text(x.Rand)}
	}
	for range 1 + x.IntN(4) {
		all = append(all, x.shortValue())
	}
	return all
}
