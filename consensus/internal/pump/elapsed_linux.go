package pump

import (
	"time"

	"golang.org/x/sys/unix"
)

// CountsSleep reports whether elapsed time counts the time for which the machine sleeps: old kernels cannot.
func CountsSleep() bool {
	var now unix.Timespec
	return unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) == nil
}

// sinceBoot is for how long the machine has run or slept.
func sinceBoot() time.Duration { return readClock(unix.CLOCK_BOOTTIME) }

// sleepAtMost and sleepAtLeast bound for how long the machine has slept since it was started.
func sleepAtMost() time.Duration {
	awake := readClock(unix.CLOCK_MONOTONIC)
	return readClock(unix.CLOCK_BOOTTIME) - awake
}

func sleepAtLeast() time.Duration {
	all := readClock(unix.CLOCK_BOOTTIME)
	return all - readClock(unix.CLOCK_MONOTONIC)
}

// readClock is 0 where the kernel does not have the clock; then no sleep is seen.
func readClock(clock int32) time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(clock, &now) != nil {
		return 0
	}
	return time.Duration(now.Nano())
}
