package blackbox

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// SeedOf is the seed of a random test: fixed, unless the environment names another one to explore with.
func SeedOf(t testing.TB) uint64 {
	t.Helper()
	seed := uint64(1)
	if text := os.Getenv("RAFTREDIS_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("RAFTREDIS_SEED: %v", err)
		}
	}
	directory, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d; again: RAFTREDIS_SEED=%d go test ./tests/%s -run '^%s$'",
		seed, seed, filepath.Base(directory), t.Name())
	return seed
}
