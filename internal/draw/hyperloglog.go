package draw

import "strconv"

// hyperLogLogMixture has the commands on HyperLogLogs.
var hyperLogLogMixture = []Command{
	{"pfadd", 25, func(x *Mix) []string { return append([]string{x.typed("p")}, x.counted()...) }},
	{"pfcount", 12, func(x *Mix) []string { return x.typedMany("p") }},
	{"pfdebug", 10, func(x *Mix) []string {
		return []string{Pick(x.Rand, "decode encoding todense decode getreg nosuch"), x.typed("p")}
	}},
	{"pfmerge", 10, func(x *Mix) []string { return append([]string{x.typed("p")}, x.typedMany("p")...) }},
}

// counted are elements to count: none, some, or so many that the sparse form ends.
func (x *Mix) counted() (all []string) {
	switch x.IntN(12) {
	case 0:
		return nil
	case 1:
		from := x.IntN(5000)
		for i := range 500 {
			all = append(all, strconv.Itoa(from+i))
		}
		return all
	}
	return x.members(4)
}
