package sortedsets

import (
	"bytes"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// kind is by what a range is given.
type kind uint8

const (
	// byAny is what options say, else ranks.
	byAny kind = iota
	byRank
	byScore
	byName
)

// spelling is what a command says of its range by its name.
type spelling struct {
	kind kind
	// back is for the elements in reverse order. A range of scores or names then begins with its upper end.
	back bool
	// stores says that the elements are stored, so there are no scores to answer.
	stores bool
}

// anyRange is that of ZRANGE.
var anyRange = spelling{}

// selection is elements that a call asks for.
type selection struct {
	spelling
	withScores bool
	// offset and count are those of LIMIT; a negative count is no limit.
	offset, count int64
	// One of these is what kind says.
	ranks  struct{ first, last int64 }
	scores value.ScoreRange
	names  value.NameRange
}

const (
	limitWithRanks = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
	scoresWithLex  = "ERR syntax error, WITHSCORES not supported in combination with BYLEX"
)

// parseSelection reads the two ends of a range and the options behind them. refusal is an error, empty if there is
// none.
func parseSelection(args [][]byte, of spelling) (s selection, refusal string) {
	s.spelling, s.count = of, -1
	if refusal = s.parseOptions(args[2:]); refusal != "" {
		return s, refusal
	}
	if s.kind == byAny {
		s.kind = byRank
	}
	switch {
	case s.count != -1 && s.kind == byRank:
		return s, limitWithRanks
	case s.withScores && s.kind == byName:
		return s, scoresWithLex
	}
	low, high := args[0], args[1]
	if s.back && s.kind != byRank {
		low, high = high, low
	}
	return s, s.parseEnds(low, high)
}

func (s *selection) parseOptions(args [][]byte) (refusal string) {
	isAny := s.kind == byAny
	mayTurn := isAny
	for ; len(args) > 0; args = args[1:] {
		switch word := args[0]; {
		case !s.stores && exec.Is(word, "WITHSCORES"):
			s.withScores = true
		case exec.Is(word, "LIMIT") && len(args) > 2:
			offset, ok := number.Parse(args[1])
			count, alsoOK := number.Parse(args[2])
			if !ok || !alsoOK {
				return reply.NotInteger
			}
			s.offset, s.count, args = offset, count, args[2:]
		case mayTurn && exec.Is(word, "REV"):
			s.back, mayTurn = true, false
		case isAny && exec.Is(word, "BYLEX"):
			s.kind, isAny = byName, false
		case isAny && exec.Is(word, "BYSCORE"):
			s.kind, isAny = byScore, false
		default:
			return reply.Syntax
		}
	}
	return ""
}

// parseEnds reads the lower and the upper end of a range.
func (s *selection) parseEnds(low, high []byte) (refusal string) {
	var ok, alsoOK bool
	switch s.kind {
	case byScore:
		s.scores.Min, s.scores.ExcludesMin, ok = parseScoreBound(low)
		s.scores.Max, s.scores.ExcludesMax, alsoOK = parseScoreBound(high)
		refusal = scoreBoundInvalid
	case byName:
		s.names.Min, ok = parseNameBound(low)
		s.names.Max, alsoOK = parseNameBound(high)
		refusal = nameBoundInvalid
	default:
		s.ranks.first, ok = number.Parse(low)
		s.ranks.last, alsoOK = number.Parse(high)
		refusal = reply.NotInteger
	}
	if ok && alsoOK {
		return ""
	}
	return refusal
}

// parseScoreBound reads a score, or one behind a bracket, which excludes it.
func parseScoreBound(text []byte) (score float64, excluded, ok bool) {
	if rest, found := bytes.CutPrefix(text, []byte{'('}); found {
		text, excluded = rest, true
	}
	score, ok = number.ParseBound(text)
	return score, excluded, ok
}

// parseNameBound reads [name, (name, which excludes it, - or +. What follows a zero byte behind those two does not
// count, as in Redis.
func parseNameBound(text []byte) (bound value.NameBound, ok bool) {
	if len(text) == 0 {
		return bound, false
	}
	switch rest := text[1:]; text[0] {
	case '+':
		return value.NameBound{Edge: 1}, len(rest) == 0 || rest[0] == 0
	case '-':
		return value.NameBound{Edge: -1}, len(rest) == 0 || rest[0] == 0
	case '(':
		return value.NameBound{Name: rest, Excluded: true}, true
	case '[':
		return value.NameBound{Name: rest}, true
	}
	return bound, false
}

// of gives the ranks of the selected elements: from begin on, before end.
func (s *selection) of(z *value.SortedSet) (begin, end int) {
	switch s.kind {
	case byScore:
		begin, end = z.WithScores(s.scores)
	case byName:
		begin, end = z.WithNames(s.names, s.back)
	default:
		begin, end = ranksWithin(s.ranks.first, s.ranks.last, int64(z.Len()))
		if s.back {
			begin, end = z.Len()-end, z.Len()-begin
		}
		return begin, end
	}
	count := int64(end - begin)
	offset, limit := s.offset, s.count
	if offset < 0 || offset > count {
		offset = count
	}
	if limit < 0 || limit > count-offset {
		limit = count - offset
	}
	if s.back {
		end -= int(offset)
		return end - int(limit), end
	}
	begin += int(offset)
	return begin, begin + int(limit)
}

// ranksWithin gives where the elements from one rank to another begin and end among so many, and twice 0 if there is
// none. Negative ranks count from the end.
func ranksWithin(first, last, count int64) (begin, end int) {
	if first < 0 {
		first = max(first+count, 0)
	}
	if last < 0 {
		last += count
	}
	last = min(last, count-1)
	if first > last {
		return 0, 0
	}
	return int(first), int(last) + 1
}

// rangeOf is ZRANGE key start stop [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES], or one of the commands that
// say a part of that by their names.
func rangeOf(of spelling) exec.Read {
	return func(v exec.View, c exec.Call) []byte {
		s, refusal := parseSelection(c.Args[2:], of)
		if refusal != "" {
			return c.Error(refusal)
		}
		z, ok := exec.SortedSetOf(v.Get(c.Args[1]))
		switch {
		case !ok:
			return c.WrongType()
		case z == nil:
			return reply.ArrayHeader(c.Reply, 0)
		}
		begin, end := s.of(z)
		if c.IsTooMany(end-begin, z.Len(), z.Size()) {
			return c.Reply
		}
		return answerRanks(c, z, begin, end, s.back, s.withScores)
	}
}

// storeRange is ZRANGESTORE destination source start stop [BYSCORE|BYLEX] [REV] [LIMIT offset count].
func storeRange(w *exec.Writer, c exec.Call) []byte {
	s, refusal := parseSelection(c.Args[3:], spelling{stores: true})
	if refusal != "" {
		return c.Error(refusal)
	}
	z, ok := exec.SortedSetOf(c.Read(w.Get(c.Args[2])))
	if !ok {
		return c.WrongType()
	}
	result := value.NewSortedSetBuilder(w.Making())
	if z != nil {
		begin, end := s.of(z)
		eachRank(z, begin, end, false, result.Add)
	}
	return w.StoreSortedSet(c, c.Args[1], result.Set())
}

// countScores is ZCOUNT key min max.
func countScores(v exec.View, c exec.Call) []byte { return count(v, c, byScore) }

// countNames is ZLEXCOUNT key min max.
func countNames(v exec.View, c exec.Call) []byte { return count(v, c, byName) }

func count(v exec.View, c exec.Call, by kind) []byte {
	s, refusal := parseSelection(c.Args[2:], spelling{kind: by})
	if refusal != "" {
		return c.Error(refusal)
	}
	z, ok := exec.SortedSetOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case z == nil:
		return c.Integer(0)
	}
	begin, end := s.of(z)
	return c.Integer(int64(end - begin))
}

// removeRange is ZREMRANGEBYRANK key start stop, or the same by scores or names.
func removeRange(by kind) exec.Write {
	return func(w *exec.Writer, c exec.Call) []byte {
		s, refusal := parseSelection(c.Args[2:], spelling{kind: by})
		if refusal != "" {
			return c.Error(refusal)
		}
		t, ok := exec.TargetOf[*value.SortedSet](w, c.Args[1])
		switch {
		case !ok:
			return c.WrongType()
		case t.Value == nil:
			return c.Integer(0)
		}
		begin, end := s.of(t.Value)
		takeRanks(w, &t, begin, end)
		return c.Integer(int64(end - begin))
	}
}
