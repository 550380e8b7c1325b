package load

import (
	"math"
	"slices"
	"testing"
	"time"
)

// All connections together are due at equal distances.
func TestSchedule_EqualGapsInterlock(t *testing.T) {
	const connections, rate, each = 7, 1000, 50
	var all []int64
	for c := range connections {
		s := newSchedule(c, connections, rate, false, 1)
		for range each {
			all = append(all, s.due)
			s.advance()
		}
	}
	slices.Sort(all)
	for i, due := range all {
		if want := int64(i) * int64(time.Second) / rate; due < want-1 || due > want+1 {
			t.Fatalf("request %d is due at %d, want %d", i, due, want)
		}
	}
}

// A Poisson process has the rate that was asked for, gaps of which the mean is the deviation, and is a function of the
// seed and the connection.
func TestSchedule_PoissonHasItsRateAndItsSeed(t *testing.T) {
	const n, rate = 200_000, 5000
	draw := func(connection int, seed uint64) (gaps []float64, last int64) {
		s := newSchedule(connection, 10, rate, true, seed)
		for before := int64(0); len(gaps) < n; s.advance() {
			gaps = append(gaps, float64(s.due-before))
			before, last = s.due, s.due
		}
		return gaps, last
	}
	gaps, last := draw(3, 1)
	want := float64(time.Second) * 10 / rate
	if mean := float64(last) / n; math.Abs(mean/want-1) > 0.02 {
		t.Errorf("the mean gap is %v, want %v", mean, want)
	}
	variance := 0.0
	for _, gap := range gaps {
		variance += (gap - want) * (gap - want) / n
	}
	if deviation := math.Sqrt(variance); math.Abs(deviation/want-1) > 0.03 {
		t.Errorf("the deviation of gaps is %v, want %v", deviation, want)
	}
	if again, _ := draw(3, 1); !slices.Equal(gaps, again) {
		t.Error("the same seed has another schedule")
	}
	for _, other := range [][2]int{{4, 1}, {3, 2}} {
		if gaps2, _ := draw(other[0], uint64(other[1])); slices.Equal(gaps, gaps2) {
			t.Errorf("connection %d with seed %d has the schedule of connection 3 with seed 1", other[0], other[1])
		}
	}
}
