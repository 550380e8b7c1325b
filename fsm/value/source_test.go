package value

import (
	"math/rand/v2"
	"testing"

	"github.com/raftredis/raftredis/internal/seeded"
)

// random is a source for a test: see package seeded.
func random(t testing.TB, seed uint64) *rand.Rand { return seeded.Rand(t, seed) }
