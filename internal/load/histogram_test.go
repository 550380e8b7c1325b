package load

import (
	"testing"
	"time"
)

func TestHistogram_KeepsThreeDigits(t *testing.T) {
	h, other := NewHistogram(), NewHistogram()
	for n := range 10_000 {
		to := h
		if n%2 == 0 {
			to = other
		}
		to.Record(time.Duration(n+1) * time.Microsecond)
	}
	h.Merge(other)
	if h.Count() != 10_000 || h.Mean() != 5000500*time.Nanosecond {
		t.Errorf("%d values with a mean of %v", h.Count(), h.Mean())
	}
	for q, want := range map[float64]time.Duration{
		0: time.Microsecond, 0.5: 5 * time.Millisecond, 0.99: 9900 * time.Microsecond, 1: 10 * time.Millisecond,
	} {
		if got := h.Quantile(q); got < want || got > want+want/1000+1 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	steps := h.Distribution()
	last := steps[len(steps)-1]
	if len(steps) < 30 || last.Quantile != 1 || last.Count != 10_000 || last.Latency != h.Max() {
		t.Errorf("%d steps, the last is %+v", len(steps), last)
	}
	for i := 1; i < len(steps); i++ {
		if steps[i].Quantile < steps[i-1].Quantile || steps[i].Latency < steps[i-1].Latency {
			t.Errorf("step %d goes back: %+v after %+v", i, steps[i], steps[i-1])
		}
	}
}

// What is out of range counts as the nearest that is in it, and is not lost.
func TestHistogram_LosesNothing(t *testing.T) {
	h := NewHistogram()
	for _, d := range []time.Duration{-1, 0, maxLatency, 1 << 62} {
		h.Record(d)
	}
	if h.Count() != 4 || h.Min() != 0 || h.Max() < maxLatency || h.Max() > maxLatency+maxLatency/500 {
		t.Errorf("%d values from %v to %v", h.Count(), h.Min(), h.Max())
	}
	h.Reset()
	if h.Count() != 0 || h.Mean() != 0 || h.Quantile(0.5) != 0 || h.Max() != 0 || len(h.Distribution()) != 0 {
		t.Errorf("an empty histogram has %d, mean %v, p50 %v, max %v, steps %v", h.Count(), h.Mean(), h.Quantile(0.5),
			h.Max(), h.Distribution())
	}
}
