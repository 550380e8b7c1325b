package draw

// hashMixture has the commands on hashes.
var hashMixture = []Command{
	{"hset", 30, func(x *Mix) []string { return x.fieldsWithValues(x.typed("h")) }},
	{"hmset", 8, func(x *Mix) []string { return x.fieldsWithValues(x.typed("h")) }},
	{"hsetnx", 10, func(x *Mix) []string { return []string{x.typed("h"), x.member(), x.value()} }},
	{"hget", 12, func(x *Mix) []string { return []string{x.typed("h"), x.member()} }},
	{"hmget", 10, func(x *Mix) []string { return append([]string{x.typed("h")}, x.members(4)...) }},
	{"hgetall", 8, func(x *Mix) []string { return []string{x.typed("h")} }},
	{"hkeys", 6, func(x *Mix) []string { return []string{x.typed("h")} }},
	{"hvals", 6, func(x *Mix) []string { return []string{x.typed("h")} }},
	{"hlen", 6, func(x *Mix) []string { return []string{x.typed("h")} }},
	{"hexists", 6, func(x *Mix) []string { return []string{x.typed("h"), x.member()} }},
	{"hstrlen", 6, func(x *Mix) []string { return []string{x.typed("h"), x.member()} }},
	{"hdel", 12, func(x *Mix) []string { return append([]string{x.typed("h")}, x.someMembers()...) }},
	{"hincrby", 10, func(x *Mix) []string { return []string{x.typed("h"), x.member(), string(Number(x.Rand))} }},
	{"hincrbyfloat", 10, func(x *Mix) []string { return []string{x.typed("h"), x.member(), Decimal(x.Rand)} }},
	{"hrandfield", 10, func(x *Mix) []string {
		return x.with([]string{x.typed("h")}, 1, func() []string {
			return x.with([]string{x.count()}, 1, func() []string {
				return x.option(x.pick("withvalues", "withvalues", "nosuch"))
			})
		})
	}},
	{"hscan", 8, func(x *Mix) []string { return x.scanOf(x.typed("h")) }},
}

func (x *Mix) fieldsWithValues(key string) []string {
	args := []string{key}
	for _, field := range x.someMembers() {
		args = append(args, field, x.shortValue())
	}
	return args
}

// shortValue is a value of an element: mostly short.
func (x *Mix) shortValue() string {
	if x.IntN(6) == 0 {
		return x.value()
	}
	return x.member()
}
