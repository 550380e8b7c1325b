package pump

import (
	"time"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// stopwatch is the clock of Inputs.Elapsed. It runs with Go's monotonic clock, which wall clocks that are set do not
// touch, and counts the time too for which the machine slept.
type stopwatch struct {
	began time.Time
	// awake is by how much the clock that counts sleep was ahead of the one that does not, when this one began; slept
	// is what was added to that since.
	awake, slept time.Duration
	// gap is by how much the wall clock was ahead of the monotonic one when the system was last asked, at asked.
	gap   time.Duration
	asked time.Time
}

func newStopwatch(now time.Time) stopwatch {
	s := stopwatch{began: now, awake: sleepAtMost()}
	s.note(now)
	return s
}

const (
	// gapMoved is the change of the gap with which the system is asked, askEvery how often it is asked anyway.
	gapMoved = time.Millisecond
	askEvery = time.Second
)

// tick looks whether the machine slept. To ask the system costs two calls of it, in each turn. So the gap between the
// wall clock and the monotonic one is looked at first, which costs nothing: time asleep is added to the one and not to
// the other. If the gap has not moved, the machine has not slept; if it has, the wall clock may only have been set.
func (s *stopwatch) tick(now time.Time) {
	moved := s.gapAt(now) - s.gap
	if max(moved, -moved) >= gapMoved || now.Sub(s.asked) >= askEvery {
		s.ask(now)
	}
}

// ask asks the system. Two clocks cannot be read at once: what it adds is never too much.
func (s *stopwatch) ask(now time.Time) {
	s.note(now)
	s.slept = max(s.slept, sleepAtLeast()-s.awake)
}

func (s *stopwatch) note(now time.Time) { s.gap, s.asked = s.gapAt(now), now }

// gapAt is how far the wall clock is ahead of the monotonic one.
func (s *stopwatch) gapAt(now time.Time) time.Duration {
	return time.Duration(now.UnixNano()) - now.Sub(s.began)
}

// read is the elapsed time. It is never 0.
func (s *stopwatch) read(now time.Time) raftlog.Stamp {
	return 1 + raftlog.Stamp((now.Sub(s.began) + s.slept).Milliseconds())
}
