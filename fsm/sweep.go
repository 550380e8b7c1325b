package fsm

import "github.com/raftredis/raftredis/internal/guard"

// What an entry of the log removes of the keys that are overdue: sweepPerEntry, and sweepPerWrite for each command in
// it. The first drains what is left when no client writes, since the leader adds empty entries while keys are due. The
// second makes sure that keys go at least twice as fast as commands can make new ones. Both bound what an entry costs,
// however many keys end together.
const (
	sweepPerEntry = 64
	sweepPerWrite = 2
)

// sweep removes up to so many of the keys that are overdue, and makes the key space ready to be read.
func (m *Machine) sweep(limit int) {
	var swept int
	if guard.Down(guard.SweepBounded) {
		limit = 1 << 30
	}
	swept, m.scratch = m.state.Sweep(limit, m.scratch)
	m.state.Sessions().Expire(m.state.Now().Log, limit)
	m.expired += uint64(swept)
	m.state.Settle()
}
