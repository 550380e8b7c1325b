package server

import (
	"log/slog"
	"time"
)

// offsetClock is a clock that is wrong by offset (--clock-offset). It is for tests, which show that no minority of
// wrong clocks ends a key early or late. Without an offset it is nil, which means the machine's clock.
func offsetClock(offset time.Duration, logger *slog.Logger) func() time.Time {
	if offset == 0 {
		return nil
	}
	logger.Warn("this node's clock is wrong on purpose: --clock-offset is for tests", "offset", offset)
	return func() time.Time { return time.Now().Add(offset) }
}
