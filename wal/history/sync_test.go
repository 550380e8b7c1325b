package history

import (
	"errors"
	"os"
	"syscall"
	"testing"

	tidwall "github.com/tidwall/wal"
)

// The library syncs a segment when it begins the next one. A file system that puts off its allocations, or a quota, may
// say only then that there is no space; by then entries of earlier calls are gone from the page cache's list of what it
// has to write, and no later sync brings them back. That is not the state of a full disk, from which a node recovers.
func TestNoSpaceInASyncIsFinal(t *testing.T) {
	for _, failure := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		h := open(t, blank(t))
		fill(t, h, 1, 5, 10)
		h.writeBatch = func(*tidwall.Batch) error {
			return &os.PathError{Op: "sync", Path: "segment", Err: failure}
		}
		for range 2 {
			if err := write(h, entries(6, 6, 10)); err == nil || errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("%v in a sync: write says %v, as if it could be repeated", failure, err)
			}
		}
		if through, err := h.Sync(); err == nil {
			t.Fatalf("%v: after a failed sync the history is durable up to %d", failure, through)
		}
	}
}

// A full disk makes history close the library and repair the files. Closing syncs what earlier calls wrote; if that
// fails, those entries must not become part of the checkpoint.
func TestAFailedSyncBeforeARepairIsFinal(t *testing.T) {
	h := open(t, blank(t))
	fill(t, h, 1, 5, 10)
	fullDisk(h, 0)
	h.closeLog = func() error {
		return &os.PathError{Op: "sync", Path: "segment", Err: syscall.EIO}
	}
	if err := write(h, entries(6, 6, 10)); !errors.Is(err, syscall.EIO) {
		t.Fatalf("write: %v", err)
	}
	if through, err := h.Sync(); err == nil {
		t.Fatalf("after a failed sync the history is durable up to %d", through)
	}
}

// When the name of a new segment finds no space, the library has closed the file before it; there is nothing to sync.
func TestNoSpaceForANewSegmentIsAStateLikeAnyFullDisk(t *testing.T) {
	o := blank(t)
	h := open(t, o)
	fill(t, h, 1, 12, 300)
	tail := segmentsOf(t, o)
	es := entries(13, 40, 300)
	// Directories in place of the next segments: the library cannot make its file.
	blockers := []string{}
	for index := tail[len(tail)-1].First + 1; index < 41; index++ {
		blockers = append(blockers, segmentPath(o.Directory, index))
		must(t, os.Mkdir(blockers[len(blockers)-1], 0o700))
	}
	works := h.writeBatch
	h.writeBatch = func(b *tidwall.Batch) error {
		err := works(b)
		if err == nil {
			t.Error("the library made a segment: the test proves nothing")
		}
		return &os.PathError{Op: "open", Path: blockers[0], Err: syscall.ENOSPC}
	}
	err := write(h, es)
	for _, path := range blockers {
		must(t, os.Remove(path))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("write: %v", err)
	}
	must(t, write(h, es))
	wantEntries(t, h, 1, 40, 300)
	wantThrough(t, h, 40)
	must(t, h.Close())
	o.Checkpoint = es[len(es)-1].Mark()
	wantEntries(t, open(t, o), 1, 40, 300)
}
