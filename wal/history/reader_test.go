//go:build unix

package history

import (
	"errors"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// readBound is how long a call may take that waits for no disk, on a machine that is slow and loaded.
const readBound = 30 * time.Second

// hangingRead puts a pipe in the place of a segment, and returns what the segment had. Who reads it waits.
func hangingRead(t *testing.T, s Segment) (held []byte) {
	t.Helper()
	held, err := os.ReadFile(s.Path)
	must(t, err)
	must(t, os.Remove(s.Path))
	must(t, syscall.Mkfifo(s.Path, 0o600))
	return held
}

// within fails unless a call ends although a reader waits for the disk.
func within(t *testing.T, what string, call func() error) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- call() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	case <-time.After(readBound):
		t.Fatalf("%s waits for a reader that waits for the disk", what)
	}
}

// A roll of the journal has history synced. It must not wait for a follower that is far behind, and for whom an old
// segment is read from a slow disk.
func TestNothingButReadersWaitsForADiskThatReads(t *testing.T) {
	o, h := ripe(t)
	slow := segmentsOf(t, o)[0]
	held := hangingRead(t, slow)
	type answer struct {
		found []raftlog.Entry
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		_, found, err := h.Entries(1, 1)
		answered <- answer{found, err}
	}()
	entered := make(chan *os.File, 1)
	go func() {
		pipe, _ := os.OpenFile(slow.Path, os.O_WRONLY, 0) // it opens when the reader has opened it
		entered <- pipe
	}()
	var pipe *os.File
	select {
	case pipe = <-entered:
	case <-time.After(readBound):
		t.Fatal("no reader opens the segment: the test proves nothing")
	}
	t.Cleanup(func() { _ = pipe.Close() }) // a test that failed lets the reader go

	within(t, "a write", func() error { return write(h, entries(201, 260, 300)) })
	within(t, "a sync", func() error {
		through, err := h.Sync()
		if through != 260 {
			t.Errorf("history is durable up to %d", through)
		}
		return err
	})
	within(t, "a trim", func() error { return h.Trim(150) })
	within(t, "a look at the figures", func() error { h.Stats(); return nil })
	select {
	case <-answered:
		t.Fatal("the reader did not wait: the test proves nothing")
	default:
	}

	_, err := pipe.Write(held)
	must(t, err)
	must(t, pipe.Close())
	select {
	case a := <-answered:
		if a.err != nil || len(a.found) != 1 || a.found[0].Index != 1 {
			t.Fatalf("the reader got %v, %v", marks(a.found), a.err)
		}
	case <-time.After(readBound):
		t.Fatal("the reader never ends")
	}
}

// A segment goes while it is read: the reader is told that it is gone, and not that it is damaged.
func TestAReaderOfASegmentThatGoesIsToldSo(t *testing.T) {
	o, h := ripe(t)
	v, err := h.view()
	must(t, err)
	must(t, h.Trim(150))
	if _, err := h.read(&v, 1); !errors.Is(err, ErrCompacted) {
		t.Fatalf("entry 1 was there when the read began: %v", err)
	}
	for _, s := range segmentsOf(t, o) {
		if s.First == 1 {
			t.Fatal("segment 1 is still there: the test proves nothing")
		}
	}
}

// What a reader has in memory of the last segment grows with it, entry by entry, also across the repair of a write that
// failed half way.
func TestAReaderFollowsTheLastSegment(t *testing.T) {
	h := open(t, blank(t))
	for i := raftlog.Index(1); i <= 60; i++ {
		if i%7 == 0 {
			fullDisk(h, 1)
			if err := write(h, entries(i, i+2, 100)); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("write: %v", err)
			}
		}
		must(t, write(h, entries(i, i, 100)))
		wantEntries(t, h, max(i, 5)-4, i, 100)
	}
}

// Each entry of many segments, read in an order that fits no cache.
func TestAReaderFindsEveryEntryInAnyOrder(t *testing.T) {
	_, h := ripe(t)
	for at := raftlog.Index(1); at <= 200; at++ {
		index := at*37%200 + 1
		_, found, err := h.Entries(index, 1)
		must(t, err)
		if len(found) != 1 || found[0].Index != index {
			t.Fatalf("entry %d: %v", index, marks(found))
		}
	}
}

func marks(es []raftlog.Entry) (all []raftlog.Mark) {
	for i := range es {
		all = append(all, es[i].Mark())
	}
	return all
}

