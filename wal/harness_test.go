package wal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/wal/history"
	"github.com/raftredis/raftredis/wal/raftlog"
)

const testFileBytes = 64 << 10

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func testIdentity() Identity {
	return Identity{Incarnation: 77}
}

func testOptions(directory string) Options {
	return Options{
		Directory: directory, FileBytes: testFileBytes, MaxEntryBytes: 16 << 10,
		SegmentBytes: MinSegmentBytes,
	}
}

func open(t testing.TB, o Options) (*Log, Recovered) {
	t.Helper()
	l, r, err := Open(o)
	must(t, err)
	t.Cleanup(func() {
		if err := l.Close(); err != nil && !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
	return l, r
}

func entry(index raftlog.Index, term raftlog.Term, bodyBytes int) raftlog.Entry {
	e := raftlog.Entry{
		Index: index, Term: term, Kind: raftlog.EntryCommand, Stamp: raftlog.Stamp(index),
		Body: bytes.Repeat([]byte(fmt.Sprintf("%d/%d ", index, term)), bodyBytes/4+1)[:bodyBytes],
	}
	e.Seal()
	return e
}

func entries(first, last raftlog.Index, term raftlog.Term, bodyBytes int) []raftlog.Entry {
	var es []raftlog.Entry
	for i := first; i <= last; i++ {
		es = append(es, entry(i, term, bodyBytes))
	}
	return es
}

func operation(term raftlog.Term, vote raftlog.NodeID, es ...raftlog.Entry) []raftlog.Operation {
	return []raftlog.Operation{{Term: term, Vote: vote, Entries: es}}
}

// fill appends entries to a log and writes them to history, a few at a time.
func fill(t testing.TB, l *Log, first, last raftlog.Index, term raftlog.Term, bodyBytes int) {
	t.Helper()
	for from := first; from <= last; from += 5 {
		es := entries(from, min(from+4, last), term, bodyBytes)
		must(t, l.Append(operation(term, 1, es...)))
		must(t, l.Write(es))
	}
}

// wantEntries reads everything from lo to hi and compares.
func wantEntries(t testing.TB, l *Log, lo, hi raftlog.Index, term raftlog.Term, bodyBytes int) {
	t.Helper()
	for at := lo; at <= hi; {
		previous, found, err := l.Entries(at, 4000)
		must(t, err)
		if want := (raftlog.Mark{Term: term, Index: at - 1}); at > 1 && previous != want {
			t.Fatalf("the entry before %d is %v, want %v", at, previous, want)
		}
		for _, e := range found {
			if at > hi {
				break
			}
			if want := entry(at, term, bodyBytes); e.Mark() != want.Mark() || !bytes.Equal(e.Body, want.Body) {
				t.Fatalf("entry %v, want %v", e.Mark(), want.Mark())
			}
			at++
		}
	}
}

func wantCorruption(t testing.TB, o Options, reason string) *CorruptionError {
	t.Helper()
	l, _, err := Open(o)
	if l != nil {
		must(t, l.Close())
	}
	var corruption *CorruptionError
	if !errors.As(err, &corruption) || !strings.Contains(err.Error(), reason) {
		t.Fatalf("open: %v, want corruption: %s", err, reason)
	}
	return corruption
}

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

func segmentsOf(t *testing.T, o Options) []history.Segment {
	t.Helper()
	segments, err := history.List(filepath.Join(o.Directory, firstHistory))
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
