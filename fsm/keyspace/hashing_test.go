package keyspace

import (
	"testing"

	"github.com/raftredis/raftredis/fsm/value"
)

func TestSeedsKeyEverythingApart(t *testing.T) {
	a, b := newHashing(1), newHashing(2)
	seen := map[uint64]bool{}
	for _, s := range []value.Sip{a.keys, a.values, a.state, b.keys, b.values, b.state} {
		seen[value.Digest(s, "key")] = true
	}
	if len(seen) != 6 {
		t.Fatalf("six hashes of one key have %d values", len(seen))
	}
}
