package wire

import "sync/atomic"

// Budget bounds bytes that many readers hold together: each alone stays within its limits, and ten thousand of them
// would still exhaust the memory. A nil budget is unlimited. Make one with NewBudget.
type Budget struct {
	limit int64
	used  atomic.Int64
}

// NewBudget makes a budget of so many bytes.
func NewBudget(limitBytes int64) *Budget { return &Budget{limit: limitBytes} }

// Used is how many bytes all readers hold beyond ReadBufferBytes each.
func (b *Budget) Used() int64 { return b.used.Load() }

// Take takes bytes; false means that the budget does not have so many left, and that it gave none.
func (b *Budget) Take(bytes int) bool {
	if b == nil {
		return true
	}
	if b.used.Add(int64(bytes)) > b.limit {
		b.used.Add(-int64(bytes))
		return false
	}
	return true
}

// fits reports whether one reader may hold so many bytes if no other one holds any.
func (b *Budget) fits(bytes int64) bool { return b == nil || bytes-ReadBufferBytes <= b.limit }

// max is the most that one reader can hold.
func (b *Budget) max() int64 { return b.limit + ReadBufferBytes }

// Give gives bytes back.
func (b *Budget) Give(bytes int) {
	if b != nil && b.used.Add(-int64(bytes)) < 0 {
		panic("wire: more bytes given back than were taken")
	}
}
