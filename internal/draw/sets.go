package draw

// setMixture has the commands on sets.
var setMixture = []Command{
	{"sadd", 30, func(x *Mix) []string { return append([]string{x.typed("s")}, x.someMembers()...) }},
	{"srem", 14, func(x *Mix) []string { return append([]string{x.typed("s")}, x.someMembers()...) }},
	{"sismember", 8, func(x *Mix) []string { return []string{x.typed("s"), x.member()} }},
	{"smismember", 8, func(x *Mix) []string { return append([]string{x.typed("s")}, x.members(4)...) }},
	{"scard", 6, func(x *Mix) []string { return []string{x.typed("s")} }},
	{"smembers", 8, func(x *Mix) []string { return []string{x.typed("s")} }},
	{"smove", 12, func(x *Mix) []string { return []string{x.typed("s"), x.typed("s"), x.member()} }},
	{"sinter", 8, func(x *Mix) []string { return x.typedMany("s") }},
	{"sunion", 8, func(x *Mix) []string { return x.typedMany("s") }},
	{"sdiff", 8, func(x *Mix) []string { return x.typedMany("s") }},
	{"sinterstore", 8, func(x *Mix) []string { return append([]string{x.typed("s")}, x.typedMany("s")...) }},
	{"sunionstore", 8, func(x *Mix) []string { return append([]string{x.typed("s")}, x.typedMany("s")...) }},
	{"sdiffstore", 8, func(x *Mix) []string { return append([]string{x.typed("s")}, x.typedMany("s")...) }},
	{"sintercard", 10, func(x *Mix) []string {
		return x.with(x.numkeys(x.typedMany("s")), 1, func() []string { return x.option("limit", x.count()) })
	}},
	{"srandmember", 10, func(x *Mix) []string {
		return x.with([]string{x.typed("s")}, 1, func() []string { return []string{x.count()} })
	}},
	// What is popped is each server's choice, but for all or nothing.
	{"spop", 6, func(x *Mix) []string {
		return []string{x.typed("s"), x.pick("0", "-1", "x", "1.5", "100000", "100000")}
	}},
	{"sscan", 8, func(x *Mix) []string { return x.scanOf(x.typed("s")) }},
}
