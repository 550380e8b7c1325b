//go:build unix

package history

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/ownprocess"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// mustWait demands an error that says that there are no descriptors, and that this is a state.
func mustWait(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, syscall.EMFILE) || vfs.IsFatal(err) {
		t.Errorf("%s without descriptors: %v, which is no state", what, err)
	}
}

// G7: clients can take all descriptors. Then history waits, and loses nothing.
func TestHistoryWithoutDescriptorsWaits(t *testing.T) {
	if !ownprocess.Is(t) {
		return
	}
	o := blank(t)
	h := open(t, o)
	fill(t, h, 1, 60, 300)
	es := entries(61, 100, 300)

	release := ownprocess.ExhaustDescriptors(t)
	for range 2 {
		mustWait(t, "a write into new segments", write(h, es))
		_, _, err := h.Entries(1, 1000)
		mustWait(t, "a read", err)
		mustWait(t, "a trim", h.Trim(30))
	}
	wantThrough(t, h, 60) // what was acknowledged gets durable, or the journal could not roll
	release()

	must(t, write(h, es))
	wantEntries(t, h, 1, 100, 300)
	wantThrough(t, h, 100)

	must(t, write(h, entries(101, 101, 10)))
	release = ownprocess.ExhaustDescriptors(t)
	h.reader.cached = nil
	_, _, err := h.Entries(1, 1000)
	mustWait(t, "a read of an old segment", err)
	mustWait(t, "a trim", h.Trim(30))
	wantThrough(t, h, 101)
	release()
	wantEntries(t, h, 1, 100, 300)
	must(t, h.Trim(30))
	wantEntries(t, h, 30, 100, 300)
	sum, err := sizeOf(segmentsOf(t, o))
	if must(t, err); h.Bytes() != sum {
		t.Errorf("it says %d bytes, the files have %d", h.Bytes(), sum)
	}
	must(t, h.Close())
	o.Checkpoint, o.Kept = raftlog.Mark{Term: 1, Index: 101}, 30
	wantEntries(t, open(t, o), 30, 100, 300)
}

// An installed snapshot is in force as soon as the journal says so: then history cannot refuse to begin anew.
func TestHistoryBeginsAnewWithoutDescriptors(t *testing.T) {
	if !ownprocess.Is(t) {
		return
	}
	h := open(t, blank(t))
	fill(t, h, 1, 20, 300)
	next := t.TempDir()
	must(t, Seed(next, 51))
	release := ownprocess.ExhaustDescriptors(t)
	must(t, h.Restart(next, raftlog.Mark{Term: 1, Index: 50}))
	wantThrough(t, h, 50)
	mustWait(t, "a write", write(h, entries(51, 60, 300)))
	wantThrough(t, h, 50)
	release()
	must(t, write(h, entries(51, 60, 300)))
	wantThrough(t, h, 60)
	_, found, err := h.Entries(51, 10_000)
	if must(t, err); len(found) != 10 {
		t.Errorf("%d entries of 10 can be read", len(found))
	}
}

// A segment that could not be removed is removed by the next trim, and does not disturb a repair between them.
func TestSegmentsThatWereLeftGoWithTheNextTrim(t *testing.T) {
	o, h := ripe(t)
	segments := segmentsOf(t, o)
	gone, err := h.abandon(segments[3].First + 1)
	must(t, err)
	must(t, os.Remove(gone[0].Path)) // the next one is left, as where somebody took a permission away
	h.trimming.Unlock()

	fullDisk(h, 1)
	if err := write(h, entries(201, 201, 300)); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("write: %v", err)
	}
	must(t, write(h, entries(201, 201, 300)))
	must(t, h.Trim(segments[4].First+1))
	if left := segmentsOf(t, o); left[0].First != segments[4].First {
		t.Errorf("the oldest segment is that of %d, not of %d", left[0].First, segments[4].First)
	}
	sum, err := sizeOf(segmentsOf(t, o))
	if must(t, err); h.Bytes() != sum {
		t.Errorf("it says %d bytes, the files have %d", h.Bytes(), sum)
	}
	wantEntries(t, h, segments[4].First+1, 201, 300)
}
