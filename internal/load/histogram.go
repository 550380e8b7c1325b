package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A histogram keeps three digits of each duration up to maxLatency. Longer ones count as that.
const (
	significantDigits = 3
	maxLatency        = 24 * time.Hour
)

// Histogram is how often each duration was measured, to three digits: 290 KiB, however many there are. It is used by
// one goroutine at a time.
type Histogram struct {
	counts *hdrhistogram.Histogram
	sum    time.Duration
}

// NewHistogram returns an empty histogram.
func NewHistogram() *Histogram {
	return &Histogram{counts: hdrhistogram.New(1, int64(maxLatency), significantDigits)}
}

// Record adds a duration.
func (h *Histogram) Record(d time.Duration) {
	d = min(max(d, 0), maxLatency)
	if err := h.counts.RecordValue(int64(d)); err != nil {
		panic(err) // it is within the range
	}
	h.sum += d
}

// Merge adds all that another histogram has.
func (h *Histogram) Merge(other *Histogram) {
	h.counts.Merge(other.counts) // all have the same range, so it leaves out none
	h.sum += other.sum
}

// Reset empties the histogram.
func (h *Histogram) Reset() {
	h.counts.Reset()
	h.sum = 0
}

// Count is how many durations were recorded.
func (h *Histogram) Count() int64 { return h.counts.TotalCount() }

// Quantile is a duration that so large a part of all does not exceed: 0.99 for the 99th percentile. It is 0 for an
// empty histogram.
func (h *Histogram) Quantile(q float64) time.Duration {
	return time.Duration(h.counts.ValueAtPercentile(100 * q))
}

// Mean is that of all durations; 0 if there is none.
func (h *Histogram) Mean() time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return h.sum / time.Duration(h.Count())
}

// Min is the shortest duration, and Max the longest.
func (h *Histogram) Min() time.Duration { return time.Duration(h.counts.Min()) }

// Max is the longest duration.
func (h *Histogram) Max() time.Duration { return time.Duration(h.counts.Max()) }

// Step is a place in a distribution: Quantile of all durations are at most Latency; those are Count.
type Step struct {
	Quantile float64
	Latency  time.Duration
	Count    int64
}

// stepsPerHalf is how many steps of a distribution there are before the rest is halved.
const stepsPerHalf = 5

// Distribution goes through the durations in steps that become finer towards the longest: as many for 0.9 to 0.95 as
// for 0.99 to 0.995.
func (h *Histogram) Distribution() (steps []Step) {
	if h.Count() == 0 {
		return nil
	}
	for _, b := range h.counts.CumulativeDistributionWithTicks(stepsPerHalf) {
		steps = append(steps, Step{Quantile: b.Quantile / 100, Latency: time.Duration(b.ValueAt), Count: b.Count})
	}
	return steps
}
