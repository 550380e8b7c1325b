package history

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/ownprocess"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// large is a history with so many entries of 1 KiB in one segment.
func large(t *testing.T, last raftlog.Index) (Options, *History) {
	t.Helper()
	o := blank(t)
	o.SegmentBytes = 1 << 20
	h := open(t, o)
	fill(t, h, 1, last, 1000)
	return o, h
}

// restEntries are enough of 1 KiB for Rest to begin a segment.
const restEntries = minRestBytes/1000 + 1

// The segment library keeps the segment before the last one in memory. It must not: it would be as much as the last.
func TestAFullSegmentIsNotKeptInMemory(t *testing.T) {
	o := blank(t)
	h := open(t, o)
	for i := raftlog.Index(1); i <= 60; i++ {
		before := segmentsOf(t, o)
		must(t, write(h, entries(i, i, 300)))
		segments := segmentsOf(t, o)
		if h.tailBytes > int64(o.SegmentBytes) || (h.tailBytes == 0) != (len(segments) > len(before)) {
			t.Fatalf("behind entry %d %d segments, %d bytes in the last", i, len(segments), h.tailBytes)
		}
		if len(segments) == len(before) {
			continue
		}
		full := segments[len(segments)-2]
		must(t, os.Rename(full.Path, full.Path+"-away"))
		if _, err := h.log.Read(uint64(full.First)); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("the library has entry %d in memory: %v", full.First, err)
		}
		must(t, os.Rename(full.Path+"-away", full.Path))
	}
	if len(segmentsOf(t, o)) < 4 {
		t.Fatal("there are too few segments: the test proves nothing")
	}
	wantEntries(t, h, 1, 60, 300)
}

// A history at rest holds no segment in memory, and goes on as it was.
func TestAHistoryAtRestGoesOn(t *testing.T) {
	const n = restEntries
	o, h := large(t, n)
	wantEntries(t, h, 1, n, 1000)
	for range 2 { // the second time there is nothing to let go of
		must(t, h.Rest())
		if segments := segmentsOf(t, o); len(segments) != 2 || segments[1].First != n+1 || h.tailBytes != 0 {
			t.Fatalf("segments %v, %d bytes in memory", segments, h.tailBytes)
		}
	}
	if h.reader.cached != nil || h.frame != nil {
		t.Error("buffers are kept")
	}
	wantThrough(t, h, n)
	wantEntries(t, h, 1, n, 1000)
	fill(t, h, n+1, 2*n, 1000)
	wantEntries(t, h, 1, 2*n, 1000)
	must(t, h.Trim(n+1)) // the entry before is kept
	if segments := segmentsOf(t, o); len(segments) != 2 {
		t.Fatalf("segments %v", segments)
	}
	must(t, h.Rest())
	must(t, h.Trim(n+2))
	if segments := segmentsOf(t, o); len(segments) != 2 || segments[0].First != n+1 || segments[1].First != 2*n+1 {
		t.Fatalf("segments %v", segments)
	}
	wantThrough(t, h, 2*n)
	must(t, h.Close())

	o.Checkpoint, o.Kept = raftlog.Mark{Term: 1, Index: 2 * n}, n+2
	h = open(t, o)
	wantEntries(t, h, n+2, 2*n, 1000)
	fill(t, h, 2*n+1, 2*n+9, 1000)
	wantEntries(t, h, n+2, 2*n+9, 1000)
}

// Less than what is worth a file stays in memory, also behind a restart, which reads the last segment again.
func TestARestWithLittleInMemoryBeginsNoSegment(t *testing.T) {
	o, h := large(t, restEntries-20)
	must(t, h.Rest())
	if segments := segmentsOf(t, o); len(segments) != 1 {
		t.Fatalf("segments %v", segments)
	}
	fill(t, h, restEntries-19, restEntries, 1000)
	must(t, h.Close())
	o.Checkpoint = raftlog.Mark{Term: 1, Index: restEntries}
	h = open(t, o)
	must(t, h.Rest())
	if segments := segmentsOf(t, o); len(segments) != 2 || h.tailBytes != 0 {
		t.Fatalf("segments %v, %d bytes in memory", segments, h.tailBytes)
	}
	wantEntries(t, h, 1, restEntries, 1000)
	must(t, h.Close())
	if err := h.Rest(); !errors.Is(err, raftlog.ErrClosed) {
		t.Fatalf("a rest of a history that is closed: %v", err)
	}
}

// A crash while a segment is begun early, and the journal's checkpoint is anywhere before.
func TestACrashInARestLosesNothing(t *testing.T) {
	const n = restEntries
	o, h := large(t, n)
	must(t, h.Close())
	for _, seeded := range []bool{false, true} {
		for _, checkpoint := range []raftlog.Index{1, n - 1, n} {
			crashed := copyHistory(t, o)
			if seeded {
				must(t, Seed(crashed.Directory, n+1))
			}
			crashed.Checkpoint = raftlog.Mark{Term: 1, Index: checkpoint}
			h := open(t, crashed)
			wantEntries(t, h, 1, checkpoint, 1000)
			fill(t, h, checkpoint+1, n+10, 1000)
			wantEntries(t, h, 1, n+10, 1000)
			wantThrough(t, h, n+10)
		}
	}
}

// F5: What a rest cannot sync must not become part of the checkpoint.
func TestAFailedSyncInARestIsFinal(t *testing.T) {
	const n = restEntries
	_, h := large(t, n)
	h.closeLog = func() error { return &os.PathError{Op: "sync", Path: "segment", Err: syscall.EIO} }
	for range 2 {
		if err := h.Rest(); !errors.Is(err, syscall.EIO) {
			t.Fatalf("rest: %v", err)
		}
	}
	if err := write(h, entries(n+1, n+1, 10)); !errors.Is(err, syscall.EIO) {
		t.Fatalf("write: %v", err)
	}
}

// G7: A rest without descriptors waits for the next write, and loses nothing.
func TestARestWithoutDescriptorsIsAState(t *testing.T) {
	if !ownprocess.Is(t) {
		return
	}
	const n = restEntries
	o, h := large(t, n)
	release := ownprocess.ExhaustDescriptors(t)
	mustWait(t, "a rest", h.Rest())
	must(t, h.Rest()) // there is nothing left to let go of
	wantThrough(t, h, n)
	mustWait(t, "a write", write(h, entries(n+1, n+9, 1000)))
	wantThrough(t, h, n)
	release()
	must(t, write(h, entries(n+1, n+9, 1000)))
	wantEntries(t, h, 1, n+9, 1000)
	wantThrough(t, h, n+9)
	must(t, h.Close())
	o.Checkpoint = raftlog.Mark{Term: 1, Index: n + 9}
	wantEntries(t, open(t, o), 1, n+9, 1000)
}

// While a trim removes files, a rest waits for none of them: a journal that rolls waits for the rest, so it would wait
// for the files as well.
func TestARestDoesNotWaitForATrim(t *testing.T) {
	o, h := large(t, restEntries)
	h.trimming.Lock()
	done := make(chan error, 1)
	go func() { done <- h.Rest() }()
	select {
	case err := <-done:
		must(t, err)
	case <-time.After(30 * time.Second):
		t.Error("the rest waits")
	}
	h.trimming.Unlock()
	wantThrough(t, h, restEntries)
	must(t, h.Rest())
	if segments := segmentsOf(t, o); len(segments) != 2 {
		t.Fatalf("segments %v", segments)
	}
}
