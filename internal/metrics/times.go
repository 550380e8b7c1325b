package metrics

import (
	"iter"
	"math/bits"
	"sync/atomic"
)

// histogram counts microseconds: exactly below 16, and above in eight steps for each doubling, so that no value is told
// by more than an eighth too high.
type histogram [steps]atomic.Int64

const (
	exactMicros    = 16
	stepsPerOctave = 8
	// longestOctave is that of the longest time that is told apart: 2^40 microseconds, twelve days.
	longestOctave = 40
	steps         = exactMicros + (longestOctave-3)*stepsPerOctave
	// firstBucketOctave and lastBucketOctave are those of the shortest and the longest bucket that Prometheus sees.
	firstBucketOctave = 4
	lastBucketOctave  = 26
)

// stepOf is the step that counts a value.
func stepOf(micros int64) int {
	if micros < exactMicros {
		return int(max(micros, 0))
	}
	octave := bits.Len64(uint64(micros)) - 1
	if octave > longestOctave {
		return steps - 1
	}
	return exactMicros + (octave-4)*stepsPerOctave + int(micros>>(octave-3)&(stepsPerOctave-1))
}

// maxMicros is the largest value that a step counts.
func maxMicros(step int) int64 {
	if step < exactMicros {
		return int64(step)
	}
	octave, within := (step-exactMicros)/stepsPerOctave+4, int64((step-exactMicros)%stepsPerOctave)
	return int64(1)<<octave + (within+1)<<(octave-3) - 1
}

// Times is the distribution of some times.
type Times struct {
	counts [steps]int64
	// Micros is the sum of all.
	Micros int64
}

// Count is how many times there are.
func (t *Times) Count() (count int64) {
	for _, n := range t.counts {
		count += n
	}
	return count
}

// Percentile is the value, in microseconds, that a fraction of all times does not exceed.
func (t *Times) Percentile(fraction float64) int64 {
	total, seen := t.Count(), int64(0)
	for i, n := range t.counts {
		if seen += n; seen > 0 && float64(seen) >= fraction*float64(total) {
			return maxMicros(i)
		}
	}
	return 0
}

// Steps are the steps that count anything: the largest value of each, in microseconds, and how many times it counts.
func (t *Times) Steps() iter.Seq2[int64, int64] {
	return func(yield func(int64, int64) bool) {
		for i, n := range t.counts {
			if n != 0 && !yield(maxMicros(i), n) {
				return
			}
		}
	}
}

// buckets is the distribution as Prometheus has it: up to each power of two of microseconds, in seconds.
func (t *Times) buckets() (count uint64, seconds float64, upTo map[float64]uint64) {
	upTo = make(map[float64]uint64, lastBucketOctave-firstBucketOctave+1)
	next, seen := 0, int64(0)
	for octave := firstBucketOctave; octave <= lastBucketOctave; octave++ {
		for ; next < steps && maxMicros(next) < 1<<octave; next++ {
			seen += t.counts[next]
		}
		upTo[float64(int64(1)<<octave)/1e6] = uint64(seen)
	}
	return uint64(t.Count()), float64(t.Micros) / 1e6, upTo
}
