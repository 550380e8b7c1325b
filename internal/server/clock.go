package server

import (
	"log/slog"
	"time"
)

// clockOffset is --clock-offset: by how much this node's clock shall be wrong. It is for tests, which show that no
// minority of wrong clocks ends a key early or late.
type clockOffset time.Duration

// clock is what the node takes for the time; nil, which means the machine's clock, without an offset.
func (o clockOffset) clock(logger *slog.Logger) func() time.Time {
	if o == 0 {
		return nil
	}
	logger.Warn("this node's clock is wrong on purpose: --clock-offset is for tests", "offset", time.Duration(o))
	return func() time.Time { return time.Now().Add(time.Duration(o)) }
}
