package load

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// plan is what all links of a run share. Times are nanoseconds since base.
type plan struct {
	Options
	requests []request
	// weights is the sum of those of the requests.
	weights uint64
	// values is what values are cut from.
	values []byte

	base time.Time
	// counts is when the time that counts begins, end when it ends, dead until when what was due before may be answered.
	counts, end, dead int64

	// sequence is the next {seq}; left is how many requests that count may still be sent.
	sequence atomic.Uint64
	left     atomic.Int64
	// stopped is set when nothing more is to be sent.
	stopped atomic.Bool
}

func newPlan(o Options) (*plan, error) {
	p := &plan{Options: o.withDefaults()}
	if err := p.check(); err != nil {
		return nil, err
	}
	for _, c := range p.Commands {
		r, err := compile(c, p.MinValueBytes, p.MaxValueBytes)
		if err != nil {
			return nil, err
		}
		p.requests = append(p.requests, r)
		p.weights += r.weight
	}
	p.nameApart()
	p.values = drawValues(p.Seed, p.MaxValueBytes)
	p.left.Store(p.Requests)
	return p, nil
}

// nameApart names commands by their templates where several would have the same name.
func (p *plan) nameApart() {
	count := map[string]int{}
	for i := range p.requests {
		count[p.requests[i].name]++
	}
	for i := range p.requests {
		if r := &p.requests[i]; count[r.name] > 1 && p.Commands[i].Name == "" {
			r.name = p.Commands[i].Template
		}
	}
}

// begin starts the clock.
func (p *plan) begin(base time.Time) {
	p.base, p.counts, p.end = base, int64(p.WarmUp), never
	p.dead = never
	if p.Duration > 0 {
		p.end = p.counts + int64(p.Duration)
		p.dead = p.end + int64(p.Timeout)
	}
}

// now is the time.
func (p *plan) now() int64 { return int64(time.Since(p.base)) }

// take asks for so many requests that begin at a time, and returns how many may be sent.
func (p *plan) take(requests int, start int64) int {
	if p.Requests == 0 || start < p.counts {
		return requests
	}
	left := p.left.Add(-int64(requests))
	return max(requests+int(min(left, 0)), 0)
}

// exhausted reports whether all requests that there are were taken.
func (p *plan) exhausted() bool { return p.Requests > 0 && p.left.Load() <= 0 }

// errNoServer is the end of a run in which no connection was there for Options.Timeout.
var errNoServer = errors.New("no server can be reached")

// unreachable is that error, with its cause.
func (p *plan) unreachable(cause string) error {
	return fmt.Errorf("%w for %v: %s", errNoServer, p.Timeout, cause)
}
