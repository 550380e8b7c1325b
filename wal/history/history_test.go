package history

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
	tidwall "github.com/tidwall/wal"
)

const restedLast = 45

// rested are the options of a closed history that ends behind the checkpoint, which has many segments below it.
func rested(t *testing.T) Options {
	o := blank(t)
	h := open(t, o)
	fill(t, h, 1, restedLast, 300)
	must(t, h.Close())
	o.Checkpoint = raftlog.Mark{Index: 40, Term: 1}
	return o
}

// endOf is where an entry ends in a segment, found by the framing alone.
func endOf(t *testing.T, s Segment, index raftlog.Index) int {
	t.Helper()
	b, err := os.ReadFile(s.Path)
	must(t, err)
	at := 0
	for i := s.First; i <= index; i++ {
		_, n, err := DecodeFrame(b[at:])
		must(t, err)
		at += n
	}
	return at
}

// F1, F3.
func TestATailTornAtAnyByteIsCutAndWrittenAgain(t *testing.T) {
	o := rested(t)
	checkpoint := o.Checkpoint.Index
	segments := segmentsOf(t, o)
	tail := len(segments) - 1
	for segments[tail].First > checkpoint {
		tail--
	}
	from := endOf(t, segments[tail], checkpoint)
	b, err := os.ReadFile(segments[tail].Path)
	must(t, err)
	for cut := from; cut <= len(b); cut += 17 {
		c := copyHistory(t, o)
		must(t, os.Truncate(segmentsOf(t, c)[tail].Path, int64(cut)))
		for range 2 { // what is written again and was not synced is cut again
			h := open(t, c)
			if s := h.Stats(); s.Last != checkpoint || s.Durable != checkpoint {
				t.Fatalf("cut to %d bytes: history ends at %d", cut, s.Last)
			}
			fill(t, h, checkpoint+1, restedLast, 300)
			wantEntries(t, h, 1, restedLast, 300)
			must(t, h.Close())
		}
	}
}

// F4.
func TestATailOfZerosOrGarbageIsCut(t *testing.T) {
	o := rested(t)
	for _, garbage := range []byte{0, 0xff, 1} {
		c := copyHistory(t, o)
		segments := segmentsOf(t, c)
		f, err := os.OpenFile(segments[len(segments)-1].Path, os.O_WRONLY|os.O_APPEND, 0)
		must(t, err)
		_, err = f.Write(slices.Repeat([]byte{garbage}, 5000))
		must(t, err)
		must(t, f.Close())
		h := open(t, c)
		if last := h.Stats().Last; last != c.Checkpoint.Index {
			t.Fatalf("bytes %#x: history ends at %d", garbage, last)
		}
		fill(t, h, c.Checkpoint.Index+1, restedLast, 300)
		wantEntries(t, h, 1, restedLast, 300)
		must(t, h.Close())
	}
}

// F2, F16.
func TestDamageBelowTheCheckpointIsRefused(t *testing.T) {
	o := rested(t)
	checkpoint := o.Checkpoint.Index
	for i, s := range segmentsOf(t, o) {
		if s.First > checkpoint {
			continue
		}
		b, err := os.ReadFile(s.Path)
		must(t, err)
		end := len(b)
		if next := segmentsOf(t, o); i+1 == len(next) || next[i+1].First > checkpoint+1 {
			end = endOf(t, s, checkpoint)
		}
		for at := 0; at < end; at += 13 {
			spoiled := slices.Clone(b)
			spoiled[at] ^= 1 << (at % 8)
			must(t, os.WriteFile(s.Path, spoiled, 0o600))
			if e := wantCorruption(t, o, "entry "); e.File != s.Path || e.Offset > int64(at) {
				t.Fatalf("byte %d of %s: %v", at, s.Path, e)
			}
		}
		must(t, os.WriteFile(s.Path, b, 0o600))
	}
	open(t, o)
}

// F17.
func TestAMissingShortOrForeignSegmentIsRefused(t *testing.T) {
	o := rested(t)
	checkpoint := o.Checkpoint.Index
	count := len(segmentsOf(t, o))
	if count < 4 {
		t.Fatalf("only %d segments", count)
	}
	for i := range count {
		if segmentsOf(t, o)[i].First > checkpoint {
			continue
		}
		c := copyHistory(t, o)
		must(t, os.Remove(segmentsOf(t, c)[i].Path))
		wantCorruption(t, c, "")
		c = copyHistory(t, o)
		must(t, os.Truncate(segmentsOf(t, c)[i].Path, 0))
		wantCorruption(t, c, "")
		c = copyHistory(t, o)
		must(t, os.Rename(segmentsOf(t, c)[i].Path, segmentsOf(t, c)[i].Path+".START"))
		wantCorruption(t, c, "another program")
	}
	c := copyHistory(t, o)
	must(t, os.RemoveAll(c.Directory))
	wantCorruption(t, c, "no segments")
}

