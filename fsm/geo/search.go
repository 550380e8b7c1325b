package geo

import (
	"cmp"
	"slices"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// form is how a command tells what to search.
type form uint8

const (
	// aroundPosition is GEORADIUS key longitude latitude radius unit.
	aroundPosition form = iota
	// aroundMember is GEORADIUSBYMEMBER key member radius unit.
	aroundMember
	// byOptions is GEOSEARCH key, with all else in options; intoKey is GEOSEARCHSTORE destination source.
	byOptions
	intoKey
)

// Error texts, to the letter those of Redis.
const (
	notAPlace        = "ERR could not decode requested zset member"
	radiusNotNumber  = "ERR need numeric radius"
	radiusNegative   = "ERR radius cannot be negative"
	widthNotNumber   = "ERR need numeric width"
	heightNotNumber  = "ERR need numeric height"
	boxNegative      = "ERR height or width cannot be negative"
	countNotPositive = "ERR COUNT must be > 0"
	anyWithoutCount  = "ERR the ANY argument requires COUNT argument"
	storesPlaces     = " is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
)

// request is what a call searches.
type request struct {
	form form
	// mayStore says that the call is of a command that stores.
	mayStore bool
	// places are those to search, nil for an absent key.
	places *value.SortedSet
	shape  shape
	// fromMember, fromPosition, byRadius and byBox say which options came.
	fromMember, fromPosition, byRadius, byBox bool

	withDistance, withHash, withPosition bool
	order                                order
	// count is the most places that are answered, 0 for all. any takes the first that are found.
	count int64
	any   bool
	// looked is how many places were looked at, maxLooked how many that may be, 0 for any number.
	looked, maxLooked int
	// destination is the key at which places are stored, nil for none; storesDistance makes their distances the scores.
	destination    []byte
	storesDistance bool
}

// order is that of the places in the reply.
type order int

const (
	anyOrder       order = 0
	nearestFirst   order = 1
	nearestLast    order = -1
	optionsInTotal       = 3
)

// search is a search of a command that only reads.
func search(f form) exec.Read {
	return func(v exec.View, c exec.Call) []byte {
		r := request{form: f}
		if refusal := r.parse(c.Args, v.Get); refusal != "" {
			return c.Error(refusal)
		}
		return r.answer(c)
	}
}

// searchOrStore is a search of a command that may store what it finds.
func searchOrStore(f form) exec.Write {
	return func(w *exec.Writer, c exec.Call) []byte {
		r := request{form: f, mayStore: true}
		get := func(key []byte) *keyspace.Entry { return c.Read(w.Get(key)) }
		if refusal := r.parse(c.Args, get); refusal != "" {
			return c.Error(refusal)
		}
		if r.destination == nil {
			return r.answer(c)
		}
		result := value.NewSortedSetBuilder(w.Making())
		for _, p := range r.find() {
			if r.storesDistance {
				result.Add(p.member, float64(p.meters/r.shape.unit))
			} else {
				result.Add(p.member, p.score)
			}
		}
		return w.StoreSortedSet(c, r.destination, result.Set())
	}
}

// parse reads a call. get looks up a key. refusal is an error, empty if there is none.
func (r *request) parse(args [][]byte, get func(key []byte) *keyspace.Entry) (refusal string) {
	name, key := args[0], args[1]
	if r.form == intoKey {
		r.destination, key, args = args[1], args[2], args[1:]
	}
	var ok bool
	if r.places, ok = exec.SortedSetOf(get(key)); !ok {
		return reply.WrongType
	}
	options := args[2:]
	switch r.form {
	case aroundPosition:
		if r.shape.center, refusal = parsePosition(args[2:]); refusal == "" {
			refusal = r.parseCircle(args[4:])
		}
		options = args[6:]
	case aroundMember:
		if options = args[5:]; r.places != nil {
			if refusal = r.parseMember(args[2]); refusal == "" {
				refusal = r.parseCircle(args[3:])
			}
		}
	}
	if refusal == "" {
		refusal = r.parseOptions(options)
	}
	if refusal == "" {
		refusal = r.contradiction(string(name))
	}
	return refusal
}

// contradiction is an error if the options do not fit together, empty if they do.
func (r *request) contradiction(name string) string {
	hasOptions := r.form == byOptions || r.form == intoKey
	switch {
	case r.destination != nil && (r.withDistance || r.withHash || r.withPosition) && r.form == intoKey:
		return "ERR GEOSEARCHSTORE" + storesPlaces
	case r.destination != nil && (r.withDistance || r.withHash || r.withPosition):
		return "ERR STORE option in GEORADIUS" + storesPlaces
	case hasOptions && !r.fromMember && !r.fromPosition:
		return "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + name
	case hasOptions && !r.byRadius && !r.byBox:
		return "ERR exactly one of BYRADIUS and BYBOX can be specified for " + name
	case r.any && r.count == 0:
		return anyWithoutCount
	}
	return ""
}

// parseMember takes the position of a member as the center.
func (r *request) parseMember(member []byte) (refusal string) {
	center, found := positionIn(r.places, member)
	if r.shape.center = center; !found {
		return notAPlace
	}
	return ""
}

// parseCircle reads a radius and its unit.
func (r *request) parseCircle(args [][]byte) (refusal string) {
	radius, ok := number.ParseFloat(args[0])
	switch {
	case !ok:
		return radiusNotNumber
	case radius < 0:
		return radiusNegative
	}
	r.shape.isBox, r.shape.radius = false, radius
	r.shape.unit, refusal = unitOf(args[1])
	return refusal
}

// parseBox reads a width, a height and their unit.
func (r *request) parseBox(args [][]byte) (refusal string) {
	width, ok := number.ParseFloat(args[0])
	if !ok {
		return widthNotNumber
	}
	height, ok := number.ParseFloat(args[1])
	switch {
	case !ok:
		return heightNotNumber
	case width < 0 || height < 0:
		return boxNegative
	}
	r.shape.isBox, r.shape.width, r.shape.height = true, width, height
	r.shape.unit, refusal = unitOf(args[2])
	return refusal
}

// parseOptions reads the options of all forms.
func (r *request) parseOptions(args [][]byte) (refusal string) {
	for len(args) > 0 && refusal == "" {
		taken := 1
		switch word := args[0]; {
		case exec.Is(word, "WITHDIST"):
			r.withDistance = true
		case exec.Is(word, "WITHHASH"):
			r.withHash = true
		case exec.Is(word, "WITHCOORD"):
			r.withPosition = true
		case exec.Is(word, "ANY"):
			r.any = true
		case exec.Is(word, "ASC"):
			r.order = nearestFirst
		case exec.Is(word, "DESC"):
			r.order = nearestLast
		case exec.Is(word, "COUNT") && len(args) > 1:
			var ok bool
			if r.count, ok = number.Parse(args[1]); !ok {
				refusal = reply.NotInteger
			} else if r.count <= 0 {
				refusal = countNotPositive
			}
			taken = 2
		case r.form == byOptions || r.form == intoKey:
			taken, refusal = r.parseSearch(args)
		default:
			taken, refusal = r.parseStore(args)
		}
		args = args[taken:]
	}
	return refusal
}

// parseStore reads an option that GEORADIUS has alone, and says how many words that takes.
func (r *request) parseStore(args [][]byte) (taken int, refusal string) {
	storesDistance := exec.Is(args[0], "STOREDIST")
	if !r.mayStore || len(args) == 1 || !storesDistance && !exec.Is(args[0], "STORE") {
		return 1, reply.Syntax
	}
	r.destination, r.storesDistance = args[1], storesDistance
	return 2, ""
}

// parseSearch reads an option that GEOSEARCH has alone, and says how many words that takes.
func (r *request) parseSearch(args [][]byte) (taken int, refusal string) {
	switch word := args[0]; {
	case exec.Is(word, "STOREDIST") && r.form == intoKey:
		r.storesDistance = true
		return 1, ""
	case exec.Is(word, "FROMMEMBER") && len(args) > 1 && !r.fromPosition:
		if r.fromMember = true; r.places != nil {
			refusal = r.parseMember(args[1])
		}
		return 2, refusal
	case exec.Is(word, "FROMLONLAT") && len(args) > 2 && !r.fromMember:
		r.fromPosition = true
		r.shape.center, refusal = parsePosition(args[1:])
		return 3, refusal
	case exec.Is(word, "BYRADIUS") && len(args) > 2 && !r.byBox:
		r.byRadius = true
		return 3, r.parseCircle(args[1:])
	case exec.Is(word, "BYBOX") && len(args) > 3 && !r.byRadius:
		r.byBox = true
		return 4, r.parseBox(args[1:])
	}
	return 1, reply.Syntax
}

// place is a place that was found.
type place struct {
	member []byte
	score  float64
	at     position
	meters float64
}

// placeWork is what it costs to look whether a place is within a shape.
const placeWork = 256

// work is how much work it is to find the places: those of all cells are looked at.
func (r *request) work() int {
	if r.places == nil {
		return 0
	}
	looked := 0
	for _, c := range r.shape.cells() {
		begin, end := r.placesIn(c)
		looked += end - begin
	}
	return looked * placeWork
}

// placesIn gives the ranks of the places in a cell: from begin on, before end.
func (r *request) placesIn(c cell) (begin, end int) {
	first, behind := c.scores()
	return r.places.WithScores(value.ScoreRange{Min: first, Max: behind, ExcludesMax: true})
}

// find finds the places, in the order and up to the number that is asked for. The members are those of the set.
func (r *request) find() (found []place) {
	if r.places == nil {
		return nil
	}
	for _, c := range r.shape.cells() {
		if r.any && int64(len(found)) >= r.count || r.isTooFar() {
			break
		}
		found = r.findIn(c, found)
	}
	order := r.order
	if r.count != 0 && order == anyOrder && !r.any {
		order = nearestFirst
	}
	if order != anyOrder {
		slices.SortStableFunc(found, func(a, b place) int { return int(order) * cmp.Compare(a.meters, b.meters) })
	}
	if r.count != 0 && int64(len(found)) > r.count {
		found = found[:r.count]
	}
	return found
}

// findIn adds the places in a cell to those found already.
func (r *request) findIn(c cell, found []place) []place {
	begin, end := r.placesIn(c)
	if begin == end {
		return found
	}
	left := end - begin
	r.places.Each(begin, func(member []byte, score float64) bool {
		at := positionOf(score)
		if meters, ok := r.shape.holds(at); ok {
			found = append(found, place{member, score, at, meters})
		}
		left--
		r.looked++
		return left > 0 && !(r.any && int64(len(found)) >= r.count) && !r.isTooFar()
	})
	return found
}

// isTooFar reports whether more places were looked at than may be.
func (r *request) isTooFar() bool { return r.maxLooked > 0 && r.looked > r.maxLooked }

// answer answers with the places: their members, or arrays of a member and what else is asked for.
func (r *request) answer(c exec.Call) []byte {
	switch {
	case !c.Weighs():
	case r.any: // how many it takes to find as many is not known before
		r.maxLooked = command.MaxPresentWork / placeWork
	case c.IsTooMuch(r.work()):
		return c.Reply
	}
	found := r.find()
	if r.maxLooked > 0 && c.IsTooMuch(r.looked*placeWork) {
		return c.Reply
	}
	bytes := 0
	for i := range found {
		bytes += len(found[i].member) + positionReplyBytes + optionsInTotal*exec.ValueOverheadBytes
	}
	if !c.Fits(bytes) {
		return c.TooLong()
	}
	values := 1
	for _, with := range [...]bool{r.withDistance, r.withHash, r.withPosition} {
		if with {
			values++
		}
	}
	c.Reply = reply.ArrayHeader(c.Reply, len(found))
	for i := range found {
		p := &found[i]
		if values > 1 {
			c.Reply = reply.ArrayHeader(c.Reply, values)
		}
		c.Reply = c.Bulk(p.member)
		if r.withDistance {
			c.Reply = appendDistance(c, float64(p.meters/r.shape.unit))
		}
		if r.withHash {
			c.Reply = c.Integer(signed(p.score))
		}
		if r.withPosition {
			c.Reply = appendPosition(c, p.at)
		}
	}
	return c.Reply
}
