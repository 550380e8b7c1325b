package data

import "github.com/raftredis/raftredis/internal/command"

var geoCommands = []*command.Spec{
	GeoAdd, GeoDist, GeoHash, GeoPos, GeoRadius, GeoRadiusByMember, GeoRadiusByMemberRO, GeoRadiusRO, GeoSearch,
	GeoSearchStore,
}

// What the commands on places have in common.
const (
	geoUnit   = "unit=(m=m | km=km | ft=ft | mi=mi)"
	geoFound  = "[WITHCOORD] [WITHDIST] [WITHHASH] "
	geoCount  = "[count-block={COUNT <count:integer> [ANY]}]"
	geoOrder  = "[order=(ASC | DESC)]"
	geoStored = "[store=(STORE <storekey:key=key> | STOREDIST <storedistkey:key=key>)]"
	geoFrom   = "from=(FROMMEMBER <member> | FROMLONLAT fromlonlat={<longitude:double> <latitude:double>}) "
	geoWithin = "by=(circle={BYRADIUS <radius:double> " + geoUnit + "} | " +
		"box={BYBOX <width:double> <height:double> " + geoUnit + "}) "
)

// storesNoPlaces reports whether options, which begin at a position, have nothing stored. A member is none.
func storesNoPlaces(from int) func(args [][]byte) bool {
	return func(args [][]byte) bool { return !command.Contains(args, from, "store", "storedist") }
}

// The commands on places: sorted sets whose scores are positions.
var (
	GeoAdd = &command.Spec{
		Name: "geoadd",
		Usage: "<key:key> [condition=(NX | XX)] [change=CH] " +
			"data={<longitude:double> <latitude:double> <member>}...",
		Arity:      -5,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryGeo,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Group:      "geo",
		Since:      "3.2.0",
		Summary:    "Adds places to a sorted set, or moves them.",
		Complexity: "O(log N) for each place.",
	}
	GeoDist = &command.Spec{
		Name:       "geodist",
		Usage:      "<key:key> <member1> <member2> [" + geoUnit + "]",
		Arity:      -4,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryGeo,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "geo",
		Since:      "3.2.0",
		Summary:    "Tells the distance between two places.",
		Complexity: "O(1)",
	}
	GeoHash = &command.Spec{
		Name:       "geohash",
		Usage:      "<key:key> [<member>...]",
		Arity:      -2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryGeo,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "geo",
		Since:      "3.2.0",
		Summary:    "Answers with the positions of places as geohash texts.",
		Complexity: "O(1) for each place asked for.",
	}
	GeoPos = &command.Spec{
		Name:       "geopos",
		Usage:      "<key:key> [<member>...]",
		Arity:      -2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryGeo,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "geo",
		Since:      "3.2.0",
		Summary:    "Answers with the longitude and latitude of places.",
		Complexity: "O(1) for each place asked for.",
	}
	GeoRadius = &command.Spec{
		Name: "georadius",
		Usage: "<key:key> <longitude:double> <latitude:double> <radius:double> " + geoUnit + " " + geoFound +
			geoCount + " " + geoOrder + " " + geoStored,
		Arity:      -6,
		Class:      command.Write,
		Asks:       true,
		ReadsIf:    storesNoPlaces(6),
		Cost:       costOfPlaces,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryGeo,
		KeySpecs: []command.KeySpec{
			command.OneKey(1, command.Reads),
			command.KeyBehind("STORE", 6, command.Replaces),
			command.KeyBehind("STOREDIST", 6, command.Replaces),
		},
		Group:      "geo",
		Since:      "3.2.0",
		Summary:    "Finds the places within a distance of a position, and may store them.",
		Complexity: "O(N + M log M) for N places in the area of search and M within the distance.",
	}
	GeoRadiusByMember = &command.Spec{
		Name: "georadiusbymember",
		Usage: "<key:key> <member> <radius:double> " + geoUnit + " " + geoFound + geoCount + " " + geoOrder + " " +
			geoStored,
		Arity:      -5,
		Class:      command.Write,
		Asks:       true,
		ReadsIf:    storesNoPlaces(5),
		Cost:       costOfPlaces,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryGeo,
		KeySpecs: []command.KeySpec{
			command.OneKey(1, command.Reads),
			command.KeyBehind("STORE", 5, command.Replaces),
			command.KeyBehind("STOREDIST", 5, command.Replaces),
		},
		Group:      "geo",
		Since:      "3.2.0",
		Summary:    "Finds the places within a distance of a place, and may store them.",
		Complexity: "O(N + M log M) for N places in the area of search and M within the distance.",
	}
	GeoRadiusByMemberRO = &command.Spec{
		Name:       "georadiusbymember_ro",
		Usage:      "<key:key> <member> <radius:double> " + geoUnit + " " + geoFound + geoCount + " " + geoOrder,
		Arity:      -5,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryGeo,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "geo",
		Since:      "3.2.10",
		Summary:    "Finds the places within a distance of a place.",
		Complexity: "O(N + M log M) for N places in the area of search and M within the distance.",
	}
	GeoRadiusRO = &command.Spec{
		Name: "georadius_ro",
		Usage: "<key:key> <longitude:double> <latitude:double> <radius:double> " + geoUnit + " " + geoFound +
			geoCount + " " + geoOrder,
		Arity:      -6,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryGeo,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "geo",
		Since:      "3.2.10",
		Summary:    "Finds the places within a distance of a position.",
		Complexity: "O(N + M log M) for N places in the area of search and M within the distance.",
	}
	GeoSearch = &command.Spec{
		Name: "geosearch",
		Usage: "<key:key> " + geoFrom + geoWithin + geoOrder + " " + geoCount +
			" [WITHCOORD] [WITHDIST] [WITHHASH]",
		Arity:      -7,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryGeo,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "geo",
		Since:      "6.2.0",
		Summary:    "Finds the places within a circle or a box.",
		Complexity: "O(N + M log M) for N places in the area of search and M in the circle or box.",
	}
	GeoSearchStore = &command.Spec{
		Name:       "geosearchstore",
		Usage:      "<destination:key> <source:key> " + geoFrom + geoWithin + geoOrder + " " + geoCount + " [STOREDIST]",
		Arity:      -8,
		Class:      command.Write,
		Cost:       costOfMaking,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryGeo,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Replaces), command.OneKey(2, command.Reads)},
		Group:      "geo",
		Since:      "6.2.0",
		Summary:    "Stores the places within a circle or a box.",
		Complexity: "O(N + M log M) for N places in the area of search and M in the circle or box.",
	}
)
