package load

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// recorder keeps what one loop measures. The loop locks it once for all that it has at hand.
type recorder struct {
	mu       sync.Mutex
	commands []tally
	// interval is that since it was last taken.
	interval Interval
	recent   *Histogram
	lag      *Histogram
	kinds    map[string]*Errors
	// warmUpFailed is how many requests of the warm-up failed.
	warmUpFailed int64
	// last is when the last request that counts has ended.
	last int64
	// broken is how many connections broke, undialled how many dials failed, and dialError why the last one did.
	broken, undialled int64
	dialError         string
}

// tally is of one command.
type tally struct {
	failed  int64
	latency *Histogram
}

func newRecorder(commands int) *recorder {
	r := &recorder{recent: NewHistogram(), lag: NewHistogram(), kinds: map[string]*Errors{}}
	for range commands {
		r.commands = append(r.commands, tally{latency: NewHistogram()})
	}
	return r
}

// done records a request that was answered at a time, whether or not it counts.
func (r *recorder) done(command int, took, now int64, counts bool) {
	r.interval.Done++
	r.recent.Record(time.Duration(took))
	if counts {
		r.commands[command].latency.Record(time.Duration(took))
		r.last = max(r.last, now)
	}
}

// failed records requests that failed. The kind and the text may be overwritten afterwards.
func (r *recorder) failed(command int, kind, text []byte, requests, now int64, counts bool) {
	r.interval.Failed += requests
	if !counts {
		r.warmUpFailed += requests
	} else {
		r.commands[command].failed += requests
		r.last = max(r.last, now)
	}
	e := r.kinds[string(kind)]
	if e == nil {
		e = &Errors{Kind: string(kind), First: string(text)}
		r.kinds[e.Kind] = e
	}
	e.Count += requests
}

// take adds what was measured since the last call to an interval, and its latencies to a histogram.
func (r *recorder) take(i *Interval, recent *Histogram) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i.Done += r.interval.Done
	i.Failed += r.interval.Failed
	recent.Merge(r.recent)
	r.interval = Interval{}
	r.recent.Reset()
}

// addTo adds all to a result.
func (r *recorder) addTo(result *Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.commands {
		result.Commands[i].Failed += r.commands[i].failed
		result.Commands[i].Latency.Merge(r.commands[i].latency)
		result.All.Failed += r.commands[i].failed
		result.All.Latency.Merge(r.commands[i].latency)
	}
	for _, e := range r.kinds {
		result.addErrors(*e)
	}
	result.Lag.Merge(r.lag)
	result.WarmUpFailed += r.warmUpFailed
	result.BrokenConnections += r.broken
	result.FailedDials += r.undialled
	result.DialError = cmp.Or(r.dialError, result.DialError)
}

// addErrors adds errors to those of their kind, the most frequent first.
func (r *Result) addErrors(e Errors) {
	i := slices.IndexFunc(r.Errors, func(other Errors) bool { return other.Kind == e.Kind })
	if i < 0 {
		r.Errors = append(r.Errors, e)
	} else {
		r.Errors[i].Count += e.Count
	}
	slices.SortFunc(r.Errors, func(a, b Errors) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind))
	})
}
