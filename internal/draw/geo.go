package draw

import "strconv"

// geoMixture has the commands on positions.
var geoMixture = []Command{
	{"geoadd", 20, func(x *Mix) []string {
		args := x.with([]string{x.typed("g")}, 1, func() []string { return x.option(x.pick("nx", "xx", "ch")) })
		for range 1 + x.IntN(3) {
			args = append(args, x.longitude(), x.latitude(), x.place())
		}
		return args
	}},
	{"geopos", 8, func(x *Mix) []string { return []string{x.typed("g"), x.place(), x.place()} }},
	{"geohash", 8, func(x *Mix) []string { return []string{x.typed("g"), x.place(), x.place()} }},
	{"geodist", 8, func(x *Mix) []string {
		return x.with([]string{x.typed("g"), x.place(), x.place()}, 1, func() []string { return []string{x.unit()} })
	}},
	{"geosearch", 20, func(x *Mix) []string { return x.area([]string{x.typed("g")}, true) }},
	{"geosearchstore", 10, func(x *Mix) []string { return x.area([]string{x.typed("g"), x.typed("g")}, false) }},
	{"georadius", 8, func(x *Mix) []string {
		return x.radius([]string{x.typed("g"), x.longitude(), x.latitude(), x.distance(), x.unit()})
	}},
	{"georadius_ro", 8, func(x *Mix) []string {
		return x.radius([]string{x.typed("g"), x.longitude(), x.latitude(), x.distance(), x.unit()})
	}},
	{"georadiusbymember", 8, func(x *Mix) []string {
		return x.radius([]string{x.typed("g"), x.place(), x.distance(), x.unit()})
	}},
	{"georadiusbymember_ro", 8, func(x *Mix) []string {
		return x.radius([]string{x.typed("g"), x.place(), x.distance(), x.unit()})
	}},
}

func (x *Mix) place() string { return "p" + strconv.Itoa(x.IntN(8)) }

func (x *Mix) longitude() string { return x.degrees(180) }
func (x *Mix) latitude() string  { return x.degrees(85.05112878) }

func (x *Mix) degrees(limit float64) string {
	switch x.IntN(10) {
	case 0:
		return x.pick("0", "180", "-180", "85.05112878", "-85.05112878", "85.06", "181", "nan", "x", "inf")
	case 1:
		return strconv.FormatFloat((2*x.Float64()-1)*limit, 'f', x.IntN(16), 64)
	}
	return strconv.FormatFloat(10+x.Float64()*5, 'f', x.IntN(6), 64)
}

func (x *Mix) distance() string {
	return x.pick("0", "1", "10", "100", "300", "1000", "5000", "20000", "100000", "-1", "x", "nan")
}

func (x *Mix) unit() string { return x.spelled(x.pick("m", "km", "km", "km", "ft", "mi", "nosuch")) }

// sorted is an order: without one, the order of what is found is each server's own.
func (x *Mix) sorted() []string { return x.option(x.pick("asc", "desc")) }

func (x *Mix) geoOption() []string {
	switch x.IntN(6) {
	case 0, 1:
		return x.sorted()
	case 2:
		return x.option("withcoord")
	case 3:
		return x.option("withdist")
	case 4:
		return x.option("withhash")
	}
	return x.option(x.pick("nosuch", "any", "count"))
}

// area are the arguments of GEOSEARCH and its store.
func (x *Mix) area(args []string, shows bool) []string {
	if x.IntN(2) == 0 {
		args = append(args, x.option("frommember", x.place())...)
	} else {
		args = append(args, x.option("fromlonlat", x.longitude(), x.latitude())...)
	}
	if x.IntN(2) == 0 {
		args = append(args, x.option("byradius", x.distance(), x.unit())...)
	} else {
		args = append(args, x.option("bybox", x.distance(), x.distance(), x.unit())...)
	}
	if shows {
		args = x.with(args, 3, x.geoOption)
	} else {
		args = x.with(args, 1, func() []string { return x.option("storedist") })
	}
	return x.with(args, 1, x.someOf)
}

// someOf is a number of results, with their order: the first of them are then the same everywhere.
func (x *Mix) someOf() []string { return append(x.sorted(), x.option("count", x.count())...) }

func (x *Mix) radius(args []string) []string {
	return x.with(x.with(args, 3, x.geoOption), 1, x.someOf)
}
