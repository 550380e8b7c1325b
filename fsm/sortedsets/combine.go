package sortedsets

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

const (
	weightInvalid = "ERR weight value is not a float"
	limitNegative = "ERR LIMIT can't be negative"
)

// operation makes one set of several.
type operation uint8

const (
	union operation = iota
	intersection
	difference
)

// source is a set to combine: a sorted set, a set whose members all have the score 1, or neither for an absent key.
type source struct {
	sorted *value.SortedSet
	plain  *value.Set
	weight float64
}

func (s *source) len() int {
	switch {
	case s.sorted != nil:
		return s.sorted.Len()
	case s.plain != nil:
		return s.plain.Len()
	}
	return 0
}

// find is the score of a member.
func (s *source) find(member []byte) (score float64, found bool) {
	switch {
	case s.sorted != nil:
		return s.sorted.Score(member)
	case s.plain != nil:
		return 1, s.plain.Has(member)
	}
	return 0, false
}

// each visits all elements, until visit wants no more. member is valid during the visit.
func (s *source) each(visit func(member []byte, score float64) bool) {
	var text []byte
	switch {
	case s.sorted != nil:
		s.sorted.Each(0, visit)
	case s.plain != nil:
		s.plain.Each(func(member value.Item) bool {
			text = member.Append(text[:0])
			return visit(text, 1)
		})
	}
}

// element is a member with a score.
type element struct {
	member string
	score  float64
}

// combination is a call that combines sets.
type combination struct {
	operation operation
	// counts says that only the number of elements is asked for, up to limit if that is not 0. stores says that the
	// elements are stored, and not answered.
	counts, stores bool
	withScores     bool
	sources        []source
	// aggregate makes one score of two.
	aggregate func(a, b float64) float64
	limit     int64
}

// parse reads the number of keys, the keys, and what follows. get looks up a key. refusal is an error, empty if there
// is none.
func (o *combination) parse(name string, args [][]byte, get func(key []byte) *keyspace.Entry) (refusal string) {
	count, ok := number.Parse(args[0])
	switch {
	case !ok:
		return reply.NotInteger
	case count < 1:
		return "ERR at least 1 input key is needed for '" + name + "' command"
	}
	keys, options, refusal := parseKeys(args, "")
	if refusal != "" {
		return refusal
	}
	for _, key := range keys {
		from, ok := sourceOf(get(key))
		if !ok {
			return reply.WrongType
		}
		o.sources = append(o.sources, from)
	}
	o.aggregate = sum
	return o.parseOptions(options)
}

func sourceOf(e *keyspace.Entry) (s source, ok bool) {
	s.weight = 1
	if e == nil {
		return s, true
	}
	switch v := e.Apart().(type) {
	case *value.SortedSet:
		s.sorted = v
	case *value.Set:
		s.plain = v
	default:
		return s, false
	}
	return s, true
}

func (o *combination) parseOptions(args [][]byte) (refusal string) {
	weighs := o.operation != difference && !o.counts
	for ; len(args) > 0; args = args[1:] {
		switch word := args[0]; {
		case weighs && len(args) > len(o.sources) && exec.Is(word, "WEIGHTS"):
			for i := range o.sources {
				var ok bool
				if o.sources[i].weight, ok = number.ParseFloat(args[1+i]); !ok {
					return weightInvalid
				}
			}
			args = args[len(o.sources):]
		case weighs && len(args) > 1 && exec.Is(word, "AGGREGATE"):
			args = args[1:]
			if o.aggregate = aggregates(args[0]); o.aggregate == nil {
				return reply.Syntax
			}
		case !o.stores && !o.counts && exec.Is(word, "WITHSCORES"):
			o.withScores = true
		case o.counts && len(args) > 1 && exec.Is(word, "LIMIT"):
			var ok bool
			if o.limit, ok = number.Parse(args[1]); !ok || o.limit < 0 {
				return limitNegative
			}
			args = args[1:]
		default:
			return reply.Syntax
		}
	}
	return ""
}

// aggregates is the way to make one score of two that has a name, nil if none has.
func aggregates(name []byte) func(a, b float64) float64 {
	switch {
	case exec.Is(name, "SUM"):
		return sum
	case exec.Is(name, "MIN"):
		return lower
	case exec.Is(name, "MAX"):
		return higher
	}
	return nil
}

// sum adds scores; infinity and its opposite are 0 together.
func sum(a, b float64) float64 { return orZero(a + b) }

func lower(a, b float64) float64 {
	if b < a {
		return b
	}
	return a
}

func higher(a, b float64) float64 {
	if b > a {
		return b
	}
	return a
}

