// Package mailbox is the one queue between goroutines: many producers, one consumer that takes everything.
//
// Taking everything is what makes batches without timers: whatever arrives while the consumer is busy is the next
// batch. A mailbox is bounded by a cost that each item states (bytes, or 1 for a count); a full mailbox refuses, and
// the producer says what that means: block its own client, close a stream, drop a message.
package mailbox

import "sync"

// Mailbox is a bounded queue of T with one consumer. Make one with New.
type Mailbox[T any] struct {
	limit int
	wake  chan struct{}
	// ring, if not nil, wakes the consumer instead.
	ring func()

	mu     sync.Mutex
	items  []T
	cost   int
	closed bool
	// producers are those of PutOf, with the cost of what each has in here.
	producers []producer
}

// producer is one of several that share a mailbox.
type producer struct {
	id   uint64
	cost int
}

// shares is how many producers that fill their share by themselves a mailbox holds: see PutOf.
const shares = 16

// New makes a mailbox that holds items of a total cost of at most limit, or one item of any cost.
func New[T any](limit int) *Mailbox[T] {
	if limit <= 0 {
		panic("mailbox: limit must be positive")
	}
	return &Mailbox[T]{limit: limit, wake: make(chan struct{}, 1)}
}

// Put adds an item and wakes the consumer. It never blocks; false means that the mailbox is full or closed, and the
// item was not taken. An item that alone exceeds the limit is accepted into an empty mailbox, so that nothing is too
// large to pass.
func (m *Mailbox[T]) Put(item T, cost int) bool { return m.add(item, cost, false) }

// Force adds an item whatever the mailbox holds: for items whose number is bounded by construction, such as
// completions of work that was handed out. False means that the mailbox is closed.
func (m *Mailbox[T]) Force(item T, cost int) bool { return m.add(item, cost, true) }

// PutOf is Put for one of several producers, none of which can keep the others out by itself: each has a share of a
// sixteenth of the limit, and one item of any cost, whatever the others have put. So all items together may cost that
// much more for each producer.
func (m *Mailbox[T]) PutOf(id uint64, item T, cost int) bool {
	m.mu.Lock()
	own := m.producer(id)
	if m.closed || m.cost+cost > m.limit && len(m.items) > 0 && own.cost > 0 && own.cost+cost > m.limit/shares {
		m.mu.Unlock()
		return false
	}
	own.cost += cost
	m.items = append(m.items, item)
	m.cost += cost
	m.mu.Unlock()
	m.Wake()
	return true
}

// producer is a producer since the last Take. They are as few as the members of a cluster. The caller holds the lock,
// and keeps the result no longer.
func (m *Mailbox[T]) producer(id uint64) *producer {
	for i := range m.producers {
		if m.producers[i].id == id {
			return &m.producers[i]
		}
	}
	m.producers = append(m.producers, producer{id: id})
	return &m.producers[len(m.producers)-1]
}

func (m *Mailbox[T]) add(item T, cost int, force bool) bool {
	m.mu.Lock()
	if m.closed || !force && m.cost+cost > m.limit && len(m.items) > 0 {
		m.mu.Unlock()
		return false
	}
	m.items = append(m.items, item)
	m.cost += cost
	m.mu.Unlock()
	m.Wake()
	return true
}

// Take hands over all items in the order in which they were put, and keeps the emptied spare slice for the next ones:
// the consumer passes back what the last Take gave it. Only the consumer calls Take.
func (m *Mailbox[T]) Take(spare []T) []T {
	clear(spare) // what was taken must not be kept alive from here
	m.mu.Lock()
	taken := m.items
	m.items, m.cost, m.producers = spare[:0], 0, m.producers[:0]
	m.mu.Unlock()
	return taken
}

// Len is how many items are there.
func (m *Mailbox[T]) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.items)
}

// Return puts items that were taken back at the front: the consumer stops in the middle of them.
func (m *Mailbox[T]) Return(items []T) {
	m.mu.Lock()
	m.items = append(append([]T(nil), items...), m.items...)
	m.mu.Unlock()
}

// Wake wakes the consumer without an item.
func (m *Mailbox[T]) Wake() {
	if m.ring != nil {
		m.ring()
		return
	}
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Woken is ready when something was put since the last receive. Several mailboxes of one consumer may share a channel:
// see Share.
func (m *Mailbox[T]) Woken() <-chan struct{} { return m.wake }

// Share makes this mailbox wake its consumer through the given channel, which must have a buffer of one. It is called
// before the first Put.
func (m *Mailbox[T]) Share(wake chan struct{}) { m.wake = wake }

// Ring makes this mailbox wake its consumer by a call, which must not block. It is called before the first Put.
func (m *Mailbox[T]) Ring(ring func()) { m.ring = ring }

// Close refuses all further items and returns those that were not taken.
func (m *Mailbox[T]) Close() []T {
	m.mu.Lock()
	left := m.items
	m.items, m.cost, m.producers, m.closed = nil, 0, nil, true
	m.mu.Unlock()
	m.Wake()
	return left
}
