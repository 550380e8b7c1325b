package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

func TestAnImageOfAnySizeComesBackAsItWas(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	for i, size := range []int{0, 1, 511, 512, 513, 1023, 1024, 1025, 5000} {
		index := raftlog.Index(100 + i)
		mark := taken(t, s, index, size)
		mustHold(t, s, mark, size)
		f := sender(t, s, mark)
		header, want := f.Header(), headerAt(index)
		if fmt.Sprint(header) != fmt.Sprint(want) {
			t.Fatalf("the header is %+v, want %+v", header, want)
		}
		if !sameSnapshot(f.Mark(), mark) || mark.Mark != want.Mark || !bytes.Equal(mark.Configuration, want.Configuration) {
			t.Fatalf("the file is of %+v, the writer said %+v", f.Mark(), mark)
		}
		content := contentOf(t, s.fs, finalName(mark.Mark, mark.FileHash))
		if uint64(len(content)) != mark.FileBytes {
			t.Fatalf("the file has %d bytes, its mark says %d", len(content), mark.FileBytes)
		}
	}
}

// E13.
func TestEqualStatesGiveEqualFilesHoweverTheyAreWritten(t *testing.T) {
	var files [][]byte
	var marks []raftlog.SnapshotMark
	for _, cut := range []int{1, 7, 512, 513, 4000} {
		s := newStore(t, vfs.NewMemory())
		w, err := s.Create(headerAt(500), nil)
		must(t, err)
		for piece := range slices.Chunk(imageOf(500, 4000), cut) {
			n, err := w.Write(piece)
			must(t, err)
			if n != len(piece) {
				t.Fatalf("%d of %d bytes were taken", n, len(piece))
			}
		}
		mark, err := w.Commit()
		must(t, err)
		must(t, w.Close())
		marks = append(marks, mark)
		files = append(files, contentOf(t, s.fs, finalName(mark.Mark, mark.FileHash)))
	}
	for i := range files {
		if !bytes.Equal(files[i], files[0]) || !sameSnapshot(marks[i], marks[0]) {
			t.Fatalf("cut %d makes another file: %+v, not %+v", i, marks[i], marks[0])
		}
	}
	if marks[0].Mark != (raftlog.Mark{Term: 6, Index: 500}) {
		t.Fatalf("the mark is %v", marks[0].Mark)
	}
}

func TestEveryFieldOfTheHeaderChangesTheHash(t *testing.T) {
	seen := map[uint64]string{}
	for name, change := range map[string]func(*Header){
		"nothing": func(*Header) {},
		"index":   func(h *Header) { h.Mark.Index++ },
		"term":    func(h *Header) { h.Mark.Term++ },
		"cluster": func(h *Header) { h.ClusterID++ },
		"seed":    func(h *Header) { h.HashSeed++ },
		"stamp":   func(h *Header) { h.Time.Stamp-- },
		"offset":  func(h *Header) { h.Time.Offset-- },
		"state":   func(h *Header) { h.StateHash++ },
		"level":   func(h *Header) { h.Level++ },
		"members": func(h *Header) { h.Configuration = []byte("others") },
	} {
		s := newStore(t, vfs.NewMemory())
		header := headerAt(3)
		change(&header)
		w, err := s.Create(header, nil)
		must(t, err)
		mark, err := w.Commit()
		must(t, err)
		must(t, w.Close())
		if other, twice := seen[mark.FileHash]; twice {
			t.Errorf("%s and %s give the same hash", name, other)
		}
		seen[mark.FileHash] = name
	}
}

func TestTheFileIsSyncedBitByBit(t *testing.T) {
	m := vfs.NewMemory()
	s := newStore(t, m)
	unsynced, maxUnsynced, syncs := 0, 0, 0
	m.SetFault(func(op vfs.Op, _ string) error {
		switch op {
		case vfs.OpWrite:
			unsynced++
			maxUnsynced = max(maxUnsynced, unsynced)
		case vfs.OpSync:
			unsynced, syncs = 0, syncs+1
		}
		return nil
	})
	taken(t, s, 5, 20*512)
	// the header and the footer are small frames
	frames := 2 + int(testLimits().syncBytes/512)
	if maxUnsynced > frames || syncs < 20/frames || syncs > 2+20/(frames-1) {
		t.Fatalf("up to %d frames waited for a sync, want %d; %d syncs", maxUnsynced, frames, syncs)
	}
}

func TestAnUnfinishedSnapshotFromBeforeIsOverwritten(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	put(t, s.fs, writingName(headerAt(5).Mark), make([]byte, 5000))
	mustHold(t, s, taken(t, s, 5, 900), 900)
}

