package journal

import (
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The files are made smaller while the log holds more than half of such a file above its checkpoint. Commands wait, but
// the entry that begins a term must pass: without it nothing is ever committed, and history and checkpoint never move.
func TestASmallerFileTakesTheEntryThatBeginsATerm(t *testing.T) {
	m := vfs.NewMemory()
	o := testOptions(m)
	o.FileBytes = 2 * testFileBytes
	j := started(t, o, &fakeHistory{})
	group := operation(1, 1, entries(1, 40, 1, 1000)...)
	appendAll(t, j, group)
	must(t, j.Close())

	j, r := reopened(t, testOptions(m))
	h := &fakeHistory{}
	must(t, j.Start(h))
	if room := j.Room(41); room > 0 {
		t.Fatalf("room for %d bytes: the test proves nothing", room)
	}
	want := flatLog{}.after(group)
	for term := raftlog.Term(2); term < 30; term++ { // one is enough; elections may fail
		begins := raftlog.Entry{Index: want.last().Index + 1, Term: term, Kind: raftlog.EntryNoOp}
		begins.Seal()
		appendAll(t, j, operation(term, 1, begins))
		want = want.after(operation(term, 1, begins))
		_, r = reopened(t, testOptions(m.Crash(vfs.LoseAll)))
		must(t, want.check(&r, 0))
	}
	h.written = 40 // the term's first entry made the rest committed
	for range 20 { // the next roll takes the checkpoint on
		appendAll(t, j, operation(30, 1))
	}
	if room := j.Room(want.last().Index + 1); room < testFileBytes/4 {
		t.Fatalf("room for %d bytes after history took the entries", room)
	}
	defer func() {
		if recover() == nil {
			t.Fatal("commands beyond Room were accepted")
		}
	}()
	appendAll(t, j, operation(30, 1, entries(want.last().Index+1, want.last().Index+50, 30, 1000)...))
}
