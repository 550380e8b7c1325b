package resp

import "sync/atomic"

// stats are counters since the start of the process, for INFO. Any goroutine may change them.
type stats struct {
	clients, accepted, rejected atomic.Int64
	protocolErrors              atomic.Int64
	inputLimit, outputLimit     atomic.Int64
	writeTimeouts, abandoned    atomic.Int64
	acceptErrors                atomic.Int64
	// parked connections wait for something other than bytes; blocked ones of them not for the store, but because their
	// client, or CLIENT PAUSE, wanted that.
	parked, blocked atomic.Int64
}

// reset makes all counts begin anew, but for those of what is there now.
func (s *stats) reset() {
	for _, count := range []*atomic.Int64{
		&s.accepted, &s.rejected, &s.protocolErrors, &s.inputLimit, &s.outputLimit, &s.writeTimeouts, &s.abandoned,
		&s.acceptErrors,
	} {
		count.Store(0)
	}
}
