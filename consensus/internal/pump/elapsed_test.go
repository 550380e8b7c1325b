package pump

import (
	"testing"
	"time"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// The time for which a machine sleeps is elapsed time, and what is read never goes back.
func TestElapsedTimeCountsSleep(t *testing.T) {
	began := time.Now()
	s := newStopwatch(began)
	if got := s.at(began); got != 1 {
		t.Fatalf("it begins at %d", got)
	}
	s.ask(began)
	// between is what may pass between two clocks that are read one after the other.
	const awake, asleep, between = 1500 * time.Millisecond, time.Hour, time.Minute
	before := s.at(began.Add(awake))
	if slept := time.Duration(before-1) * time.Millisecond; slept < awake || slept > awake+between {
		t.Fatalf("%v awake count as %v", awake, slept)
	}
	s.awake -= asleep // as if the clock that counts sleep had gone on for an hour
	s.ask(began)
	if after := s.at(began.Add(awake)); after < before+raftlog.Stamp((asleep-between).Milliseconds()) {
		t.Fatalf("%d before the sleep, %d after it", before, after)
	}
	s.awake += asleep
	last := s.at(began.Add(awake))
	if s.ask(began); s.at(began.Add(awake)) != last {
		t.Fatal("it went back")
	}
}

// S46: Where there are leases, time asleep is not the difference of two clocks: a process that is stopped between two
// looks would see less of it, and take a lease for longer.
func TestALeaseCountsByOneClock(t *testing.T) {
	const asleep, between = 300 * time.Millisecond, 200 * time.Millisecond
	s := newStopwatch(time.Now())
	began := sinceBoot()
	s.running -= asleep              // as if the clock that counts sleep had gone on for so long
	s.awake += between - asleep      // as if a look at the other one came later than the look at this one
	s.gap -= asleep                  // as if the wall clock showed the sleep
	first := sinceBoot() - s.running // between the two looks around it
	got := s.read()
	last := sinceBoot() - s.running
	if got < stamp(first) || got > stamp(last) {
		t.Errorf("%d elapsed, want from %d to %d", got, stamp(first), stamp(last))
	}
	if first < asleep || sinceBoot() < began {
		t.Errorf("%v elapsed in all", first)
	}
	if next := s.read(); next < got {
		t.Errorf("it went back from %d to %d", got, next)
	}
}

// The system is asked when the wall clock moved against the monotonic one, as it does when the machine slept, and every
// second; otherwise not.
func TestTheSystemIsAskedWhenTheGapMoved(t *testing.T) {
	began := time.Now()
	for _, c := range []struct {
		elapsed, moved time.Duration
		asks           bool
	}{
		{10 * time.Millisecond, 0, false},
		{10 * time.Millisecond, gapMoved - 1, false},
		{10 * time.Millisecond, gapMoved, true},
		{10 * time.Millisecond, -gapMoved, true},
		{10 * time.Millisecond, time.Hour, true},
		{askEvery - 1, 0, false},
		{askEvery, 0, true},
	} {
		s := newStopwatch(began)
		s.gap -= c.moved // as if it had moved by so much since
		now := began.Add(c.elapsed)
		if s.at(now); s.asked.Equal(now) != c.asks {
			t.Errorf("after %v, with a gap that moved by %v: asked %t", c.elapsed, c.moved, !c.asks)
		}
	}
}
