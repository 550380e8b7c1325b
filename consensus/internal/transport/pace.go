package transport

import (
	"sync"
	"time"
)

// pace spreads bytes over time: each caller is told how long to wait for its turn. There is no burst to save up for,
// in the order of their requests, so that several together get no more than one alone.
type pace struct {
	bytesPerSecond int64

	mu sync.Mutex
	// free is when everything that was booked has been sent.
	free time.Time
}

// book takes the next turn, for so many bytes, and returns how long it is until then.
func (p *pace) book(bytes int, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	turn := p.free
	if turn.Before(now) {
		turn = now
	}
	p.free = turn.Add(time.Duration(int64(bytes) * int64(time.Second) / p.bytesPerSecond))
	return turn.Sub(now)
}
