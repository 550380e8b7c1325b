package history

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// blank are the options of a history that begins with entry 1 and has none yet.
func blank(t testing.TB) Options {
	t.Helper()
	return Options{Directory: t.TempDir(), SegmentBytes: 4 << 10, Kept: 1}
}

func open(t testing.TB, o Options) *History {
	t.Helper()
	h, err := Open(o)
	must(t, err)
	t.Cleanup(func() {
		if err := h.Close(); err != nil && !errors.Is(err, raftlog.ErrClosed) {
			t.Error(err)
		}
	})
	return h
}

func entry(index raftlog.Index, term raftlog.Term, bodyBytes int) raftlog.Entry {
	e := raftlog.Entry{
		Index: index, Term: term, Kind: raftlog.EntryCommand, Stamp: raftlog.Stamp(index),
		Body: bytes.Repeat([]byte(fmt.Sprintf("%d/%d ", index, term)), bodyBytes/4+1)[:bodyBytes],
	}
	e.Seal()
	return e
}

func entries(first, last raftlog.Index, bodyBytes int) []raftlog.Entry {
	var es []raftlog.Entry
	for i := first; i <= last; i++ {
		es = append(es, entry(i, 1, bodyBytes))
	}
	return es
}

func write(h *History, es []raftlog.Entry) error {
	_, err := h.Write(es)
	return err
}

// fill writes entries a few at a time.
func fill(t testing.TB, h *History, first, last raftlog.Index, bodyBytes int) {
	t.Helper()
	for from := first; from <= last; from += 5 {
		must(t, write(h, entries(from, min(from+4, last), bodyBytes)))
	}
}

// wantEntries reads everything from lo to hi and compares.
func wantEntries(t testing.TB, h *History, lo, hi raftlog.Index, bodyBytes int) {
	t.Helper()
	for at := lo; at <= hi; {
		previous, found, err := h.Entries(at, 4000)
		must(t, err)
		if want := (raftlog.Mark{Term: 1, Index: at - 1}); at > 1 && previous != want {
			t.Fatalf("the entry before %d is %v, want %v", at, previous, want)
		}
		for _, e := range found[:min(len(found), int(hi-at)+1)] {
			if want := entry(at, 1, bodyBytes); e.Mark() != want.Mark() || !bytes.Equal(e.Body, want.Body) {
				t.Fatalf("entry %v, want %v", e.Mark(), want.Mark())
			}
			at++
		}
	}
}

// wantThrough syncs and compares how far history is durable.
func wantThrough(t testing.TB, h *History, last raftlog.Index) {
	t.Helper()
	if through, err := h.Sync(); err != nil || through != last {
		t.Fatalf("a sync makes history durable up to %d, %v; want %d", through, err, last)
	}
}

func wantCorruption(t testing.TB, o Options, reason string) *raftlog.CorruptionError {
	t.Helper()
	h, err := Open(o)
	if err == nil {
		must(t, h.Close())
	}
	var corruption *raftlog.CorruptionError
	if !errors.As(err, &corruption) || !strings.Contains(err.Error(), reason) {
		t.Fatalf("open: %v, want corruption: %s", err, reason)
	}
	return corruption
}

func segmentsOf(t testing.TB, o Options) []Segment {
	t.Helper()
	segments, err := List(o.Directory)
	must(t, err)
	return segments
}

// copyHistory copies a closed history, so that each damage starts from the same files.
func copyHistory(t testing.TB, o Options) Options {
	t.Helper()
	to := t.TempDir()
	must(t, os.CopyFS(to, os.DirFS(o.Directory)))
	o.Directory = to
	return o
}
