//go:build !linux

package pump

import "time"

// sleepAtMost and sleepAtLeast see no sleep: this system's way to ask is not built.
func sleepAtMost() time.Duration { return 0 }

func sleepAtLeast() time.Duration { return 0 }
