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
	if got := s.read(began); got != 1 {
		t.Fatalf("it begins at %d", got)
	}
	s.ask(began)
	// between is what may pass between two clocks that are read one after the other.
	const awake, asleep, between = 1500 * time.Millisecond, time.Hour, time.Minute
	before := s.read(began.Add(awake))
	if slept := time.Duration(before-1) * time.Millisecond; slept < awake || slept > awake+between {
		t.Fatalf("%v awake count as %v", awake, slept)
	}
	s.awake -= asleep // as if the clock that counts sleep had gone on for an hour
	s.ask(began)
	if after := s.read(began.Add(awake)); after < before+raftlog.Stamp((asleep-between).Milliseconds()) {
		t.Fatalf("%d before the sleep, %d after it", before, after)
	}
	s.awake += asleep
	last := s.read(began.Add(awake))
	if s.ask(began); s.read(began.Add(awake)) != last {
		t.Fatal("it went back")
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
		if s.tick(now); s.asked.Equal(now) != c.asks {
			t.Errorf("after %v, with a gap that moved by %v: asked %t", c.elapsed, c.moved, !c.asks)
		}
	}
}