// F25.
func TestDamageWhileRunningIsNoticedByTheNextRead(t *testing.T) {
	o := blank(t)
	h := open(t, o)
	fill(t, h, 1, 100, 300)
	s := segmentsOf(t, o)[0]
	b, err := os.ReadFile(s.Path)
	must(t, err)
	b[200] ^= 4
	must(t, os.WriteFile(s.Path, b, 0o600))
	_, _, err = h.Entries(1, 100)
	var corruption *raftlog.CorruptionError
	if !errors.As(err, &corruption) {
		t.Fatalf("read: %v", err)
	}
	must(t, os.WriteFile(s.Path, nil, 0o600)) // too short: the library panics
	h.log.ClearCache()
	if _, _, err = h.Entries(1, 100); !errors.As(err, &corruption) {
		t.Fatalf("read of a short segment: %v", err)
	}
}

// fullDisk lets the library write some of a batch and then fails as a full disk does.
func fullDisk(h *History, entriesThatFit int) {
	h.writeBatch = func(*tidwall.Batch) error {
		for i := range entriesThatFit {
			e := entry(h.last.Index+raftlog.Index(i)+1, 99, 200) // other bytes: what is left behind must go
			must(panicker{}, h.log.Write(uint64(e.Index), append(e.AppendHeader(nil), e.Body...)))
		}
		segments, _ := List(h.directory)
		f, _ := os.OpenFile(segments[len(segments)-1].Path, os.O_WRONLY|os.O_APPEND, 0)
		_, err := f.Write([]byte{200, 1, 7, 7, 7})
		return errors.Join(syscall.ENOSPC, err, f.Close())
	}
}

type panicker struct{ testing.TB }

func (panicker) Helper()           {}
func (panicker) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// F14, F18.
func TestAFullDiskTakesNothingAndTheWriteIsRepeated(t *testing.T) {
	for _, fit := range []int{0, 1, 30} { // 30 begin new segments
		o := blank(t)
		h := open(t, o)
		fill(t, h, 1, 20, 300)
		es := entries(21, 60, 300)
		for range 2 {
			fullDisk(h, fit)
			if err := write(h, es); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("write: %v", err)
			}
			wantEntries(t, h, 1, 20, 300)
			wantThrough(t, h, 20) // a full disk does not fail the journal's roll
		}
		must(t, write(h, es))
		wantEntries(t, h, 1, 60, 300)
		wantThrough(t, h, 60)
		must(t, h.Close())
		o.Checkpoint = es[len(es)-1].Mark()
		wantEntries(t, open(t, o), 1, 60, 300)
	}
}

// F5.
func TestAnyOtherErrorOfHistoryIsFinal(t *testing.T) {
	h := open(t, blank(t))
	fill(t, h, 1, 5, 10)
	h.writeBatch = func(*tidwall.Batch) error { return syscall.EIO }
	for range 2 {
		if err := write(h, entries(6, 6, 10)); !errors.Is(err, syscall.EIO) {
			t.Fatalf("write: %v", err)
		}
	}
	if _, _, err := h.Entries(1, 1); !errors.Is(err, syscall.EIO) {
		t.Fatalf("read: %v", err)
	}
	if _, err := h.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatalf("sync: %v", err)
	}
}

func TestHistoryIsWrittenWithoutAGap(t *testing.T) {
	h := open(t, blank(t))
	defer func() {
		if recover() == nil {
			t.Fatal("a gap was accepted")
		}
	}()
	_ = write(h, entries(2, 2, 1))
}

func TestEntriesReturnsAtLeastOneAndRefusesWhatIsNotThere(t *testing.T) {
	h := open(t, blank(t))
	if _, _, err := h.Entries(1, 100); err == nil {
		t.Fatal("an entry of an empty history")
	}
	fill(t, h, 1, 10, 500)
	const each = raftlog.EntryHeaderBytes + 500
	for maxBytes, want := range map[int]int{0: 1, each: 1, 2*each - 1: 1, 2 * each: 2, 1 << 20: 8} {
		_, found, err := h.Entries(3, maxBytes)
		must(t, err)
		if len(found) != want {
			t.Fatalf("%d entries in %d bytes, want %d", len(found), maxBytes, want)
		}
	}
	for _, index := range []raftlog.Index{0, 11} {
		if _, _, err := h.Entries(index, 100); err == nil {
			t.Fatalf("entry %d of a history of 10", index)
		}
	}
}
