package geo

import (
	"math"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// add is GEOADD key [NX|XX] [CH] longitude latitude member [longitude latitude member …].
func add(w *exec.Writer, c exec.Call) []byte {
	var o exec.Adding
	places := c.Args[2:]
	for ; len(places) > 0; places = places[1:] {
		if word := places[0]; exec.Is(word, "NX") {
			o.NX = true
		} else if exec.Is(word, "XX") {
			o.XX = true
		} else if exec.Is(word, "CH") {
			o.CH = true
		} else {
			break
		}
	}
	if len(places) == 0 || len(places)%3 != 0 || o.NX && o.XX {
		return c.Error(reply.Syntax)
	}
	var few [8]float64
	scores := few[:0]
	for i := 0; i < len(places); i += 3 {
		p, refusal := parsePosition(places[i:])
		if refusal != "" {
			return c.Error(refusal)
		}
		scores = append(scores, scoreOf(p))
	}
	return w.AddScored(c, c.Args[1], o, scores, func(i int) []byte { return places[3*i+2] })
}

// parsePosition reads a longitude and a latitude. refusal is an error, empty if there is none.
func parsePosition(args [][]byte) (p position, refusal string) {
	longitude, ok := number.ParseFloat(args[0])
	latitude, alsoOK := number.ParseFloat(args[1])
	if p = (position{longitude, latitude}); !ok || !alsoOK {
		return p, reply.NotFloat
	}
	if !p.isValid() {
		return p, "ERR invalid longitude,latitude pair " + sixPlaces(longitude) + "," + sixPlaces(latitude)
	}
	return p, ""
}

// sixPlaces spells a number with six places behind the point, as C does.
func sixPlaces(n float64) string {
	if math.IsInf(n, 0) {
		return string(reply.AppendDouble(nil, n))
	}
	return strconv.FormatFloat(n, 'f', 6, 64)
}

// unitOf is how many meters a unit has.
func unitOf(name []byte) (meters float64, refusal string) {
	switch {
	case exec.Is(name, "M"):
		return 1, ""
	case exec.Is(name, "KM"):
		return 1000, ""
	case exec.Is(name, "FT"):
		return 0.3048, ""
	case exec.Is(name, "MI"):
		return 1609.34, ""
	}
	return 0, "ERR unsupported unit provided. please use M, KM, FT, MI"
}

// distanceOf is GEODIST key member1 member2 [unit].
func distanceOf(v exec.View, c exec.Call) []byte {
	unit := 1.0
	switch {
	case len(c.Args) > 5:
		return c.Error(reply.Syntax)
	case len(c.Args) == 5:
		var refusal string
		if unit, refusal = unitOf(c.Args[4]); refusal != "" {
			return c.Error(refusal)
		}
	}
	z, ok := exec.SortedSetOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case z == nil:
		return c.Null()
	}
	from, found := positionIn(z, c.Args[2])
	to, alsoFound := positionIn(z, c.Args[3])
	if !found || !alsoFound {
		return c.Null()
	}
	return appendDistance(c, float64(distance(from, to)/unit))
}

// appendDistance answers with a distance, with four places behind the point.
func appendDistance(c exec.Call, distance float64) []byte {
	const places, scale = 4, 10_000
	digits := strconv.FormatInt(signed(math.RoundToEven(float64(distance*scale))), 10)
	digits = strings.Repeat("0", max(places+1-len(digits), 0)) + digits
	point := len(digits) - places
	return c.BulkString(digits[:point] + "." + digits[point:])
}

// positionIn is the position of a member of a set, which may be nil.
func positionIn(z *value.SortedSet, member []byte) (p position, found bool) {
	if z == nil {
		return p, false
	}
	score, found := z.Score(member)
	return positionOf(score), found
}

// positions is GEOPOS key [member …].
func positions(v exec.View, c exec.Call) []byte {
	return eachMember(v, c, positionReplyBytes, exec.Call.NullArray, appendPosition)
}

// texts is GEOHASH key [member …].
func texts(v exec.View, c exec.Call) []byte {
	return eachMember(v, c, exec.ValueOverheadBytes, exec.Call.Null, func(c exec.Call, p position) []byte {
		return c.BulkString(p.text())
	})
}

// eachMember answers for each member asked for: by what is made of its position, or by absent.
func eachMember(
	v exec.View, c exec.Call, bytes int, absent func(exec.Call) []byte, present func(exec.Call, position) []byte,
) []byte {
	z, ok := exec.SortedSetOf(v.Get(c.Args[1]))
	members := c.Args[2:]
	switch {
	case !ok:
		return c.WrongType()
	case !c.Fits(len(members) * bytes):
		return c.TooLong()
	}
	c.Reply = reply.ArrayHeader(c.Reply, len(members))
	for _, member := range members {
		if p, found := positionIn(z, member); found {
			c.Reply = present(c, p)
		} else {
			c.Reply = absent(c)
		}
	}
	return c.Reply
}

// positionReplyBytes is more than a position has in a reply.
const positionReplyBytes = 4 * exec.ValueOverheadBytes

// appendPosition answers with a longitude and a latitude.
func appendPosition(c exec.Call, p position) []byte {
	c.Reply = reply.ArrayHeader(c.Reply, 2)
	for _, degrees := range [...]float64{p.longitude, p.latitude} {
		c.Reply = reply.DoubleText(c.Reply, c.Protocol, coordinate(degrees))
	}
	return c.Reply
}

// coordinate spells a number with up to 17 places behind the point.
func coordinate(degrees float64) string {
	const places = 17
	text := strconv.FormatFloat(degrees, 'f', places, 64)
	if text = strings.TrimSuffix(strings.TrimRight(text, "0"), "."); text == "-0" {
		return "0"
	}
	return text
}
