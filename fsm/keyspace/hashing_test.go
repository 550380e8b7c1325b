package keyspace

import (
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

func TestSeedsKeyEverythingApart(t *testing.T) {
	a, b := newHashing(1), newHashing(2)
	seen := map[uint64]bool{}
	for _, s := range []digest.Sip{a.keys, a.values, a.state, b.keys, b.values, b.state} {
		seen[digest.Of(s, "key")] = true
	}
	if len(seen) != 6 {
		t.Fatalf("six hashes of one key have %d values", len(seen))
	}
}
