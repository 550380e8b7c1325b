package rope

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// seedVariable names the variable of the environment that makes the random tests explore another seed.
const seedVariable = "FSM_SEED"

// random is a source for a test, of a fixed seed or that of the environment; it prints how to run it again.
func random(t *testing.T, seed uint64) *rand.Rand {
	t.Helper()
	if text := os.Getenv(seedVariable); text != "" {
		given, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
		seed = given
	}
	t.Logf("seed %d; again: %s=%d go test ./fsm/value/rope -run '^%s$'", seed, seedVariable, seed, t.Name())
	return rand.New(rand.NewPCG(seed, 0))
}
