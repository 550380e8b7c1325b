package snapshot

import (
	"os"
	"strconv"
	"testing"
)

// chosen are the seeds of a random test: the fixed ones, or the one in RAFTREDIS_SEED. A failure is repeated with
//
//	RAFTREDIS_SEED=… go test ./snapshot -run Random
func chosen(t *testing.T, fixed []uint64) []uint64 {
	t.Helper()
	text := os.Getenv("RAFTREDIS_SEED")
	if text == "" {
		t.Cleanup(func() {
			if t.Failed() {
				t.Log("the failing subtest is repeated by RAFTREDIS_SEED=<its seed> go test ./snapshot -run Random")
			}
		})
		return fixed
	}
	seed, err := strconv.ParseUint(text, 0, 64)
	must(t, err)
	return []uint64{seed}
}
