package command

var geoCommands = []*Spec{
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

// The commands on places: sorted sets whose scores are positions.
var (
	GeoAdd = &Spec{
		Name: "geoadd",
		Usage: "<key:key> [condition=(NX | XX)] [change=CH] " +
			"data={<longitude:double> <latitude:double> <member>}...",
		Arity:      -5,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryGeo,
		KeySpecs:   []KeySpec{oneKey(1, changes)},
		Group:      "geo",
		Since:      "3.2.0",
		Summary:    "Adds places to a sorted set, or moves them.",
		Complexity: "O(log N) for each place.",
	}
	GeoDist = &Spec{
		Name:       "geodist",
		Usage:      "<key:key> <member1> <member2> [" + geoUnit + "]",
		Arity:      -4,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryGeo,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "geo",
		Since:      "3.2.0",
		Summary:    "Tells the distance between two places.",
		Complexity: "O(1)",
	}
	GeoHash = &Spec{
		Name:       "geohash",
		Usage:      "<key:key> [<member>...]",
		Arity:      -2,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryGeo,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "geo",
		Since:      "3.2.0",
		Summary:    "Answers with the positions of places as geohash texts.",
		Complexity: "O(1) for each place asked for.",
	}
	GeoPos = &Spec{
		Name:       "geopos",
		Usage:      "<key:key> [<member>...]",
		Arity:      -2,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryGeo,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "geo",
		Since:      "3.2.0",
		Summary:    "Answers with the longitude and latitude of places.",
		Complexity: "O(1) for each place asked for.",
	}
	GeoRadius = &Spec{
		Name: "georadius",
		Usage: "<key:key> <longitude:double> <latitude:double> <radius:double> " + geoUnit + " " + geoFound +
			geoCount + " " + geoOrder + " " + geoStored,
		Arity:      -6,
		Class:      Write,
		Cost:       costOfPlaces,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryGeo,
		KeySpecs:   []KeySpec{oneKey(1, reads), keyBehind("STORE", 6, replaces), keyBehind("STOREDIST", 6, replaces)},
		Group:      "geo",
		Since:      "3.2.0",
		Summary:    "Finds the places within a distance of a position, and may store them.",
		Complexity: "O(N + M log M) for N places in the area of search and M within the distance.",
	}
	GeoRadiusByMember = &Spec{
		Name: "georadiusbymember",
		Usage: "<key:key> <member> <radius:double> " + geoUnit + " " + geoFound + geoCount + " " + geoOrder + " " +
			geoStored,
		Arity:      -5,
		Class:      Write,
		Cost:       costOfPlaces,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryGeo,
		KeySpecs:   []KeySpec{oneKey(1, reads), keyBehind("STORE", 5, replaces), keyBehind("STOREDIST", 5, replaces)},
		Group:      "geo",
		Since:      "3.2.0",
		Summary:    "Finds the places within a distance of a place, and may store them.",
		Complexity: "O(N + M log M) for N places in the area of search and M within the distance.",
	}
	GeoRadiusByMemberRO = &Spec{
		Name:       "georadiusbymember_ro",
		Usage:      "<key:key> <member> <radius:double> " + geoUnit + " " + geoFound + geoCount + " " + geoOrder,
		Arity:      -5,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryGeo,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "geo",
		Since:      "3.2.10",
		Summary:    "Finds the places within a distance of a place.",
		Complexity: "O(N + M log M) for N places in the area of search and M within the distance.",
	}
	GeoRadiusRO = &Spec{
		Name: "georadius_ro",
		Usage: "<key:key> <longitude:double> <latitude:double> <radius:double> " + geoUnit + " " + geoFound +
			geoCount + " " + geoOrder,
		Arity:      -6,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryGeo,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "geo",
		Since:      "3.2.10",
		Summary:    "Finds the places within a distance of a position.",
		Complexity: "O(N + M log M) for N places in the area of search and M within the distance.",
	}
	GeoSearch = &Spec{
		Name: "geosearch",
		Usage: "<key:key> " + geoFrom + geoWithin + geoOrder + " " + geoCount +
			" [WITHCOORD] [WITHDIST] [WITHHASH]",
		Arity:      -7,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryGeo,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "geo",
		Since:      "6.2.0",
		Summary:    "Finds the places within a circle or a box.",
		Complexity: "O(N + M log M) for N places in the area of search and M in the circle or box.",
	}
	GeoSearchStore = &Spec{
		Name:       "geosearchstore",
		Usage:      "<destination:key> <source:key> " + geoFrom + geoWithin + geoOrder + " " + geoCount + " [STOREDIST]",
		Arity:      -8,
		Class:      Write,
		Cost:       costOfMaking,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryGeo,
		KeySpecs:   []KeySpec{oneKey(1, replaces), oneKey(2, reads)},
		Group:      "geo",
		Since:      "6.2.0",
		Summary:    "Stores the places within a circle or a box.",
		Complexity: "O(N + M log M) for N places in the area of search and M in the circle or box.",
	}
)
