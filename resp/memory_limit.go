package resp

import (
	"sync"
	"sync/atomic"
	"time"
)

// memoryLimit is maxmemory: while it is exceeded, writes that may need memory are refused (-OOM) to the clients of this
// node, before they are proposed. Entries of the log are applied whatever they need: nodes that left out different ones
// would differ for ever. All nodes hold the same keys, so the setting should be the same on all.
//
// What is in use counts garbage, of which there may be as much as of everything else. So once there seems to be too
// much, the collector is asked, at most once in collectPeriod, and what it finds alive decides. For so long, and for as
// long as a collection takes, more than the limit may be written.
type memoryLimit struct {
	bytes atomic.Int64
	// exceeded is what every write looks at.
	exceeded atomic.Bool

	mu sync.Mutex
	// collecting says that a collection was asked for and has not ended; collected is when the last one ended.
	collecting bool
	collected  time.Time
}

// collectPeriod is the least time between two collections for the sake of maxmemory.
const collectPeriod = time.Second

// weighMemory compares what is in use with the limit. It is called again and again, and when the limit is changed.
func (s *Server) weighMemory() {
	m := &s.memory
	limit := m.bytes.Load()
	if limit == 0 {
		m.exceeded.Store(false)
		return
	}
	now := s.readMemory()
	tooMuch := now.used > uint64(limit)
	m.exceeded.Store(tooMuch && now.live > uint64(limit))
	if tooMuch && m.mayCollect(s.now()) {
		s.spawn(func() {
			s.collectGarbage()
			m.endCollect(s.now())
			s.weighMemory()
		})
	}
}

// mayCollect reports whether it is time for a collection, which then counts as begun.
func (m *memoryLimit) mayCollect(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.collecting || now.Sub(m.collected) < collectPeriod {
		return false
	}
	m.collecting = true
	return true
}

func (m *memoryLimit) endCollect(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.collecting, m.collected = false, now
}
