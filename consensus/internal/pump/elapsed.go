package pump

import (
	"time"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// stopwatch is the clock of Inputs.Elapsed. It counts the time too for which the machine slept, and wall clocks that
// are set do not touch it. There are two ways to read it, and one stopwatch is read in one of them:
//
//	read   where there are leases. It asks the system each time, for the one clock that counts sleep.
//	at     elsewhere. It goes by Go's monotonic clock, which costs nothing, and adds the sleep that it has noticed: for
//	       that two clocks are compared, and a process that is stopped between the two looks sees too little of it.
type stopwatch struct {
	began time.Time
	// running is what the clock that counts sleep showed at the begin.
	running time.Duration
	// awake is by how much the clock that counts sleep was ahead of the one that does not, when this one began; slept
	// is what was added to that since.
	awake, slept time.Duration
	// gap is by how much the wall clock was ahead of the monotonic one when the system was last asked, at asked.
	gap   time.Duration
	asked time.Time
}

func newStopwatch(now time.Time) stopwatch {
	s := stopwatch{began: now, running: sinceBoot(), awake: sleepAtMost()}
	s.note(now)
	return s
}

// read is the elapsed time at a moment between the call and the return. It is never 0.
//
// A lease and a promise must count from the same moment by one clock, whatever happens around that. So no second clock
// corrects it:
//
//  1. A leader with a lease sleeps, with its machine, for 300 ms. Another node is elected.
//  2. It looks at the clock that counts sleep, is stopped for 200 ms, and looks at the one that does not: as if it had
//     slept for 100. The lease seems to last.
func (s *stopwatch) read() raftlog.Stamp { return stamp(sinceBoot() - s.running) }

const (
	// gapMoved is the change of the gap with which the system is asked, askEvery how often it is asked anyway.
	gapMoved = time.Millisecond
	askEvery = time.Second
)

// at is the elapsed time as it was now. It is never 0. To ask the system costs two calls of it in each turn. So the gap
// between the wall clock and the monotonic one is looked at first, which costs nothing: time asleep is added to the one
// and not to the other. If the gap has not moved, the machine has not slept; if it has, the wall clock may only have
// been set.
func (s *stopwatch) at(now time.Time) raftlog.Stamp {
	moved := s.gapAt(now) - s.gap
	if max(moved, -moved) >= gapMoved || now.Sub(s.asked) >= askEvery {
		s.ask(now)
	}
	return stamp(now.Sub(s.began) + s.slept)
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

func stamp(elapsed time.Duration) raftlog.Stamp { return 1 + raftlog.Stamp(elapsed.Milliseconds()) }
