package exec

import (
	"math"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// What commands on the elements of a value share.

// ListBytes is at least how long the replies with a number of strings are that have some bytes together.
func ListBytes(bytes, strings int) int { return bytes + strings*ValueOverheadBytes }

// Item answers with a string of a hash or a set.
func (c Call) Item(i value.Item) []byte {
	var digits value.Digits
	text := i.Text(&digits)
	if i.Stable() {
		return c.BulkLasting(text)
	}
	return reply.Bulk(c.Reply, text)
}

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

// Drawn is how many elements a command draws at most of so many: with a negative count some may be the same.
func Drawn(count int64, elements int) int {
	if count < 0 {
		return int(min(-count, MaxDrawn))
	}
	return int(min(count, int64(elements)))
}
