package wal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
	tidwall "github.com/tidwall/wal"
)

// ripe is a log of 200 entries in many segments, all of them below the checkpoint that the journal states.
func ripe(t *testing.T) (Options, *Log) {
	t.Helper()
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	fill(t, l, 1, 200, 1, 300)
	_, err := l.history.Sync()
	must(t, err)
	for i := raftlog.Index(201); i <= 202; i++ { // the second one's record states the checkpoint
		must(t, l.Append(operation(1, 1, entry(i, 1, 300))))
	}
	if l.figures.Checkpoint != 200 {
		t.Fatalf("the checkpoint is %d", l.figures.Checkpoint)
	}
	return o, l
}

// E1, E14:
// A snapshot at S is in force, and a segment happens to begin with S+1: a start and a follower that hold the snapshot
// go on with S+1, and are told that it follows S.
func TestTheEntryBehindASnapshotIsReadableAfterATrim(t *testing.T) {
	o, l := ripe(t)
	segments := segmentsOf(t, o)
	for _, s := range segments[1 : len(segments)-1] {
		keep := s.first
		must(t, l.Keep(snapshotAt(keep-1, 1), nil))
		must(t, l.Trim(keep))
		wantEntries(t, l, keep, 200, 1, 300)
		if first := l.Stats().HistoryFirst; first != segments[slices.Index(segments, s)-1].first {
			t.Fatalf("from %d on is kept; history begins at %d", keep, first)
		}
	}
	must(t, l.Close())
	l, r := open(t, o)
	must(t, l.Write(r.Entries))
	wantEntries(t, l, segments[len(segments)-2].first, 202, 1, 300)
}

// F7:
// The removal of any names may reach the disk, whatever became of the others: what is left of old history is no damage.
func TestATrimThatAPowerLossInterruptedIsFinishedByTheNextStart(t *testing.T) {
	o, l := ripe(t)
	must(t, l.Keep(snapshotAt(199, 1), nil))
	must(t, l.Close())
	old := segmentsOf(t, o)[:3]
	for lost := range 1 << len(old) {
		c := copyLog(t, o)
		begin := raftlog.Index(1)
		for i, s := range segmentsOf(t, c)[:len(old)] {
			if lost>>i&1 == 0 {
				continue
			}
			must(t, os.Remove(s.path))
			begin = segmentsOf(t, o)[i+1].first
		}
		i, err := Inspect(c.Directory)
		must(t, err)
		must(t, i.Visit(func(string, int64, raftlog.Entry) error { return nil }))
		l, r := open(t, c)
		must(t, l.Write(r.Entries))
		if l.Stats().HistoryFirst != begin || segmentsOf(t, c)[0].first != begin {
			t.Fatalf("segments %03b are gone; history begins at %d, not at %d", lost, l.Stats().HistoryFirst, begin)
		}
		wantEntries(t, l, begin+1, 202, 1, 300)
		must(t, l.Close())
	}
}

// F2: Nothing stands for a missing segment that a start may need.
func TestAGapBehindTheOlderSnapshotIsDamage(t *testing.T) {
	o, l := ripe(t)
	segments := segmentsOf(t, o)
	must(t, l.Keep(snapshotAt(199, 1), snapshotAt(segments[2].first-2, 1)))
	must(t, l.Close())
	must(t, os.Remove(segments[1].path))
	wantCorruption(t, o, fmt.Sprintf("should begin with entry %d", segments[1].first))
}

// Readers, the filler and the journal, which has history synced when it rolls, go on while files are removed.
func TestNobodyWaitsForOldFilesToGo(t *testing.T) {
	_, l := ripe(t)
	must(t, l.Keep(snapshotAt(199, 1), nil))
	gone, err := l.history.abandon(150)
	must(t, err)
	if len(gone) == 0 {
		t.Fatal("nothing is to go: the test proves nothing")
	}
	wantEntries(t, l, 151, 200, 1, 300)
	must(t, l.Write(entries(201, 202, 1, 300)))
	fill(t, l, 203, 500, 1, 300) // the journal rolls
	wantEntries(t, l, 151, 500, 1, 300)
	l.history.trimming.Unlock()
}

// F14, F18:
// A full disk, and old history goes at the same time: the repair of the write opens the files again, and lists them.
func TestAFullDiskWhileOldFilesGo(t *testing.T) {
	o, l := ripe(t)
	must(t, l.Keep(snapshotAt(199, 1), nil))
	last := raftlog.Index(200)
	var both sync.WaitGroup
	both.Go(func() {
		for keep := raftlog.Index(10); keep <= 200; keep += 10 {
			if err := l.Trim(keep); err != nil {
				t.Error(err)
			}
		}
	})
	for range 20 {
		l.history.mu.Lock()
		l.history.writeBatch = func(*tidwall.Batch) error {
			return &os.PathError{Op: "write", Path: o.Directory, Err: syscall.ENOSPC}
		}
		l.history.mu.Unlock()
		if err := l.Write(entries(last+1, last+1, 1, 300)); err == nil {
			t.Error("a full disk takes an entry")
		}
		must(t, l.Write(entries(last+1, last+1, 1, 300)))
		last++
	}
	both.Wait()
	wantEntries(t, l, 200, last, 1, 300)
	sum, err := sizeOf(segmentsOf(t, o))
	if must(t, err); l.HistoryBytes() != sum {
		t.Fatalf("it says %d bytes, the files have %d", l.HistoryBytes(), sum)
	}
	if _, err := os.Stat(filepath.Join(o.Directory, firstHistory, "00000000000000000001")); err == nil {
		t.Fatal("nothing has gone: the test proves nothing")
	}
}

func TestTheLibraryForgetsSegmentsThatWent(t *testing.T) {
	o, l := ripe(t)
	must(t, l.Keep(snapshotAt(199, 1), nil))
	segments := segmentsOf(t, o)
	l.history.goneMax = 4
	before := l.history.log
	for i := 1; i <= 4; i++ {
		if l.history.log != before {
			t.Fatalf("it is opened again after %d segments went", i-1)
		}
		must(t, l.Trim(segments[i].first+1))
		wantEntries(t, l, segments[i].first+1, 200, 1, 300)
	}
	if first, err := l.history.log.FirstIndex(); err != nil || first != uint64(segments[4].first) {
		t.Fatalf("it lists segments from %d on, %v; they begin with %d", first, err, segments[4].first)
	}
	must(t, l.Write(entries(201, 202, 1, 300)))
	fill(t, l, 203, 220, 1, 300)
	wantEntries(t, l, segments[4].first+1, 220, 1, 300)
}
