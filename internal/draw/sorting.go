package draw

// sortMixture has SORT.
var sortMixture = []Command{
	{"sort", 20, func(x *Mix) []string { return x.sortOptions(true) }},
	{"sort_ro", 12, func(x *Mix) []string { return x.sortOptions(false) }},
}

func (x *Mix) sortOptions(stores bool) []string {
	args := []string{x.typed(x.pick("l", "s", "z"))}
	// Where equal weights are compared as text, the order is each server's own.
	if x.IntN(4) == 0 {
		args = append(args, x.option("by", x.pick("m*", "{a}*", "h1->*", "*"))...)
		return x.with(args, 2, x.sortOption)
	}
	args = x.with(args, 3, func() []string {
		if x.IntN(2) == 0 {
			return x.option("alpha")
		}
		return x.sortOption()
	})
	if stores && x.IntN(3) == 0 {
		args = append(args, x.option("store", x.typed("l"))...)
	}
	return args
}

func (x *Mix) sortOption() []string {
	switch x.IntN(6) {
	case 0, 1:
		return x.option(x.pick("asc", "desc"))
	case 2, 3:
		return x.option("limit", x.position(), x.count())
	case 4:
		return x.option("get", x.pick("#", "m*", "h1->*", "*->m1"))
	}
	return x.option(x.pick("nosuch", "limit", "get"))
}