func TestThePaceHearsOfEveryByteThatIsWrittenAndReadBack(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	total, largest := 0, 0
	mark, err := take(s, 5, 3000, func(n int) error {
		total, largest = total+n, max(largest, n)
		return nil
	})
	must(t, err)
	if total != 2*int(mark.FileBytes) || largest > blockHeaderBytes+512 {
		t.Fatalf("%d bytes at a pace, up to %d at once; the file has %d", total, largest, mark.FileBytes)
	}
}

func TestAnErrorOfThePaceEndsAndRemovesTheFile(t *testing.T) {
	stop := errors.New("the node stops")
	for after := range 16 { // 8 frames are written, 8 read back
		s := newStore(t, vfs.NewMemory())
		calls := 0
		_, err := take(s, 5, 3000, func(int) error {
			if calls++; calls > after {
				return stop
			}
			return nil
		})
		if !errors.Is(err, stop) || len(names(t, s)) > 0 {
			t.Fatalf("stopped after %d frames: %v, and left %v", after, err, names(t, s))
		}
	}
	s := newStore(t, vfs.NewMemory())
	if _, err := take(s, 5, 3000, func(int) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestCloseBeforeCommitLeavesNothing(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	w, err := s.Create(headerAt(5), nil)
	must(t, err)
	_, err = w.Write(imageOf(5, 2000))
	must(t, err)
	must(t, w.Close())
	if found := names(t, s); len(found) > 0 {
		t.Fatalf("left %v", found)
	}
	if _, err := w.Write([]byte("more")); !errors.Is(err, errClosed) {
		t.Fatalf("a write after Close: %v", err)
	}
	if _, err := w.Commit(); !errors.Is(err, errClosed) {
		t.Fatalf("a commit after Close: %v", err)
	}
	mustHold(t, s, taken(t, s, 5, 2000), 2000)
}

func TestLimits_OfTheWriter(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	for extra, want := range map[int]error{0: nil, 1: ErrTooLarge} {
		header := headerAt(5)
		header.Configuration = make([]byte, MaxConfigurationBytes+extra)
		w, err := s.Create(header, nil)
		if !errors.Is(err, want) {
			t.Fatalf("a configuration of %d bytes: %v", len(header.Configuration), err)
		}
		if err == nil {
			mark, err := w.Commit()
			must(t, err)
			must(t, w.Close())
			_, err = imageIn(s, mark)
			must(t, err)
		}
	}
	s = newStore(t, vfs.NewMemory())
	header := headerAt(5)
	s.limits.fileBytes = int64(len(header.append(nil, 512))) + 3*(512+blockHeaderBytes) + footerBytes
	mustHold(t, s, taken(t, s, 5, 3*512), 3*512)
	if _, err := take(s, 6, 3*512+1, nil); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("a file beyond %d bytes: %v", s.limits.fileBytes, err)
	}
	if found := names(t, s); len(found) != 1 {
		t.Fatalf("left %v", found)
	}
	for _, header := range []Header{{}, {Mark: raftlog.Mark{Index: 3}}, {Mark: raftlog.Mark{Term: 3}}} {
		if _, err := s.Create(header, nil); err == nil {
			t.Fatalf("a snapshot at %v was begun", header.Mark)
		}
	}
}

// E10.
func TestTwoSnapshotsInAShortTimeDoNotMeet(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	first, err := s.Create(headerAt(5), nil)
	must(t, err)
	if _, err := s.Create(headerAt(5), nil); !errors.Is(err, ErrBusy) {
		t.Fatalf("the same snapshot twice at once: %v", err)
	}
	second, err := s.Create(headerAt(6), nil)
	must(t, err)
	for _, w := range []*Writer{first, second, first, second} {
		_, err := w.Write(imageOf(w.header.Mark.Index, 800))
		must(t, err)
	}
	later, err := second.Commit()
	must(t, err)
	earlier, err := first.Commit()
	must(t, err)
	must(t, first.Close())
	must(t, second.Close())
	for _, mark := range []raftlog.SnapshotMark{earlier, later} {
		image, err := imageIn(s, mark)
		must(t, err)
		if once := imageOf(mark.Index, 800); !bytes.Equal(image, append(once, once...)) {
			t.Fatalf("the image of %v is another", mark.Mark)
		}
	}
	mustHold(t, s, taken(t, s, 5, 700), 700) // the claims are gone
}

func TestASnapshotThatIsMadeAgainReplacesItselfUnderItsReaders(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	mark := taken(t, s, 5, 3000)
	before := sender(t, s, mark)
	if again := taken(t, s, 5, 3000); !sameSnapshot(again, mark) {
		t.Fatalf("again it is %+v, not %+v", again, mark)
	}
	must(t, before.Verify(nil))
	mustHold(t, s, mark, 3000)
	if found := names(t, s); len(found) != 1 {
		t.Fatalf("left %v", found)
	}
}
