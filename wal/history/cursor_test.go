package history

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// drain reads until there is nothing to read, checks that entries follow each other and are what was written, and
// returns the index behind the last one.
func drain(t testing.TB, c *Cursor, maxBytes, bodyBytes int) raftlog.Index {
	t.Helper()
	for {
		next := c.Next()
		found, err := c.Read(maxBytes)
		must(t, err)
		if len(found) == 0 {
			return next
		}
		for i, e := range found {
			if want := entry(next+raftlog.Index(i), 1, bodyBytes); e.Mark() != want.Mark() || !bytes.Equal(e.Body, want.Body) {
				t.Fatalf("a cursor at %d read %v as entry %d", next, e.Mark(), i)
			}
		}
	}
}

// A cursor reads every entry once, from any entry on, whatever fits into a call: less than an entry, one, segments.
func TestACursorReadsEveryEntryOnce(t *testing.T) {
	h := open(t, blank(t))
	fill(t, h, 1, 200, 300)
	for _, maxBytes := range []int{1, 371, 372, 373, 4 << 10, 1 << 20} {
		for from := raftlog.Index(0); from <= 201; from += 1 + from%7 {
			c := h.Cursor(from)
			if next := drain(t, c, maxBytes, 300); next != 201 {
				t.Fatalf("from %d, %d bytes a call: it ends before %d, want 201", from, maxBytes, next)
			}
		}
	}
	ahead, tail := h.Cursor(260), h.Cursor(201)
	for i := raftlog.Index(201); i <= 300; i++ {
		if next := drain(t, tail, 1<<20, 300); next != i {
			t.Fatalf("at the end of the log it stands before %d, want %d", next, i)
		}
		must(t, write(h, entries(i, i, 300)))
		if want := max(260, i+1); drain(t, ahead, 1<<20, 300) != want {
			t.Fatalf("a cursor ahead of the log stands before %d, want %d", ahead.Next(), want)
		}
	}
}

// The writer writes, the remover removes, the journal has history synced, and cursors begin anywhere: each sees entries
// without a gap, or is told that they are gone when they are.
func TestCursorsBesideWriterAndTrim(t *testing.T) {
	h := open(t, blank(t))
	const last, bodyBytes = 1500, 120
	var group sync.WaitGroup
	done := make(chan struct{})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for reader := range uint64(4) {
		chance := rand.New(rand.NewPCG(seed, reader))
		group.Go(func() {
			for c := h.Cursor(1); c.Next() <= last; {
				next := c.Next()
				found, err := c.Read(1 + chance.IntN(8<<10))
				var compacted *CompactedError
				switch {
				case errors.As(err, &compacted):
					if compacted.Index != next || compacted.First <= next || h.Stats().First < compacted.First {
						t.Errorf("at %d: %v, history begins at %d", next, err, h.Stats().First)
					}
					c = h.Cursor(compacted.First)
				case err != nil:
					t.Error(err)
					return
				}
				for i, e := range found {
					want := entry(next+raftlog.Index(i), 1, bodyBytes)
					if e.Mark() != want.Mark() || !bytes.Equal(e.Body, want.Body) {
						t.Errorf("a cursor at %d read %v as entry %d", next, e.Mark(), i)
						return
					}
				}
				if chance.IntN(50) == 0 {
					c = h.Cursor(c.Next()) // it comes back
				}
			}
		})
	}
	group.Go(func() {
		chance := rand.New(rand.NewPCG(seed, 100))
		for {
			select {
			case <-done:
				return
			default:
			}
			if err := h.Trim(h.Stats().Last - min(h.Stats().Last, raftlog.Index(chance.IntN(500)))); err != nil {
				t.Error(err)
			}
		}
	})
	for at := raftlog.Index(1); at <= last; {
		to := min(at+raftlog.Index(rand.IntN(20)), last)
		must(t, write(h, entries(at, to, bodyBytes)))
		at = to + 1
	}
	close(done)
	group.Wait()
}

