package wal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
	tidwall "github.com/tidwall/wal"
)

// rested is a log with two rolled segments or more below the checkpoint, and entries behind it, closed.
func rested(t *testing.T) (o Options, checkpoint, last raftlog.Index) {
	o = testOptions(t.TempDir())
	l, _ := open(t, o)
	fill(t, l, 1, 40, 1, 300)
	_, err := l.history.Sync()
	must(t, err)
	must(t, l.Append(operation(1, 1))) // takes on the checkpoint
	fill(t, l, 41, 45, 1, 300)
	must(t, l.Close())
	return o, 40, 45
}

func segmentsOf(t *testing.T, o Options) []segment {
	t.Helper()
	segments, err := listSegments(filepath.Join(o.Directory, firstHistory))
	must(t, err)
	return segments
}

// copyLog copies a closed log, so that each damage starts from the same files.
func copyLog(t *testing.T, o Options) Options {
	t.Helper()
	to := t.TempDir()
	must(t, os.CopyFS(to, os.DirFS(o.Directory)))
	o.Directory = to
	return o
}

// endOf is where an entry ends in a segment, found by the framing alone.
func endOf(t *testing.T, s segment, index raftlog.Index) int {
	t.Helper()
	b, err := os.ReadFile(s.path)
	must(t, err)
	at := 0
	for i := s.first; i <= index; i++ {
		_, n, err := decodeFrame(b[at:])
		must(t, err)
		at += n
	}
	return at
}

// F1, F3.
func TestATailTornAtAnyByteIsCutAndWrittenAgain(t *testing.T) {
	o, checkpoint, last := rested(t)
	segments := segmentsOf(t, o)
	tail := len(segments) - 1
	for segments[tail].first > checkpoint {
		tail--
	}
	from := endOf(t, segments[tail], checkpoint)
	b, err := os.ReadFile(segments[tail].path)
	must(t, err)
	for cut := from; cut <= len(b); cut += 17 {
		c := copyLog(t, o)
		damaged := segmentsOf(t, c)
		must(t, os.Truncate(damaged[tail].path, int64(cut)))
		l, r := open(t, c)
		if r.HistoryLast != checkpoint || r.Checkpoint.Index != checkpoint {
			t.Fatalf("cut to %d bytes: history ends at %d", cut, r.HistoryLast)
		}
		must(t, l.Write(r.Entries))
		must(t, l.Close())
		l, r = open(t, c)
		must(t, l.Write(r.Entries))
		wantEntries(t, l, 1, last, 1, 300)
		must(t, l.Close())
	}
}

// F4.
func TestATailOfZerosOrGarbageIsCut(t *testing.T) {
	o, checkpoint, _ := rested(t)
	for _, fill := range []byte{0, 0xff, 1} {
		c := copyLog(t, o)
		segments := segmentsOf(t, c)
		f, err := os.OpenFile(segments[len(segments)-1].path, os.O_WRONLY|os.O_APPEND, 0)
		must(t, err)
		_, err = f.Write(slices.Repeat([]byte{fill}, 5000))
		must(t, err)
		must(t, f.Close())
		l, r := open(t, c)
		if r.HistoryLast != checkpoint {
			t.Fatalf("bytes %#x: history ends at %d", fill, r.HistoryLast)
		}
		must(t, l.Write(r.Entries))
		wantEntries(t, l, 1, 45, 1, 300)
		must(t, l.Close())
	}
}

// F2, F16.
func TestDamageBelowTheCheckpointIsRefused(t *testing.T) {
	o, checkpoint, _ := rested(t)
	for i, s := range segmentsOf(t, o) {
		if s.first > checkpoint {
			continue
		}
		b, err := os.ReadFile(s.path)
		must(t, err)
		end := len(b)
		if next := segmentsOf(t, o); i+1 == len(next) || next[i+1].first > checkpoint+1 {
			end = endOf(t, s, checkpoint)
		}
		for at := 0; at < end; at += 13 {
			spoiled := slices.Clone(b)
			spoiled[at] ^= 1 << (at % 8)
			must(t, os.WriteFile(s.path, spoiled, 0o600))
			if e := wantCorruption(t, o, "entry "); e.File != s.path || e.Offset > int64(at) {
				t.Fatalf("byte %d of %s: %v", at, s.path, e)
			}
		}
		must(t, os.WriteFile(s.path, b, 0o600))
	}
	open(t, o)
}

