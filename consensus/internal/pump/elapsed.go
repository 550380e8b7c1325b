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
}

func newStopwatch(now time.Time) stopwatch { return stopwatch{began: now, awake: sleepAtMost()} }

// tick looks whether the machine slept. Two clocks cannot be read at once: what it adds is never too much.
func (s *stopwatch) tick() { s.slept = max(s.slept, sleepAtLeast()-s.awake) }

// read is the elapsed time. It is never 0.
func (s *stopwatch) read(now time.Time) raftlog.Stamp {
	return 1 + raftlog.Stamp((now.Sub(s.began) + s.slept).Milliseconds())
}
