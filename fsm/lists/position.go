package lists

import (
	"math"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts of Redis.
const (
	rankOutOfRange = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
	rankZero       = "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
		"or use negative to start from the end of the list"
	countNegative  = "ERR COUNT can't be negative"
	maxlenNegative = "ERR MAXLEN can't be negative"
)

// positionOptions are those of LPOS.
type positionOptions struct {
	// rank is which match is the first that counts. fromEnd says that the search begins at the end.
	rank    int64
	fromEnd bool
	// all says that the answer is an array, of count positions at most, 0 for no bound.
	all   bool
	count int64
	// maxlen is how many elements are compared, 0 for no bound.
	maxlen int64
}

func parsePosition(args [][]byte) (o positionOptions, refusal string) {
	o.rank = 1
	for ; len(args) > 0; args = args[2:] {
		if len(args) == 1 {
			return o, reply.Syntax
		}
		n, ok := number.Parse(args[1])
		switch {
		case exec.Is(args[0], "RANK"):
			switch {
			case !ok:
				return o, reply.NotInteger
			case n == math.MinInt64:
				return o, rankOutOfRange
			case n == 0:
				return o, rankZero
			}
			o.rank = n
		case exec.Is(args[0], "COUNT"):
			if !ok || n < 0 {
				return o, countNegative
			}
			o.all, o.count = true, n
		case exec.Is(args[0], "MAXLEN"):
			if !ok || n < 0 {
				return o, maxlenNegative
			}
			o.maxlen = n
		default:
			return o, reply.Syntax
		}
	}
	if o.rank < 0 {
		o.rank, o.fromEnd = -o.rank, true
	}
	return o, ""
}

// position is LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len].
func position(v exec.View, c exec.Call) []byte {
	o, refusal := parsePosition(c.Args[3:])
	if refusal != "" {
		return c.Error(refusal)
	}
	l, ok := of(v.Get(c.Args[1]))
	if !ok {
		return c.WrongType()
	}
	among := math.MaxInt
	if o.maxlen > 0 {
		among = int(o.maxlen)
	}
	var found []int64
	matches := int64(0)
	l.Find(c.Args[2], among, o.fromEnd, func(index int) bool {
		if matches++; matches < o.rank {
			return true
		}
		found = append(found, int64(index))
		return o.all && (o.count == 0 || int64(len(found)) < o.count)
	})
	switch {
	case !o.all && len(found) == 0:
		return c.Null()
	case !o.all:
		return c.Integer(found[0])
	case !c.Fits(len(found) * exec.ValueOverheadBytes):
		return c.TooLong()
	}
	c.Reply = reply.ArrayHeader(c.Reply, len(found))
	for _, index := range found {
		c.Reply = reply.Integer(c.Reply, index)
	}
	return c.Reply
}
