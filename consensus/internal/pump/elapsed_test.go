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
	s.tick()
	// between is what may pass between two clocks that are read one after the other.
	const awake, asleep, between = 1500 * time.Millisecond, time.Hour, time.Minute
	before := s.read(began.Add(awake))
	if slept := time.Duration(before-1) * time.Millisecond; slept < awake || slept > awake+between {
		t.Fatalf("%v awake count as %v", awake, slept)
	}
	s.awake -= asleep // as if the clock that counts sleep had gone on for an hour
	s.tick()
	if after := s.read(began.Add(awake)); after < before+raftlog.Stamp((asleep-between).Milliseconds()) {
		t.Fatalf("%d before the sleep, %d after it", before, after)
	}
	s.awake += asleep
	last := s.read(began.Add(awake))
	if s.tick(); s.read(began.Add(awake)) != last {
		t.Fatal("it went back")
	}
}
