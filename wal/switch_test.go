package wal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/raftredis/raftredis/wal/history"
	"github.com/raftredis/raftredis/wal/raftlog"
)

func snapshotAt(index raftlog.Index, term raftlog.Term) *raftlog.SnapshotMark {
	return &raftlog.SnapshotMark{
		Mark: raftlog.Mark{Index: index, Term: term}, Configuration: []byte("members"), FileHash: 1, FileBytes: 2,
	}
}

// S21: History ends at 300, a snapshot at 500 is installed, then 501 is appended.
func TestAnInstalledSnapshotLeavesTheOldLogOrTheNewOne(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	fill(t, l, 1, 300, 1, 50)
	must(t, l.Append(operation(2, 3, entries(301, 310, 2, 50)...)))
	wantOld := func(c Options) {
		t.Helper()
		l, r := open(t, c)
		if r.Snapshot != nil || r.Entries[len(r.Entries)-1].Index != 310 || r.Term != 2 || r.Vote != 3 {
			t.Fatalf("recovered snapshot %v, log up to %v", r.Snapshot, r.Entries[len(r.Entries)-1].Mark())
		}
		must(t, l.Restart(snapshotAt(500, 4), raftlog.Time{Stamp: 9000, Offset: -1})) // and the installation is done again
		must(t, l.Close())
	}
	wantNew := func(c Options) {
		t.Helper()
		l, r := open(t, c)
		if r.Snapshot.Index != 500 || r.Checkpoint != snapshotAt(500, 4).Mark ||
			r.CheckpointTime != (raftlog.Time{Stamp: 9000, Offset: -1}) ||
			r.Term != 2 || r.Vote != 3 || r.ConfigurationIndex != 500 || string(r.ConfigurationBody) != "members" {
			t.Fatalf("recovered %+v", r)
		}
		if _, err := os.Stat(filepath.Join(c.Directory, firstHistory)); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("the old history: %v", err)
		}
		must(t, l.Close())
	}

	wantOld(copyLog(t, o)) // before
	c := copyLog(t, o)
	must(t, history.Seed(filepath.Join(c.Directory, "history-501"), 501))
	wantOld(c) // after the new directory is made
	before := copyLog(t, o)
	must(t, l.Restart(snapshotAt(500, 4), raftlog.Time{Stamp: 9000, Offset: -1}))
	wantNew(copyLog(t, o)) // after
	c = copyLog(t, o)
	must(t, os.CopyFS(filepath.Join(c.Directory, firstHistory), os.DirFS(filepath.Join(before.Directory, firstHistory))))
	wantNew(c) // before the old directory is removed

	es := entries(501, 520, 4, 50)
	must(t, l.Append(operation(4, 1, es...)))
	must(t, l.Write(es))
	wantEntries(t, l, 501, 520, 4, 50)
	if previous, _, err := l.Entries(501, 1); err != nil || previous != snapshotAt(500, 4).Mark {
		t.Fatalf("before 501: %v, %v", previous, err)
	}
	if _, _, err := l.Entries(300, 1); !errors.Is(err, ErrCompacted) {
		t.Fatalf("entry 300: %v", err)
	}
	must(t, l.Close())
	l, r := open(t, o)
	if r.Checkpoint.Index < 500 || r.Entries[len(r.Entries)-1].Index != 520 {
		t.Fatalf("recovered checkpoint %v", r.Checkpoint)
	}
	must(t, l.Write(r.Entries))
	wantEntries(t, l, 501, 520, 4, 50)
}

