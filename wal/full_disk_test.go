package wal

import (
	"errors"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/wal/history"
	tidwall "github.com/tidwall/wal"
)

// fullDisk has no space for history while full is set.
type fullDisk struct {
	history.Log
	full *atomic.Bool
}

func (d fullDisk) WriteBatch(b *tidwall.Batch) error {
	if d.full.Load() {
		return syscall.ENOSPC
	}
	return d.Log.WriteBatch(b)
}

// F18: History waits for space, and the journal goes on with votes. wal/history has the tests of what a write without
// space leaves in the segments.
func TestAVoteIsMadeWhileHistoryHasNoSpace(t *testing.T) {
	full := &atomic.Bool{}
	o := testOptions(t.TempDir())
	o.wrapHistory = func(l history.Log) history.Log { return fullDisk{l, full} }
	l, _ := open(t, o)
	fill(t, l, 1, 20, 1, 300)
	es := entries(21, 60, 1, 300)
	for from := 0; from < len(es); from += 10 {
		must(t, l.Append(operation(1, 1, es[from:from+10]...)))
	}
	full.Store(true)
	for range 2 {
		if err := l.Write(es); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("write: %v", err)
		}
		wantEntries(t, l, 1, 20, 1, 300)
		if through, err := l.history.Sync(); err != nil || through != 20 {
			t.Fatalf("a full disk fails the journal's roll: %d, %v", through, err)
		}
	}
	must(t, l.Append(operation(2, 3))) // a vote
	full.Store(false)
	must(t, l.Write(es))
	wantEntries(t, l, 1, 60, 1, 300)
	must(t, l.Close())
	if _, r := open(t, o); r.Term != 2 || r.Vote != 3 {
		t.Fatalf("term %d vote %d", r.Term, r.Vote)
	}
}