// F17.
func TestAMissingShortOrForeignSegmentIsRefused(t *testing.T) {
	o, checkpoint, _ := rested(t)
	count := len(segmentsOf(t, o))
	if count < 4 {
		t.Fatalf("only %d segments", count)
	}
	for i := range count {
		if segmentsOf(t, o)[i].first > checkpoint {
			continue
		}
		c := copyLog(t, o)
		must(t, os.Remove(segmentsOf(t, c)[i].path))
		wantCorruption(t, c, "")
		c = copyLog(t, o)
		must(t, os.Truncate(segmentsOf(t, c)[i].path, 0))
		wantCorruption(t, c, "")
		c = copyLog(t, o)
		must(t, os.Rename(segmentsOf(t, c)[i].path, segmentsOf(t, c)[i].path+".START"))
		wantCorruption(t, c, "another program")
	}
	c := copyLog(t, o)
	must(t, os.RemoveAll(filepath.Join(c.Directory, firstHistory)))
	wantCorruption(t, c, "no segments")
}

// F25.
func TestDamageWhileRunningIsNoticedByTheNextRead(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	fill(t, l, 1, 100, 1, 300)
	s := segmentsOf(t, o)[0]
	b, err := os.ReadFile(s.path)
	must(t, err)
	b[200] ^= 4
	must(t, os.WriteFile(s.path, b, 0o600))
	_, _, err = l.Entries(1, 100)
	var corruption *CorruptionError
	if !errors.As(err, &corruption) {
		t.Fatalf("read: %v", err)
	}
	must(t, os.WriteFile(s.path, nil, 0o600)) // too short: the library panics
	l.history.log.ClearCache()
	if _, _, err = l.Entries(1, 100); !errors.As(err, &corruption) {
		t.Fatalf("read of a short segment: %v", err)
	}
}

// fullDisk lets the library write some of a batch and then fails as a full disk does.
func fullDisk(h *history, entriesThatFit int) {
	h.writeBatch = func(*tidwall.Batch) error {
		for i := range entriesThatFit {
			e := entry(h.last.Index+raftlog.Index(i)+1, 99, 200) // other bytes: what is left behind must go
			must(panicker{}, h.log.Write(uint64(e.Index), append(e.AppendHeader(nil), e.Body...)))
		}
		segments, _ := listSegments(h.directory)
		f, _ := os.OpenFile(segments[len(segments)-1].path, os.O_WRONLY|os.O_APPEND, 0)
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
		o := testOptions(t.TempDir())
		l, _ := open(t, o)
		fill(t, l, 1, 20, 1, 300)
		es := entries(21, 60, 1, 300)
		for from := 0; from < len(es); from += 10 {
			must(t, l.Append(operation(1, 1, es[from:from+10]...)))
		}
		for range 2 {
			fullDisk(l.history, fit)
			if err := l.Write(es); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("write: %v", err)
			}
			wantEntries(t, l, 1, 20, 1, 300)
			if through, err := l.history.Sync(); err != nil || through != 20 {
				t.Fatalf("a full disk fails the journal's roll: %d, %v", through, err)
			}
		}
		must(t, l.Append(operation(2, 3))) // a vote
		must(t, l.Write(es))
		wantEntries(t, l, 1, 60, 1, 300)
		must(t, l.Close())
		_, r := open(t, o)
		if r.Term != 2 || r.Vote != 3 {
			t.Fatalf("term %d vote %d", r.Term, r.Vote)
		}
	}
}

// F5.
func TestAnyOtherErrorOfHistoryIsFinal(t *testing.T) {
	l, _ := open(t, testOptions(t.TempDir()))
	fill(t, l, 1, 5, 1, 10)
	es := entries(6, 6, 1, 10)
	must(t, l.Append(operation(1, 1, es...)))
	l.history.writeBatch = func(*tidwall.Batch) error { return syscall.EIO }
	for range 2 {
		if err := l.Write(es); !errors.Is(err, syscall.EIO) {
			t.Fatalf("write: %v", err)
		}
	}
	if _, _, err := l.Entries(1, 1); !errors.Is(err, syscall.EIO) {
		t.Fatalf("read: %v", err)
	}
	if _, err := l.history.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatalf("sync: %v", err)
	}
}

func TestHistoryIsWrittenWithoutAGap(t *testing.T) {
	l, _ := open(t, testOptions(t.TempDir()))
	defer func() {
		if recover() == nil {
			t.Fatal("a gap was accepted")
		}
	}()
	_ = l.Write(entries(2, 2, 1, 1))
}
