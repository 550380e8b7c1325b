package wal

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
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
		keep := s.First
		must(t, l.Keep(snapshotAt(keep-1, 1), nil))
		must(t, l.Trim(keep))
		wantEntries(t, l, keep, 200, 1, 300)
		if first := l.Stats().HistoryFirst; first != segments[slices.Index(segments, s)-1].First {
			t.Fatalf("from %d on is kept; history begins at %d", keep, first)
		}
	}
	must(t, l.Close())
	l, r := open(t, o)
	must(t, l.Write(r.Entries))
	wantEntries(t, l, segments[len(segments)-2].First, 202, 1, 300)
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
			must(t, os.Remove(s.Path))
			begin = segmentsOf(t, o)[i+1].First
		}
		i, err := Inspect(c.Directory)
		must(t, err)
		must(t, i.Visit(func(string, int64, raftlog.Entry) error { return nil }))
		l, r := open(t, c)
		must(t, l.Write(r.Entries))
		if l.Stats().HistoryFirst != begin || segmentsOf(t, c)[0].First != begin {
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
	must(t, l.Keep(snapshotAt(199, 1), snapshotAt(segments[2].First-2, 1)))
	must(t, l.Close())
	must(t, os.Remove(segments[1].Path))
	wantCorruption(t, o, fmt.Sprintf("should begin with entry %d", segments[1].First))
}
