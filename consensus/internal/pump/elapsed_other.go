//go:build !linux

package pump

import "time"

// CountsSleep reports whether elapsed time counts the time for which the machine sleeps.
func CountsSleep() bool { return false }

// sinceBoot is for nothing here: there are no leases.
func sinceBoot() time.Duration { return 0 }

// sleepAtMost and sleepAtLeast see no sleep: this system's way to ask is not built.
func sleepAtMost() time.Duration { return 0 }

func sleepAtLeast() time.Duration { return 0 }