// orZero is 0 for what is not a number, such as infinity with a weight of 0.
func orZero(score float64) float64 {
	if math.IsNaN(score) {
		return 0
	}
	return score
}

// elements are those of the combined set, in order.
func (o *combination) elements() (all []element) {
	o.each(func(member []byte, score float64) { all = append(all, element{string(member), score}) })
	slices.SortFunc(all, func(a, b element) int {
		if a.score != b.score {
			return cmp.Compare(a.score, b.score)
		}
		return strings.Compare(a.member, b.member)
	})
	return all
}

// each visits the elements of the combined set, in no order. member is valid during the visit.
func (o *combination) each(visit func(member []byte, score float64)) {
	switch o.operation {
	case union:
		all := o.union()
		all.each(visit)
	case intersection:
		o.eachCommon(func(member []byte, score float64) bool {
			visit(member, score)
			return true
		})
	case difference:
		o.sources[0].each(func(member []byte, score float64) bool {
			for i := range o.sources[1:] {
				if _, found := o.sources[1+i].find(member); found {
					return true
				}
			}
			visit(member, score)
			return true
		})
	}
}

// union goes through the sets from the smallest to the largest, as Redis does: sums depend on it. Products are
// converted, so that no processor adds to them before they are rounded: the scores are the same on all nodes.
func (o *combination) union() (all elements) {
	o.sortSources()
	places := map[string]int{} // it is never walked through
	for i := range o.sources {
		from := &o.sources[i]
		from.each(func(member []byte, score float64) bool {
			score = orZero(float64(score * from.weight))
			if at, known := places[string(member)]; known {
				all.scores[at] = o.aggregate(all.scores[at], score)
				return true
			}
			places[string(member)] = len(all.scores)
			all.add(member, score)
			return true
		})
	}
	return all
}

// eachCommon visits the members that all sets have, with their scores, until visit wants no more.
func (o *combination) eachCommon(visit func(member []byte, score float64) bool) {
	o.sortSources()
	first := &o.sources[0]
	first.each(func(member []byte, score float64) bool {
		score = orZero(float64(score * first.weight))
		for i := range o.sources[1:] {
			other := &o.sources[1+i]
			there, found := other.find(member)
			if !found {
				return true
			}
			score = o.aggregate(score, float64(there*other.weight))
		}
		return visit(member, score)
	})
}

func (o *combination) sortSources() {
	slices.SortStableFunc(o.sources, func(a, b source) int { return cmp.Compare(a.len(), b.len()) })
}

// combine is ZUNION numkeys key [key …] [WEIGHTS weight …] [AGGREGATE SUM|MIN|MAX] [WITHSCORES], ZINTER or ZDIFF.
func combine(operation operation) exec.Read {
	return func(v exec.View, c exec.Call) []byte {
		o := combination{operation: operation}
		if refusal := o.parse(nameOf(c), c.Args[1:], v.Get); refusal != "" {
			return c.Error(refusal)
		}
		all := o.elements()
		bytes := 0
		for i := range all {
			bytes += len(all[i].member) + elementOverheadBytes
		}
		if !c.Fits(bytes) {
			return c.TooLong()
		}
		return answer(c, len(all), o.withScores, func(visit func(member []byte, score float64)) {
			for i := range all {
				visit([]byte(all[i].member), all[i].score)
			}
		})
	}
}

// combineInto is ZUNIONSTORE destination numkeys key [key …] [WEIGHTS weight …] [AGGREGATE SUM|MIN|MAX], ZINTERSTORE or
// ZDIFFSTORE.
func combineInto(operation operation) exec.Write {
	return func(w *exec.Writer, c exec.Call) []byte {
		o := combination{operation: operation, stores: true}
		get := func(key []byte) *keyspace.Entry { return c.Read(w.Get(key)) }
		if refusal := o.parse(nameOf(c), c.Args[2:], get); refusal != "" {
			return c.Error(refusal)
		}
		result := value.NewSortedSetBuilder(w.Making())
		o.each(result.Add)
		return w.StoreSortedSet(c, c.Args[1], result.Set())
	}
}

// countCommon is ZINTERCARD numkeys key [key …] [LIMIT limit].
func countCommon(v exec.View, c exec.Call) []byte {
	o := combination{operation: intersection, counts: true}
	if refusal := o.parse(nameOf(c), c.Args[1:], v.Get); refusal != "" {
		return c.Error(refusal)
	}
	count := int64(0)
	o.eachCommon(func([]byte, float64) bool {
		count++
		return count != o.limit
	})
	return c.Integer(count)
}
