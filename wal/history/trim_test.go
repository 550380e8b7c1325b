package history

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
	tidwall "github.com/tidwall/wal"
)

// ripe is a history of 200 entries in many segments, all of them durable.
func ripe(t *testing.T) (Options, *History) {
	t.Helper()
	o := blank(t)
	h := open(t, o)
	fill(t, h, 1, 200, 300)
	wantThrough(t, h, 200)
	return o, h
}

// Readers, the filler and the journal, which has history synced when it rolls, go on while files are removed.
func TestReadersAndWritersGoOnWhileOldFilesGo(t *testing.T) {
	_, h := ripe(t)
	gone, err := h.abandon(150)
	must(t, err)
	if len(gone) == 0 {
		t.Fatal("nothing is to go: the test proves nothing")
	}
	wantEntries(t, h, 151, 200, 300)
	fill(t, h, 201, 500, 300)
	wantThrough(t, h, 500) // as the journal has it when it rolls
	wantEntries(t, h, 151, 500, 300)
	h.trimming.Unlock()
}

// F14, F18:
// A full disk, and old history goes at the same time: the repair of the write opens the files again, and lists them.
func TestAFullDiskWhileOldFilesGo(t *testing.T) {
	o, h := ripe(t)
	last := raftlog.Index(200)
	var both sync.WaitGroup
	both.Go(func() {
		for keep := raftlog.Index(10); keep <= 200; keep += 10 {
			if err := h.Trim(keep); err != nil {
				t.Error(err)
			}
		}
	})
	for range 20 {
		h.mu.Lock()
		h.writeBatch = func(*tidwall.Batch) error {
			return &os.PathError{Op: "write", Path: o.Directory, Err: syscall.ENOSPC}
		}
		h.mu.Unlock()
		if err := write(h, entries(last+1, last+1, 300)); err == nil {
			t.Error("a full disk takes an entry")
		}
		must(t, write(h, entries(last+1, last+1, 300)))
		last++
	}
	both.Wait()
	wantEntries(t, h, 200, last, 300)
	sum, err := sizeOf(segmentsOf(t, o))
	if must(t, err); h.Bytes() != sum {
		t.Fatalf("it says %d bytes, the files have %d", h.Bytes(), sum)
	}
	if _, err := os.Stat(filepath.Join(o.Directory, "00000000000000000001")); err == nil {
		t.Fatal("nothing has gone: the test proves nothing")
	}
}

func TestTheLibraryForgetsSegmentsThatWent(t *testing.T) {
	o, h := ripe(t)
	segments := segmentsOf(t, o)
	h.goneMax = 4
	before := h.log
	for i := 1; i <= 4; i++ {
		if h.log != before {
			t.Fatalf("it is opened again after %d segments went", i-1)
		}
		must(t, h.Trim(segments[i].First+1))
		wantEntries(t, h, segments[i].First+1, 200, 300)
	}
	if first, err := h.log.FirstIndex(); err != nil || first != uint64(segments[4].First) {
		t.Fatalf("it lists segments from %d on, %v; they begin with %d", first, err, segments[4].First)
	}
	fill(t, h, 201, 220, 300)
	wantEntries(t, h, segments[4].First+1, 220, 300)
}
