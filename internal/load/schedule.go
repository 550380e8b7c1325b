package load

import (
	"math"
	"math/rand/v2"
	"time"
)

// never is a time that does not come.
const never = math.MaxInt64

// schedule says when the requests of one connection of an open loop are due. It is fixed in advance: nothing that a
// server does changes it. Times are nanoseconds since the run began.
type schedule struct {
	// due is when the next request is due.
	due int64
	// gap is the mean of the time between two requests of this connection. It is due at first + n gaps, where n is a
	// whole number if the gaps are equal: request n of connection c is due at (n × connections + c) / rate.
	gap, first, n float64
	// random draws the gaps of a Poisson process; it is nil if they are equal.
	random *rand.Rand
}

// newSchedule returns the schedule of a connection out of some, which share a rate.
func newSchedule(connection, connections int, rate float64, poisson bool, seed uint64) schedule {
	gap := float64(connections) / rate * float64(time.Second)
	s := schedule{gap: gap, first: gap * float64(connection) / float64(connections)}
	s.due = int64(s.first)
	if poisson {
		s.random = rand.New(rand.NewPCG(seed, 1<<62+uint64(connection))) // apart from what draws the requests
		s.first = 0
		s.advance()
	}
	return s
}

// advance goes on to the next request.
func (s *schedule) advance() {
	step := 1.0
	if s.random != nil {
		step = s.random.ExpFloat64()
	}
	s.n += step
	s.due = int64(s.first + s.gap*s.n)
}
