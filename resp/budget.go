package resp

import (
	"errors"
	"sync/atomic"
)

// budget bounds bytes that many connections hold together: each alone stays within its limits, and ten thousand of them
// would still exhaust the memory. A nil budget is unlimited.
type budget struct {
	limit int64
	used  atomic.Int64
}

// errNoRoom is the reply to a request that the budget has no room for. It was not read to its end, so it was not
// executed, and the client may send it again.
var errNoRoom = errors.New("TRYAGAIN The command was not executed: clients hold too much unfinished input")

// take takes bytes; false means that there are not so many left, and that none were taken.
func (b *budget) take(bytes int) bool {
	if b == nil {
		return true
	}
	if b.used.Add(int64(bytes)) > b.limit {
		b.used.Add(-int64(bytes))
		return false
	}
	return true
}

// give gives bytes back.
func (b *budget) give(bytes int) {
	if b != nil && b.used.Add(-int64(bytes)) < 0 {
		panic("resp: more bytes given back than were taken")
	}
}
