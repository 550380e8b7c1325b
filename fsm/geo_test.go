package fsm

import "testing"

// TestPlacesAnswer: the figures are those of Redis's documentation and of a Redis 7.2.4.
func TestPlacesAnswer(t *testing.T) {
	const sicily = "geoadd Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania"
	const far = "geosearch Sicily fromlonlat 15 37 byradius 200 km asc"
	for line, want := range map[string][2]string{
		"geoadd Sicily ch 13.583333 37.316667 Agrigento 13.361389 38.115556 Palermo": {":1"},
		"geoadd Sicily xx 0 0 none":          {":0"},
		"geoadd Sicily 200 100 x":            {"-ERR invalid longitude,latitude pair 200.000000,100.000000"},
		"geoadd Sicily 0 inf x":              {"-ERR invalid longitude,latitude pair 0.000000,inf"},
		"geoadd Sicily nx xx 0 0 x":          {"-ERR syntax error"},
		"geoadd Sicily nx xx 0 0":            {"-ERR syntax error"},
		"geoadd Sicily x 0 a":                {"-ERR value is not a valid float"},
		"zscore Sicily Palermo":              {"$16 3479099956230698", ",3479099956230698"},
		"geodist Sicily Palermo Catania":     {"$11 166274.1516"},
		"geodist Sicily Palermo Catania km":  {"$8 166.2742"},
		"geodist Sicily Palermo Catania MI":  {"$8 103.3182"},
		"geodist Sicily Palermo Palermo":     {"$6 0.0000"},
		"geodist Sicily Palermo none":        {"$-1", "_"},
		"geodist Sicily Palermo Catania x":   {"-ERR unsupported unit provided. please use M, KM, FT, MI"},
		"geodist Sicily Palermo Catania m m": {"-ERR syntax error"},
		"geohash Sicily Palermo none Catania": {
			"*3 $11 sqc8b49rny0 $-1 $11 sqdtr74hyu0", "*3 $11 sqc8b49rny0 _ $11 sqdtr74hyu0",
		},
		"geohash Sicily": {"*0"},
		"geopos Sicily Palermo none": {
			"*2 *2 $20 13.36138933897018433 $20 38.11555639549629859 *-1", "*2 *2 ,13.36138933897018433 ,38.11555639549629859 _",
		},
		far:                       {"*2 $7 Catania $7 Palermo"},
		far + " withdist count 1": {"*1 *2 $7 Catania $7 56.4413"},
		"geosearch Sicily fromlonlat 15 37 bybox 400 400 km desc withhash": {
			"*2 *2 $7 Palermo :3479099956230698 *2 $7 Catania :3479447370796909",
		},
		"geosearch Sicily frommember none byradius 1 m": {"-ERR could not decode requested zset member"},
		"geosearch none frommember none byradius 1 m":   {"*0"},
		"GeoSearch Sicily frommember Palermo asc asc asc": {
			"-ERR exactly one of BYRADIUS and BYBOX can be specified for GeoSearch",
		},
		"geosearch Sicily byradius 1 m asc asc": {
			"-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearch",
		},
		"geosearch Sicily fromlonlat 15 37 byradius -1 m":        {"-ERR radius cannot be negative"},
		"geosearch Sicily fromlonlat 15 37 byradius x m":         {"-ERR need numeric radius"},
		"geosearch Sicily fromlonlat 15 37 bybox 1 -1 m":         {"-ERR height or width cannot be negative"},
		"geosearch Sicily fromlonlat 15 37 byradius 1 m any":     {"-ERR the ANY argument requires COUNT argument"},
		"geosearch Sicily fromlonlat 15 37 byradius 1 m count 0": {"-ERR COUNT must be > 0"},
		"georadius Sicily 15 37 200 km withcoord asc count 1": {
			"*1 *2 $7 Catania *2 $20 15.08726745843887329 $20 37.50266842333162032",
			"*1 *2 $7 Catania *2 ,15.08726745843887329 ,37.50266842333162032",
		},
		"georadius Sicily 15 37 200 km withdist store x": {
			"-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
		},
		"georadius_ro Sicily 15 37 200 km store x":                         {"-ERR syntax error"},
		"georadiusbymember Sicily Palermo 1 km store x":                    {":1"},
		"georadiusbymember_ro Sicily Palermo 1 km":                         {"*1 $7 Palermo"},
		"geosearchstore x Sicily fromlonlat 15 37 byradius 1 km storedist": {":0"},
		"geosearchstore x Sicily fromlonlat 15 37 byradius 1 km withdist": {
			"-ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
		},
	} {
		for protocol := 2; protocol <= 3; protocol++ {
			m := newMachine(t)
			do(m, words(sicily))
			wanted := want[0]
			if protocol == 3 && want[1] != "" {
				wanted = want[1]
			}
			if got := oneLine(doIn(m, protocol, words(line))); got != wanted {
				t.Errorf("RESP%d: %s answers %s, want %s", protocol, line, got, wanted)
			}
		}
	}
}

// TestStoredPlaces: by their scores, or by their distances in the unit of the search, in place of what was there.
func TestStoredPlaces(t *testing.T) {
	m := newMachine(t)
	script(m, "geoadd Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", "set x old")
	const search = " Sicily fromlonlat 15 37 byradius 200 km"
	const want = ":2 *4 $7 Catania $16 56.4412578701582 $7 Palermo $18 190.44242984775784 " +
		":1 *2 $7 Catania $16 3479447370796909"
	got := script(m, "geosearchstore x"+search+" storedist", "zrange x 0 -1 withscores",
		"georadius Sicily 15 37 200 km store y count 1", "zrange y 0 -1 withscores")
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := script(m, "geosearchstore x Sicily fromlonlat 0 0 byradius 1 m", "exists x"); got != ":0 :0" {
		t.Errorf("nothing found: %s", got)
	}
	checkHash(t, m)
}