// F16: Two entries have changed their places on the disk after the start, each whole: neither is taken for the other.
func TestAnEntryInThePlaceOfAnotherIsDamage(t *testing.T) {
	o, h := ripe(t)
	path := segmentsOf(t, o)[0].Path
	b, err := os.ReadFile(path)
	must(t, err)
	_, first, err := DecodeFrame(b)
	must(t, err)
	_, second, err := DecodeFrame(b[first:])
	must(t, err)
	must(t, os.WriteFile(path, slices.Concat(b[first:first+second], b[:first], b[first+second:]), 0o600))
	for _, index := range []raftlog.Index{1, 2} {
		var corruption *raftlog.CorruptionError
		if _, found, err := h.Entries(index, 1); !errors.As(err, &corruption) {
			t.Fatalf("entry %d: %v, %v", index, marks(found), err)
		}
	}
	_, found, err := h.Entries(4, 1)
	if must(t, err); found[0].Index != 4 {
		t.Fatalf("entry 4: %v", marks(found))
	}
}

// F17: The journal says that history holds entries up to the checkpoint. One that ends before it, or has an entry of
// another term there, has lost something.
func TestAHistoryThatEndsBeforeTheCheckpointIsDamage(t *testing.T) {
	o := rested(t)
	for name, checkpoint := range map[string]raftlog.Mark{
		"one entry more": {Index: restedLast + 1, Term: 1}, "another term": {Index: restedLast, Term: 2},
	} {
		c := copyHistory(t, o)
		c.Checkpoint = checkpoint
		if corruption := wantCorruption(t, c, "history ends with entry"); corruption.Offset == 0 {
			t.Errorf("%s: no place is named: %v", name, corruption)
		}
	}
	o.Checkpoint.Index = restedLast
	open(t, o)
}

// F7, S21: An installed snapshot names a history that begins behind it. When Seed has returned, no power loss takes its
// directory or its first segment; a loss before that leaves what another Seed makes whole.
func TestASeedSurvivesPowerLoss(t *testing.T) {
	const directory, first = "data/history-51", 51
	m := vfs.NewMemory()
	crashes := uint64(0)
	m.SetFault(func(op vfs.Op, _ string) error {
		for range 5 {
			crashes++
			disk := m.Crash(rand.New(rand.NewPCG(crashes, 0)).IntN)
			must(t, seed(disk, directory, first))
			wantSeeded(t, disk.Crash(vfs.LoseAll), directory, first)
		}
		return nil
	})
	must(t, seed(m, directory, first))
	m.SetFault(nil)
	wantSeeded(t, m.Crash(vfs.LoseAll), directory, first)
	if crashes < 30 {
		t.Fatalf("%d crashes: the test proves little", crashes)
	}
}

func wantSeeded(t *testing.T, disk *vfs.Memory, directory string, first raftlog.Index) {
	t.Helper()
	names, err := disk.List(directory)
	if want := path.Base(segmentPath(directory, first)); err != nil || !slices.Equal(names, []string{want}) {
		t.Fatalf("power loss leaves %q, %v, want %s", names, err, want)
	}
}

// recordedNames notes which names its directory has when they are made durable.
type recordedNames struct {
	names
	directory string
	durable   []string
}

func (r *recordedNames) Sync() error {
	r.durable = nil
	files, err := os.ReadDir(r.directory)
	for _, f := range files {
		r.durable = append(r.durable, f.Name())
	}
	return errors.Join(err, r.names.Sync())
}

// F7: When history says that entries are durable, so are the names of all segments, also of one that began just now: a
// segment whose name is lost is lost with what was synced in it.
func TestNamesOfSegmentsAreDurableWithTheirEntries(t *testing.T) {
	o := blank(t)
	h := open(t, o)
	recorded := &recordedNames{names: h.names, directory: o.Directory}
	h.names = recorded
	for i := raftlog.Index(1); i <= 100; i++ { // some of them begin a segment
		must(t, write(h, entries(i, i, 300)))
		wantThrough(t, h, i)
		for _, s := range segmentsOf(t, o) {
			if !slices.Contains(recorded.durable, s.Path[len(o.Directory)+1:]) {
				t.Fatalf("entry %d is said to be durable, the name of %s is not", i, s.Path)
			}
		}
	}
	if n := len(segmentsOf(t, o)); n < 5 {
		t.Fatalf("%d segments: the test proves little", n)
	}
}
