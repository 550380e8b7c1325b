package stats

import (
	"sync"
	"time"

	"github.com/raftredis/raftredis/internal/metrics"
)

// Rates are how fast the counts of INFO grow at present: between the newest and the oldest of some samples, which the
// server's watch takes. The zero value is ready.
type Rates struct {
	mu      sync.Mutex
	samples [rateSamples]rateSample
	// taken is how many there ever were.
	taken int
}

// rateSamples is how many samples are kept: those of one and a half seconds.
const rateSamples = 16

type rateSample struct {
	at time.Time
	metrics.Traffic
}

// Sample takes one.
func (r *Rates) Sample(now time.Time, t metrics.Traffic) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.samples[r.taken%rateSamples] = rateSample{now, t}
	r.taken++
}

// Present returns how many commands, and bytes in and out, there are in a second; nothing before two samples are there.
func (r *Rates) Present() (commands, inputBytes, outputBytes float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken < 2 {
		return 0, 0, 0
	}
	newest := &r.samples[(r.taken-1)%rateSamples]
	oldest := &r.samples[max(r.taken-rateSamples, 0)%rateSamples]
	seconds := newest.at.Sub(oldest.at).Seconds()
	if seconds <= 0 {
		return 0, 0, 0
	}
	// Counts that begin anew in between would seem to fall.
	rate := func(newest, oldest int64) float64 { return float64(max(newest-oldest, 0)) / seconds }
	return rate(newest.Commands, oldest.Commands), rate(newest.InputBytes, oldest.InputBytes),
		rate(newest.OutputBytes, oldest.OutputBytes)
}

// Reset forgets all samples.
func (r *Rates) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken = 0
}