// The log begins anew behind a snapshot of another node. A cursor that stood in the gap, or before it, is told; one
// that stands where the new log begins goes on.
func TestACursorIsToldOfALogThatBeganAnew(t *testing.T) {
	o := blank(t)
	h := open(t, o)
	fill(t, h, 1, 100, 300)
	behind, atEnd, inGap, ahead := h.Cursor(50), h.Cursor(101), h.Cursor(150), h.Cursor(201)
	if _, err := behind.Read(1); err != nil {
		t.Fatal(err)
	}
	anew := filepath.Join(filepath.Dir(o.Directory), "anew")
	t.Cleanup(func() { _ = os.RemoveAll(anew) })
	must(t, Seed(anew, 201))
	must(t, h.Restart(anew, raftlog.Mark{Term: 1, Index: 200}))
	must(t, os.RemoveAll(o.Directory))
	for _, c := range []*Cursor{behind, atEnd, inGap} {
		next := c.Next()
		_, err := c.Read(1 << 20)
		var compacted *CompactedError
		if !errors.As(err, &compacted) || *compacted != (CompactedError{next, 201}) || !errors.Is(err, ErrCompacted) {
			t.Errorf("a cursor at %d is told %v", next, err)
		}
	}
	fill(t, h, 201, 210, 300)
	if next := drain(t, ahead, 1<<20, 300); next != 211 {
		t.Errorf("the cursor that stood where the log begins now stands before %d", next)
	}
}

// What is damaged is never given, and the damage is named; what lies before it is.
func TestACursorFindsDamage(t *testing.T) {
	for name, damage := range map[string]func(b []byte) []byte{
		"a bit":    func(b []byte) []byte { b[len(b)-40] ^= 4; return b },
		"a length": func(b []byte) []byte { b[len(b)-374], b[len(b)-373] = 0xff, 0x7f; return b },
		"the end":  func(b []byte) []byte { return b[:len(b)-1] },
	} {
		t.Run(name, func(t *testing.T) {
			o := blank(t)
			h := open(t, o)
			fill(t, h, 1, 5, 300)
			file := segmentsOf(t, o)[0].Path
			b, err := os.ReadFile(file)
			must(t, err)
			must(t, os.WriteFile(file, damage(b), 0o600))
			c := h.Cursor(1)
			for c.Next() < 5 {
				found, err := c.Read(1 << 20)
				must(t, err)
				if len(found) == 0 {
					t.Fatalf("nothing before %d", c.Next())
				}
			}
			var corruption *raftlog.CorruptionError
			if found, err := c.Read(1 << 20); !errors.As(err, &corruption) {
				t.Errorf("entry 5 is damaged, and a cursor reads %d entries, %v", len(found), err)
			}
		})
	}
}

// A reader that needs to look back finds the segment from which to read.
func TestBeforeIsTheBeginOfAnEarlierSegment(t *testing.T) {
	o := blank(t)
	h := open(t, o)
	fill(t, h, 1, 200, 300)
	segments := segmentsOf(t, o)
	third := segments[2].First
	size, err := sizeOf(segments[1:2])
	must(t, err)
	for _, c := range []struct {
		index raftlog.Index
		bytes int64
		want  raftlog.Index
	}{
		{1, 1, 1}, {2, 0, 1}, {third, 0, segments[1].First}, {third + 1, 0, third},
		{third, size, segments[1].First}, {third, size + 1, 1}, {third, 1 << 40, 1},
	} {
		if got, err := h.Before(c.index, c.bytes); err != nil || got != c.want {
			t.Errorf("%d bytes before %d: %d, %v; want %d", c.bytes, c.index, got, err, c.want)
		}
	}
	must(t, h.Trim(third))
	if got, err := h.Before(third+1, 1<<40); err != nil || got != h.Stats().First {
		t.Errorf("the first segment is %d, %v; want %d", got, err, h.Stats().First)
	}
}
