//go:build !linux

package pump

import "time"

// CountsSleep: elapsed time does not count the time for which the machine sleeps.
const CountsSleep = false

// sleepAtMost and sleepAtLeast see no sleep: this system's way to ask is not built.
func sleepAtMost() time.Duration { return 0 }

func sleepAtLeast() time.Duration { return 0 }
