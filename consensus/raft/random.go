package raft

import "github.com/raftredis/raftredis/wal/raftlog"

// random is a splitmix64 generator: 64 bits of state, any seed is good, and the same everywhere. It draws election
// timeouts, for which independence between nodes matters and unpredictability does not.
type random struct{ state uint64 }

// newRandom seeds the generator. The node's id goes in as well: nodes that were all given the same seed by mistake
// would draw equal timeouts and split every vote (A15).
func newRandom(seed uint64, id raftlog.NodeID) random {
	mixed := random{state: uint64(id)}
	return random{state: seed ^ mixed.next()}
}

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below draws a number in [0, n).
func (r *random) below(n int) int { return int(r.next() % uint64(n)) }
