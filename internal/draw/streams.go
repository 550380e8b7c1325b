package draw

import "strconv"

// streamMixture has the commands on streams that do not wait. IDs are given, not taken from a clock: two servers then
// have the same.
var streamMixture = []Command{
	{"xadd", 40, func(x *Mix) []string {
		args := x.with([]string{x.typed("x")}, 1, func() []string { return x.option("nomkstream") })
		args = x.with(args, 1, x.trimming)
		args = append(args, x.nextID())
		for range 1 + x.IntN(3) {
			args = append(args, x.member(), x.shortValue())
		}
		return args
	}},
	{"xlen", 6, func(x *Mix) []string { return []string{x.typed("x")} }},
	{"xrange", 12, drawStreamRange},
	{"xrevrange", 12, drawStreamRange},
	{"xdel", 10, func(x *Mix) []string { return []string{x.typed("x"), x.entryID(), x.entryID()} }},
	{"xtrim", 6, func(x *Mix) []string { return append([]string{x.typed("x")}, x.trimming()...) }},
	{"xsetid", 3, func(x *Mix) []string {
		return x.with([]string{x.typed("x"), x.entryID()}, 1, func() []string {
			return append(x.option("entriesadded", x.count()), x.option("maxdeletedid", x.entryID())...)
		})
	}},
	{"xread", 10, func(x *Mix) []string {
		args := x.with(nil, 1, func() []string { return x.option("count", x.count()) })
		args = append(args, x.spelled("streams"), x.typed("x"), x.typed("x"))
		return append(args, x.entryID(), x.pick("0", "$", "0-0", x.entryID()))
	}},
	{"xgroup create", 12, func(x *Mix) []string {
		return x.with([]string{x.typed("x"), x.group(), x.pick("0", "$", "0", x.entryID())}, 2, func() []string {
			if x.IntN(2) == 0 {
				return x.option("mkstream")
			}
			return x.option("entriesread", x.count())
		})
	}},
	{"xgroup setid", 4, func(x *Mix) []string { return []string{x.typed("x"), x.group(), x.pick("0", "$", x.entryID())} }},
	{"xgroup destroy", 2, func(x *Mix) []string { return []string{x.typed("x"), x.group()} }},
	{"xgroup createconsumer", 4, func(x *Mix) []string { return []string{x.typed("x"), x.group(), x.consumer()} }},
	{"xgroup delconsumer", 3, func(x *Mix) []string { return []string{x.typed("x"), x.group(), x.consumer()} }},
	{"xreadgroup", 20, func(x *Mix) []string {
		args := x.with(x.option("group", x.group(), x.consumer()), 2, func() []string {
			if x.IntN(3) == 0 {
				return x.option("noack")
			}
			return x.option("count", x.count())
		})
		return append(args, x.spelled("streams"), x.typed("x"), x.pick(">", ">", "0", x.entryID()))
	}},
	{"xack", 10, func(x *Mix) []string { return []string{x.typed("x"), x.group(), x.entryID(), x.entryID()} }},
	{"xpending", 10, func(x *Mix) []string {
		return x.with([]string{x.typed("x"), x.group()}, 1, func() []string {
			return x.with([]string{x.pick("-", x.entryID()), x.pick("+", x.entryID()), x.count()}, 1, func() []string {
				return []string{x.consumer()}
			})
		})
	}},
	{"xclaim", 8, func(x *Mix) []string {
		return x.with([]string{x.typed("x"), x.group(), x.consumer(), "0", x.entryID(), x.entryID()}, 2, func() []string {
			switch x.IntN(5) {
			case 0:
				return x.option("justid")
			case 1:
				return x.option("force")
			case 2:
				return x.option("retrycount", x.count())
			case 3:
				return x.option("lastid", x.entryID())
			}
			return x.option("idle", "0")
		})
	}},
	{"xautoclaim", 8, func(x *Mix) []string {
		args := []string{x.typed("x"), x.group(), x.consumer(), "0", x.pick("0", "-", x.entryID())}
		return x.with(args, 2, func() []string {
			if x.IntN(3) == 0 {
				return x.option("justid")
			}
			return x.option("count", x.count())
		})
	}},
	{"xinfo stream", 4, func(x *Mix) []string {
		return x.with([]string{x.typed("x")}, 1, func() []string { return x.option("full") })
	}},
	{"xinfo groups", 6, func(x *Mix) []string { return []string{x.typed("x")} }},
	{"xinfo consumers", 4, func(x *Mix) []string { return []string{x.typed("x"), x.group()} }},
}

// nextID is an ID behind those before it, or one that may not be.
func (x *Mix) nextID() string {
	if x.IntN(10) == 0 {
		return x.entryID()
	}
	x.entries++
	millis := strconv.Itoa(x.entries)
	return x.pick(millis, millis+"-"+strconv.Itoa(x.IntN(3)), millis+"-*")
}

// entryID is the ID of an entry, mostly one of the last, or nearly an ID.
func (x *Mix) entryID() string {
	if x.IntN(10) == 0 {
		return x.pick("0", "0-0", "0-1", "-", "+", "(0", "x", "", "1-x", "18446744073709551615-18446744073709551615",
			"18446744073709551616", "5-18446744073709551615")
	}
	return strconv.Itoa(max(0, x.entries-x.IntN(30))) + x.pick("", "-0", "-1", "-2")
}

func (x *Mix) group() string    { return x.pick("g1", "g1", "g2", "") }
func (x *Mix) consumer() string { return x.pick("c1", "c2", "c3") }

// trimming is what XADD and XTRIM are told to keep.
func (x *Mix) trimming() (args []string) {
	number := x.count()
	if x.IntN(3) == 0 {
		args, number = x.option("minid"), x.entryID()
	} else {
		args = x.option("maxlen")
	}
	switch x.IntN(4) {
	case 0:
		args = append(args, "=")
	case 1:
		args = append(args, "~")
		return x.with(append(args, number), 1, func() []string { return x.option("limit", x.count()) })
	}
	return append(args, number)
}

func drawStreamRange(x *Mix) []string {
	bound := func(end string) string { return x.pick(end, end, x.entryID(), "("+x.entryID()) }
	args := []string{x.typed("x"), bound("-"), bound("+")}
	return x.with(args, 1, func() []string { return x.option("count", x.count()) })
}
