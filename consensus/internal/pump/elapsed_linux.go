package pump

import (
	"time"

	"golang.org/x/sys/unix"
)

// CountsSleep: elapsed time counts the time for which the machine sleeps.
const CountsSleep = true

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
