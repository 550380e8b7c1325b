package wal

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/history"
	"github.com/raftredis/raftredis/wal/raftlog"
)

func TestALogIsMadeFilledReadAndOpenedAgain(t *testing.T) {
	o := testOptions(filepath.Join(t.TempDir(), "a", "b"))
	l, r := open(t, o)
	if r.Identity != (Identity{}) || r.Term != 0 || len(r.Entries) != 0 || r.Checkpoint.Index != 0 {
		t.Fatalf("a blank directory says %+v", r)
	}
	const last = 600
	fill(t, l, 1, last, 3, 400)
	wantEntries(t, l, 1, last, 3, 400)
	s := l.Stats()
	if s.Journal.Generation < 4 || s.HistoryLast != last || s.HistoryFirst != 1 || s.HistoryDurable < last/2 {
		t.Fatalf("figures %+v", s)
	}
	must(t, l.Append(operation(4, 2, entries(last+1, last+3, 4, 10)...)))
	must(t, l.Close())

	l, r = open(t, o)
	if r.Term != 4 || r.Vote != 2 || r.HistoryLast != r.Checkpoint.Index || r.Checkpoint.Index < last/2 {
		t.Fatalf("recovered %+v", r.Checkpoint)
	}
	if got := r.Entries[len(r.Entries)-1].Mark(); got != (raftlog.Mark{Term: 4, Index: last + 3}) {
		t.Fatalf("the log ends at %v", got)
	}
	wantEntries(t, l, 1, r.Checkpoint.Index, 3, 400)
	must(t, l.Write(r.Entries)) // the filler writes again what was cut
	wantEntries(t, l, 1, last, 3, 400)
}

// F6, F12.
func TestAppendSyncsOncePerGroupAndHistoryRarely(t *testing.T) {
	l, _ := open(t, testOptions(t.TempDir()))
	before := l.Stats()
	for index := raftlog.Index(1); index <= 10; index++ {
		e := entry(index, 1, 100)
		must(t, l.Append(operation(1, 1, e)))
		must(t, l.Write([]raftlog.Entry{e}))
	}
	after := l.Stats()
	if got := after.Journal.Syncs - before.Journal.Syncs; got != 10 {
		t.Fatalf("%d syncs of the journal for 10 groups", got)
	}
	if after.HistorySyncs != 0 || after.HistoryDurable != 0 {
		t.Fatalf("history was synced %d times", after.HistorySyncs)
	}
}

// F21.
func TestASecondProcessIsRefused(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	if _, _, err := Open(o); !errors.Is(err, vfs.ErrLocked) {
		t.Fatalf("second open: %v", err)
	}
	must(t, l.Close())
	open(t, o)
}

// S20: The journal holds entries that are not committed; the node restarts; a new leader truncates them.
func TestWhatWasNotCommittedNeverReachedHistory(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	fill(t, l, 1, 20, 1, 100)
	must(t, l.Append(operation(1, 1, entries(21, 30, 1, 100)...)))
	must(t, l.Close())

	l, r := open(t, o)
	if last := r.Entries[len(r.Entries)-1].Index; last != 30 || r.HistoryLast > 20 {
		t.Fatalf("the log ends at %d, history at %d", last, r.HistoryLast)
	}
	must(t, l.Append(operation(2, 0, entries(21, 22, 2, 50)...)))
	must(t, l.Close())

	l, r = open(t, o)
	if last := r.Entries[len(r.Entries)-1].Mark(); last != (raftlog.Mark{Term: 2, Index: 22}) {
		t.Fatalf("the log ends at %v", last)
	}
	must(t, l.Write(r.Entries))
	wantEntries(t, l, 1, 20, 1, 100)
	previous, found, err := l.Entries(21, 1)
	must(t, err)
	if previous.Term != 1 || len(found) != 1 || found[0].Term != 2 {
		t.Fatalf("entry 21 is %v", found[0].Mark())
	}
}

