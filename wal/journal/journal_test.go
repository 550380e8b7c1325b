package journal

import (
	"errors"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

func TestWhatWasAppendedIsRecoveredInOrder(t *testing.T) {
	m := vfs.NewMemory()
	o := testOptions(m)
	j := started(t, o, &fakeHistory{})
	groups := [][]raftlog.Operation{
		{operation(1, 1)},
		{operation(1, 1, entries(1, 5, 1, 100)...), operation(1, 1, entries(6, 8, 1, 0)...)},
		{operation(2, 0), operation(2, 3, entries(4, 4, 2, 50)...)}, // a conflict at 4
		{operation(3, 0, entries(5, 6, 3, 10)...), operation(3, 0, entries(6, 9, 3, 11)...)},
	}
	var want flatLog
	for _, group := range groups {
		appendAll(t, j, group...)
		want = want.after(group...)
	}
	must(t, j.Close())
	_, r := reopened(t, o)
	must(t, want.check(&r, 0))
	if r.Torn {
		t.Fatal("a whole journal counts as torn")
	}
}

// F12.
func TestAGroupIsOneWriteAndOneSyncBeforeAppendReturns(t *testing.T) {
	m := vfs.NewMemory()
	o := testOptions(m)
	j := started(t, o, &fakeHistory{})
	var ops []vfs.Op
	m.SetFault(func(op vfs.Op, _ string) error { ops = append(ops, op); return nil })
	group := []raftlog.Operation{operation(1, 2, entries(1, 3, 1, 3000)...), operation(2, 0)}
	appendAll(t, j, group...)
	if len(ops) != 2 || ops[0] != vfs.OpWrite || ops[1] != vfs.OpSync {
		t.Fatalf("operations of a group: %v", ops)
	}
	_, r, err := Open(testOptions(m.Crash(vfs.LoseAll)))
	must(t, err)
	must(t, flatLog{}.after(group...).check(&r, 0))
}

// What is written of a whole file, when a journal is made or opened, is synced in pieces: other files on the disk are
// synced in between.
func TestAWholeFileIsSyncedInPieces(t *testing.T) {
	m := vfs.NewMemory()
	o := testOptions(m)
	o.FileBytes, o.MaxEntryBytes, o.MaxGroupBytes = 5*syncBytes+PageBytes, 1<<20, 1<<20
	writes, longest, syncs := 0, 0, 0
	m.SetFault(func(op vfs.Op, _ string) error {
		switch op {
		case vfs.OpWrite:
			writes++
			longest = max(longest, writes)
		case vfs.OpSync:
			writes, syncs = 0, syncs+1
		}
		return nil
	})
	j := started(t, o, &fakeHistory{})
	if wanted := 2 * (5 + 1); longest > syncBytes/chunkBytes || syncs < wanted {
		t.Errorf("to make a journal %d pieces are written without a sync, and there are %d syncs, want %d and %d",
			longest, syncs, syncBytes/chunkBytes, wanted)
	}
	for index := raftlog.Index(1); j.end < 2*syncBytes; index++ {
		appendAll(t, j, operation(1, 1, entry(index, 1, 1<<19)))
	}
	must(t, j.Close())
	j, _ = reopened(t, o)
	longest, syncs = 0, 0
	must(t, j.Start(&fakeHistory{}))
	if longest > syncBytes/chunkBytes || syncs < 4 {
		t.Errorf("to open a journal %d pieces are written without a sync, and there are %d syncs, want %d and 4",
			longest, syncs, syncBytes/chunkBytes)
	}
}

// F5.
func TestTheFirstErrorIsFinal(t *testing.T) {
	for _, broken := range []vfs.Op{vfs.OpWrite, vfs.OpSync} {
		m := vfs.NewMemory()
		j := started(t, testOptions(m), &fakeHistory{})
		appendAll(t, j, operation(1, 1))
		fault := errors.New("input/output error")
		m.SetFault(func(op vfs.Op, _ string) error {
			if op == broken {
				return fault
			}
			return nil
		})
		first := j.Append([]raftlog.Operation{operation(2, 1)})
		if !errors.Is(first, fault) {
			t.Fatalf("%s: append: %v", broken, first)
		}
		touched := false
		m.SetFault(func(vfs.Op, string) error { touched = true; return nil })
		for name, err := range map[string]error{
			"append": j.Append([]raftlog.Operation{operation(3, 1)}),
			"seal":   j.Seal(),
			"switch": j.Switch(Switch{}),
		} {
			if !errors.Is(err, fault) {
				t.Fatalf("%s after a failed %s: %v", name, broken, err)
			}
		}
		if touched {
			t.Fatalf("the disk was used after a failed %s", broken)
		}
	}
}

func TestAnErrorOfHistoryDuringARollIsFinal(t *testing.T) {
	m := vfs.NewMemory()
	h := &fakeHistory{}
	j := started(t, testOptions(m), h)
	h.err = errors.New("input/output error")
	var err error
	for term := raftlog.Term(1); err == nil && term < 100; term++ {
		err = j.Append([]raftlog.Operation{operation(term, 1)})
	}
	if !errors.Is(err, h.err) || !errors.Is(j.Seal(), h.err) {
		t.Fatalf("append: %v", err)
	}
}

func TestADurablePageIsNeverRewrittenWithinItsGeneration(t *testing.T) {
	m := vfs.NewMemory()
	o := testOptions(m)
	written := map[string]map[int64]bool{}
	o.FS = writeWatch{FS: m, seen: func(path string, offset, bytes int64) {
		if offset == 0 {
			written[path] = map[int64]bool{} // an opening begins the file anew
		}
		if offset%PageBytes != 0 || bytes%PageBytes != 0 {
			t.Fatalf("write of %d bytes at %d is not whole pages", bytes, offset)
		}
		for page := offset; page < offset+bytes; page += PageBytes {
			if written[path][page] {
				t.Fatalf("page at %d of %s written twice", page, path)
			}
			written[path][page] = true
		}
	}}
	must(t, Create(testOptions(m), blank()))
	j, _ := reopened(t, o)
	h := &fakeHistory{}
	must(t, j.Start(h))
	for i := raftlog.Index(1); i < 60; i++ {
		appendAll(t, j, operation(1, 1, entry(i, 1, int(i)*90)))
		h.written = i
		if i%7 == 0 {
			must(t, j.Seal())
		}
	}
	if j.Stats().Generation < 4 {
		t.Fatalf("the test never rolled: %+v", j.Stats())
	}
}

// writeWatch tells seen about every write.
type writeWatch struct {
	vfs.FS
	seen func(path string, offset, bytes int64)
}

func (w writeWatch) Open(path string, create bool) (vfs.File, error) {
	f, err := w.FS.Open(path, create)
	return watchedFile{f, path, w.seen}, err
}

type watchedFile struct {
	vfs.File
	path string
	seen func(path string, offset, bytes int64)
}

func (f watchedFile) WriteAt(p []byte, offset int64) (int, error) {
	f.seen(f.path, offset, int64(len(p)))
	return f.File.WriteAt(p, offset)
}

func TestASealIsWrittenOnceBehindARecord(t *testing.T) {
	m := vfs.NewMemory()
	j := started(t, testOptions(m), &fakeHistory{})
	for range 3 {
		must(t, j.Seal())
	}
	appendAll(t, j, operation(1, 1))
	for range 3 {
		must(t, j.Seal())
	}
	if s := j.Stats(); s.Seals != 2 {
		t.Fatalf("%d seals, want one behind the opening and one behind the group", s.Seals)
	}
}

func TestRulesOfTheLogAreAsserted(t *testing.T) {
	base := []raftlog.Operation{{Term: 5, Vote: 1, Commit: 3, Entries: entries(1, 6, 4, 10)}}
	for name, op := range map[string]raftlog.Operation{
		"term goes back":      operation(4, 1),
		"vote changes":        operation(5, 2),
		"vote is forgotten":   operation(5, 0),
		"truncation":          operation(5, 1, entry(3, 5, 1)),
		"after entry":         operation(5, 1, entry(8, 5, 1)),
		"entry 7/3":           operation(5, 1, entry(7, 3, 1)),
		"entry 7/6":           operation(5, 1, entry(7, 6, 1)),
		"has 8193 bytes":      operation(5, 1, entry(7, 5, 8193)),
		"above the checkpoin": operation(5, 1, entries(7, 12, 5, 8000)...),
	} {
		t.Run(name, func(t *testing.T) {
			j := started(t, testOptions(vfs.NewMemory()), &fakeHistory{})
			appendAll(t, j, base...)
			defer func() {
				if v := recover(); v == nil || !strings.HasPrefix(v.(string), "journal: ") {
					t.Fatalf("recovered %v", v)
				}
			}()
			_ = j.Append([]raftlog.Operation{op})
			t.Fatal("accepted")
		})
	}
}

func TestEntriesWaitForRoomAndTheCheckpointMakesIt(t *testing.T) {
	m := vfs.NewMemory()
	o := testOptions(m)
	h := &fakeHistory{}
	j := started(t, o, h)
	last := raftlog.Index(0)
	e := entry(1, 1, 500)
	for j.Room(last+1) >= int64(e.Size()) {
		last++
		appendAll(t, j, operation(1, 1, entry(last, 1, 500)))
	}
	if live := j.Stats().LiveBytes; live > testFileBytes/2 || live < testFileBytes/3 {
		t.Fatalf("%d bytes above the checkpoint fill the room of a file of %d", live, testFileBytes)
	}
	if room := j.Room(1); room < int64(last)*int64(e.Size()) {
		t.Fatalf("a conflict at 1 would free everything, but has room for %d bytes only", room)
	}
	appendAll(t, j, operation(2, 1, entries(last-3, last, 2, 500)...)) // replaces as much as it brings
	h.written = last - 10
	j.Advance(h.written)
	if room := j.Room(last + 1); room < 20<<10 {
		t.Fatalf("after the checkpoint moved to %v there is room for %d bytes", j.Checkpoint(), room)
	}
	appendAll(t, j, operation(2, 1))
	_, r := reopened(t, o)
	if r.Checkpoint != (raftlog.Mark{Term: 1, Index: last - 10}) || len(r.Entries) != 10 {
		t.Fatalf("recovered checkpoint %v and %d entries", r.Checkpoint, len(r.Entries))
	}
	if e := entry(last-10, 1, 0); r.CheckpointTime != e.Time() {
		t.Fatalf("time of the checkpoint is %d", r.CheckpointTime)
	}
}

func TestTheConfigurationBelowTheCheckpointStaysKnown(t *testing.T) {
	m := vfs.NewMemory()
	o := testOptions(m)
	h := &fakeHistory{}
	j := started(t, o, h)
	configuration := func(index raftlog.Index, body string) raftlog.Entry {
		e := raftlog.Entry{Index: index, Term: 1, Kind: raftlog.EntryConfiguration, Body: []byte(body)}
		e.Seal()
		return e
	}
	appendAll(t, j, operation(1, 1, configuration(1, "one"), entry(2, 1, 1), configuration(3, "three"), entry(4, 1, 1)))
	for through, want := range map[raftlog.Index]string{1: "one", 2: "one", 3: "three", 4: "three"} {
		c := m.Kill()
		j, _ := reopened(t, testOptions(c))
		must(t, j.Start(&fakeHistory{written: through}))
		_, r := reopened(t, testOptions(c))
		if string(r.ConfigurationBody) != want || r.Checkpoint.Index != through {
			t.Fatalf("at checkpoint %d: configuration %q at %d", r.Checkpoint.Index, r.ConfigurationBody, r.ConfigurationIndex)
		}
	}
}

func TestACommitHintIsKeptAndNeverGoesBack(t *testing.T) {
	m := vfs.NewMemory()
	o := testOptions(m)
	j := started(t, o, &fakeHistory{})
	for _, commit := range []raftlog.Index{0, 2, 1} {
		appendAll(t, j, raftlog.Operation{Term: 1, Commit: commit,
			Entries: []raftlog.Entry{entry(j.Last().Index+1, 1, 1)}})
	}
	_, r := reopened(t, o)
	if r.Commit != 2 {
		t.Fatalf("commit hint %d", r.Commit)
	}
}

func TestUseBeforeStartOrAfterCloseIsRefused(t *testing.T) {
	o := testOptions(vfs.NewMemory())
	must(t, Create(o, blank()))
	j, _ := reopened(t, o)
	func() {
		defer func() {
			if recover() == nil {
				t.Fatal("append before Start accepted")
			}
		}()
		_ = j.Append([]raftlog.Operation{operation(1, 1)})
	}()
	must(t, j.Start(&fakeHistory{}))
	must(t, j.Close())
	if err := j.Append([]raftlog.Operation{operation(1, 1)}); !errors.Is(err, raftlog.ErrClosed) {
		t.Fatalf("append after close: %v", err)
	}
	if err := j.Close(); !errors.Is(err, raftlog.ErrClosed) {
		t.Fatalf("second close: %v", err)
	}
}
