package sim

import (
	"math"
	"math/rand/v2"
	"time"
)

// chance is where everything accidental in a world comes from: one generator, one seed.
type chance struct{ *rand.Rand }

// newChance makes the generator of a seed. The stream keeps apart generators of one seed that serve different ends.
func newChance(seed, stream uint64) chance {
	return chance{rand.New(rand.NewPCG(seed, stream^0x9e3779b97f4a7c15))}
}

// hits is true with probability p.
func (c chance) hits(p float64) bool { return p > 0 && c.Float64() < p }

// between draws a duration from lo to hi.
func (c chance) between(lo, hi time.Duration) time.Duration {
	if hi <= lo {
		return lo
	}
	return lo + time.Duration(c.Int64N(int64(hi-lo)+1))
}

// sometimes draws a duration with probability p, and 0 otherwise.
func (c chance) sometimes(p float64, lo, hi time.Duration) time.Duration {
	if !c.hits(p) {
		return 0
	}
	return c.between(lo, hi)
}

// around draws a waiting time of the given mean: mostly less, sometimes several times as much, as waiting times are.
func (c chance) around(mean time.Duration) time.Duration {
	if mean <= 0 {
		return 0
	}
	return time.Duration(-math.Log(1-c.Float64()) * float64(mean))
}

// number draws from lo to hi, both included.
func (c chance) number(lo, hi int) int { return lo + c.IntN(hi-lo+1) }

// one of the values given.
func oneOf[T any](c chance, values ...T) T { return values[c.IntN(len(values))] }