// F15.
func TestReadersWhileHistoryGrowsSeeWhatWasWritten(t *testing.T) {
	l, _ := open(t, testOptions(t.TempDir()))
	const last = 400
	fill(t, l, 1, last/2, 1, 300)
	var wg sync.WaitGroup
	wg.Go(func() { fill(t, l, last/2+1, last, 1, 300) })
	for i := range 4 {
		wg.Go(func() {
			for range 3 {
				wantEntries(t, l, raftlog.Index(1+i*20), last/2, 1, 300)
				l.Stats()
			}
		})
	}
	wg.Wait()
	wantEntries(t, l, 1, last, 1, 300)
}

func TestAVoteSurvivesARestartAndRoomIsReported(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	must(t, l.Append(operation(9, 4)))
	must(t, l.Seal())
	if room := l.Room(1); room < testFileBytes/2-8<<10 || room > testFileBytes/2 {
		t.Fatalf("room for %d bytes", room)
	}
	must(t, l.Close())
	if err := l.SetIdentity(testIdentity()); !errors.Is(err, ErrClosed) {
		t.Fatalf("after close: %v", err)
	}
	if _, r := open(t, o); r.Term != 9 || r.Vote != 4 {
		t.Fatalf("term %d, vote %d", r.Term, r.Vote)
	}
}

func TestHistoriesThatTheJournalDoesNotNameAreRemoved(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	fill(t, l, 1, 20, 1, 300)
	must(t, l.Close())
	void := filepath.Join(o.Directory, "history-77")
	must(t, history.Seed(void, 77))
	l, _ = open(t, o)
	if _, err := os.Stat(void); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("stat: %v", err)
	}
	if _, err := os.Stat(filepath.Join(o.Directory, firstHistory)); err != nil {
		t.Fatal(err)
	}
	must(t, l.Close())
}

func TestOptionsAreValidated(t *testing.T) {
	for name, spoil := range map[string]func(*Options){
		"no directory":      func(o *Options) { o.Directory = "" },
		"segment too small": func(o *Options) { o.SegmentBytes = MinSegmentBytes - 1 },
		"segment too large": func(o *Options) { o.SegmentBytes = MaxSegmentBytes + 1 },
		"journal too small": func(o *Options) { o.FileBytes = 1 << 12 },
		"entry beyond half": func(o *Options) { o.MaxEntryBytes = testFileBytes },
	} {
		o := testOptions(t.TempDir())
		spoil(&o)
		if _, _, err := Open(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A log at rest holds no entry in memory: what history has is durable there, and the journal lets go of it.
func TestALogAtRestHoldsNoEntry(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	fill(t, l, 1, 20, 1, 300)
	must(t, l.Append(operation(1, 1, entries(21, 22, 1, 300)...))) // not in history yet
	must(t, l.Seal())
	if l.journal.Checkpoint().Index != 0 {
		t.Fatal("history is durable already: the test proves nothing")
	}
	syncs := l.Stats().HistorySyncs
	for range 2 { // the second time costs no sync
		must(t, l.Rest())
		must(t, l.Seal())
		if at := l.journal.Checkpoint().Index; at != 20 || l.Stats().HistorySyncs != syncs+1 {
			t.Fatalf("the journal holds entries behind %d, %d syncs", at, l.Stats().HistorySyncs-syncs)
		}
	}
	wantEntries(t, l, 1, 20, 1, 300)
	must(t, l.Close())
	l, r := open(t, o)
	if r.Checkpoint.Index > 20 || len(r.Entries) == 0 || r.Entries[len(r.Entries)-1].Index != 22 {
		t.Fatalf("checkpoint %v, %d entries", r.Checkpoint, len(r.Entries))
	}
	must(t, l.Write(entries(r.Checkpoint.Index+1, 22, 1, 300)))
	wantEntries(t, l, 1, 22, 1, 300)
}