func TestOldSegmentsGoAsWholeFilesOnceASnapshotStandsForThem(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	fill(t, l, 1, 100, 1, 300)
	must(t, l.Keep(snapshotAt(50, 1), nil))
	must(t, l.Keep(snapshotAt(80, 1), snapshotAt(50, 1)))
	must(t, l.Trim(51))
	first := l.Stats().HistoryFirst
	if first < 35 || first > 51 {
		t.Fatalf("history begins at %d", first)
	}
	wantEntries(t, l, first+1, 100, 1, 300)
	for _, gone := range []raftlog.Index{1, 2, first - 1} { // of the first one it is known what was before it
		if _, _, err := l.Entries(gone, 1); !errors.Is(err, ErrCompacted) {
			t.Fatalf("entry %d: %v", gone, err)
		}
	}
	fill(t, l, 101, 130, 1, 300)
	must(t, l.Close())

	l, r := open(t, o)
	if r.Snapshot.Index != 80 || r.Retained.Index != 50 || l.Stats().HistoryFirst != first {
		t.Fatalf("recovered snapshots %v and %v, history from %d", r.Snapshot, r.Retained, l.Stats().HistoryFirst)
	}
	must(t, l.Write(r.Entries))
	wantEntries(t, l, first+1, 130, 1, 300)
	must(t, l.Trim(1000)) // never the last segment
	wantEntries(t, l, 130, 130, 1, 300)
	must(t, l.Close())
	wantCorruption(t, o, "history begins here") // more is gone than the snapshots stand for
}

// A snapshot of entries that are in history, not yet in the checkpoint, lets go the segments that hold them. The log
// must still open: the journal has these entries, but says that history holds what is below them.
func TestOldSegmentsStayUntilHistoryIsDurable(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	fill(t, l, 1, 40, 1, 300)
	if s := l.Stats(); s.HistoryDurable >= 40 {
		t.Fatalf("history is durable up to %d: the test proves nothing", s.HistoryDurable)
	}
	must(t, l.Keep(snapshotAt(40, 1), nil))
	must(t, l.Trim(41))
	l, r := open(t, copyLog(t, o)) // as a killed process leaves it
	if r.Entries[len(r.Entries)-1].Index != 40 {
		t.Fatalf("the log ends at %v", r.Entries[len(r.Entries)-1].Mark())
	}
	must(t, l.Write(r.Entries))
	wantEntries(t, l, l.Stats().HistoryFirst+1, 40, 1, 300)
}

func TestHistoryKnowsHowLargeItIs(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	want := func(what string) {
		t.Helper()
		name, _ := l.history.Place()
		segments, err := history.List(filepath.Join(o.Directory, name))
		must(t, err)
		sum := int64(0)
		for _, s := range segments {
			info, err := os.Stat(s.Path)
			must(t, err)
			sum += info.Size()
		}
		if got := l.HistoryBytes(); got != sum || l.Stats().HistoryBytes != sum {
			t.Fatalf("%s: it says %d bytes, the files have %d", what, got, sum)
		}
	}
	want("empty")
	fill(t, l, 1, 100, 1, 300)
	want("filled")
	before := l.HistoryBytes()
	must(t, l.Keep(snapshotAt(50, 1), nil))
	must(t, l.Trim(51))
	want("trimmed")
	if now := l.HistoryBytes(); now >= before || now == 0 {
		t.Fatalf("%d bytes after a trim of %d", now, before)
	}
	must(t, l.Restart(snapshotAt(500, 4), raftlog.Time{Stamp: 1}))
	want("begun anew")
	must(t, l.Append(operation(4, 1, entries(501, 501, 4, 70)...)))
	must(t, l.Write(entries(501, 501, 4, 70)))
	want("one entry")
	must(t, l.Close())
	l, _ = open(t, o)
	want("opened")
}

func TestOnlyDirectoriesThatBearANameOfOursAreRemoved(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	must(t, l.Close())
	foreign := []string{"history-", "history-backup", "history-01", "history-0", "history-2x", "history--1", "history-+2"}
	for _, name := range append(foreign, "history-7") {
		must(t, os.Mkdir(filepath.Join(o.Directory, name), 0o700))
	}
	l, _ = open(t, o)
	must(t, l.Restart(snapshotAt(500, 4), raftlog.Time{Stamp: 1}))
	for _, name := range foreign {
		if _, err := os.Stat(filepath.Join(o.Directory, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"history-1", "history-7"} {
		if _, err := os.Stat(filepath.Join(o.Directory, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s, which no record names, is still there: %v", name, err)
		}
	}
}
