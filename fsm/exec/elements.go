package exec

import (
	"math"
	"strconv"

	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// What commands on the elements of a value share.

// MinValueBytes is how long a value in a reply is at least: an empty string.
const MinValueBytes = len("$0\r\n\r\n")

// MaxDrawn is how many elements a command draws at most where some may be the same: their number is not bounded by what
// is stored. TooManyDrawn refuses more.
const (
	MaxDrawn     = 1 << 20
	TooManyDrawn = "ERR a negative count draws at most 1048576 elements"
)

const countOutOfRange = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"

// ParseDrawCount reads how many elements a command shall draw. A negative number has an opposite. refusal is an error,
// empty if there is none.
func ParseDrawCount(arg []byte) (count int64, refusal string) {
	count, ok := number.Parse(arg)
	switch {
	case !ok:
		return 0, reply.NotInteger
	case count == math.MinInt64:
		return 0, countOutOfRange
	}
	return count, ""
}

// Page is what a call of SCAN or its like shows: elements that follow each other in the order of their positions. Those
// of one position are shown together.
type Page[P ~uint64] struct {
	left       int
	last, next P
}

// NewPage is the page of a call with its options.
func NewPage[P ~uint64](options ScanOptions, c Call) Page[P] { return Page[P]{left: options.Count(c)} }

// Takes reports whether the page takes the next element. If it does not, the next page begins there.
func (p *Page[P]) Takes(at P) bool {
	if p.left <= 0 && at != p.last {
		p.next = at
		return false
	}
	p.left, p.last = p.left-1, at
	return true
}

// Next is the cursor of the next page, 0 if there is none.
func (p *Page[P]) Next() P { return p.next }

// BeginScan begins the reply of SCAN or its like: the next cursor, and the header of so many strings, which follow.
func BeginScan(c Call, next uint64, count int) []byte {
	var digits [20]byte
	c.Reply = reply.ArrayHeader(c.Reply, 2)
	c.Reply = c.Bulk(strconv.AppendUint(digits[:0], next, 10))
	return reply.ArrayHeader(c.Reply, count)
}

// EmptyScan is the reply of SCAN's like for an absent key.
func EmptyScan(c Call) []byte { return BeginScan(c, 0, 0) }
