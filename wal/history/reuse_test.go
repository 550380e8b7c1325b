package history

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// arrays are where the memory of the last segment lies, nil where it has none for entries.
func arrays(t *testing.T, h *History) (bytes *byte, places *place) {
	t.Helper()
	held, found := heldBy(h.log, 1)
	if !found {
		t.Fatal("the library is built in another way: its memory is not used again")
	}
	if cap(*held.places) == 0 {
		return nil, nil
	}
	return &(*held.bytes)[:1][0], &(*held.places)[:1][0]
}

// The memory of a full segment is that of the next one, whether segments are written entry by entry or several at once.
// What the library tells of both is right, as is what is in the files.
func TestTheMemoryOfAFullSegmentIsUsedAgain(t *testing.T) {
	for _, step := range []raftlog.Index{1, 7, 40} {
		o := blank(t)
		h := open(t, o)
		must(t, write(h, entries(1, 20, 300))) // the first one grows
		before, placesBefore := arrays(t, h)
		last := raftlog.Index(20)
		for ; last <= 200; last += step {
			must(t, write(h, entries(last+1, last+step, 300)))
			if now, places := arrays(t, h); now != before || places != placesBefore {
				t.Fatalf("%d entries at once: behind entry %d the library has other memory", step, last+step)
			}
		}
		segments := segmentsOf(t, o)
		if len(segments) < 10 {
			t.Fatalf("%d segments: the test proves nothing", len(segments))
		}
		for i := raftlog.Index(1); i <= last; i++ {
			e := entry(i, 1, 300)
			found, err := h.log.Read(uint64(i))
			if must(t, err); !bytes.Equal(found, append(e.AppendHeader(nil), e.Body...)) {
				t.Fatalf("the library has another entry %d", i)
			}
		}
		wantEntries(t, h, 1, last, 300)
		wantThrough(t, h, last)
		must(t, h.Close())
		o.Checkpoint = raftlog.Mark{Term: 1, Index: last}
		wantEntries(t, open(t, o), 1, last, 300)
	}
}

// A segment that grows gets memory for all of it at once, with room for its last entry, and not before it is worth it.
func TestASegmentGrowsOnce(t *testing.T) {
	o := blank(t)
	o.SegmentBytes = 1 << 20
	h := open(t, o)
	grown := 0
	var before *byte
	for i := raftlog.Index(1); len(segmentsOf(t, o)) < 3; i++ {
		must(t, write(h, entries(i, i, 1000)))
		now, _ := arrays(t, h)
		if held, _ := heldBy(h.log, 1); h.tailBytes >= minRestBytes || len(segmentsOf(t, o)) > 1 {
			if room := cap(*held.bytes); room < o.SegmentBytes+o.SegmentBytes/spareShare || room > 2*o.SegmentBytes {
				t.Fatalf("behind entry %d the library has memory for %d bytes", i, room)
			}
			if now != before {
				grown++
			}
			before = now
		} else if room := cap(*held.bytes); room > 2*minRestBytes {
			t.Fatalf("behind entry %d, with %d bytes, the library has memory for %d", i, h.tailBytes, room)
		}
	}
	if grown != 1 {
		t.Errorf("the memory changed %d times, want once", grown)
	}
}

// Behind a large entry the next segment begins with no memory, and so it does behind a rest.
func TestTheMemoryOfALargeEntryIsNotKept(t *testing.T) {
	o := blank(t)
	for room, kept := range map[int]bool{
		maxSpareShare*o.SegmentBytes - 1: true, maxSpareShare * o.SegmentBytes: true,
		maxSpareShare*o.SegmentBytes + 1: false,
	} {
		o.Directory = t.TempDir()
		h := open(t, o)
		must(t, write(h, entries(1, 2, 300)))
		held, _ := heldBy(h.log, 1)
		*held.bytes = append(make([]byte, 0, room), *held.bytes...)
		last := raftlog.Index(3)
		for ; len(segmentsOf(t, o)) < 2; last++ {
			must(t, write(h, entries(last, last, 300)))
		}
		if memory, _ := arrays(t, h); memory != nil != kept {
			t.Errorf("memory of %d bytes is kept: %t", room, !kept)
		}
		must(t, write(h, entries(last, last+30, 300)))
		wantEntries(t, h, 1, last+30, 300)
	}
	o, h := large(t, restEntries+1100)
	if memory, _ := arrays(t, h); memory == nil || len(segmentsOf(t, o)) < 2 {
		t.Fatal("no segment is full")
	}
	must(t, h.Rest())
	if memory, _ := arrays(t, h); memory != nil {
		t.Error("a history at rest has memory for a segment")
	}
}

// A library that is built in another way, or has no such segment, is left alone.
func TestAnotherLibraryKeepsItsMemory(t *testing.T) {
	type span = struct{ begin, end int }
	type segment = struct {
		ebuf []byte
		epos []span
	}
	type other = struct {
		ebuf []byte
		epos []struct{ begin, end int32 }
	}
	one := struct{ segments []*segment }{[]*segment{{ebuf: []byte{1, 2}, epos: []span{{begin: 0, end: 2}}}}}
	differs := struct{ segments []*other }{[]*other{{ebuf: []byte{1, 2}, epos: nil}}}
	for name, c := range map[string]struct {
		library any
		fromEnd int
		want    bool
	}{
		"as it is":             {&one, 1, true},
		"without a second":     {&one, 2, false},
		"nothing":              {&struct{}{}, 1, false},
		"no list":              {&struct{ segments *segment }{&segment{}}, 1, false},
		"a list of no structs": {&struct{ segments []int }{[]int{1}}, 1, false},
		"no segment":           {&struct{ segments []*segment }{[]*segment{nil}}, 1, false},
		"without bytes":        {&struct{ segments []*struct{ epos []span } }{[]*struct{ epos []span }{{}}}, 1, false},
		"without places":       {&struct{ segments []*struct{ ebuf []byte } }{[]*struct{ ebuf []byte }{{}}}, 1, false},
		"other places":         {&differs, 1, false},
	} {
		if _, found := heldBy(c.library, c.fromEnd); found != c.want {
			t.Errorf("%s: found: %t", name, found)
		}
	}
	for _, v := range []any{1, []int{1}, []struct{ a int }{}, []struct{ a, b string }{}, []struct{ a, b, c int }{}} {
		if arePlaces(reflect.ValueOf(v)) {
			t.Errorf("%T are places", v)
		}
	}
}

// BenchmarkWrite writes entries of 200 bytes, 50 at a time. What it allocates for an entry is garbage.
func BenchmarkWrite(b *testing.B) {
	h := open(b, Options{Directory: b.TempDir(), SegmentBytes: 4 << 20, Kept: 1})
	const count = 50
	group := entries(1, count, 200)
	b.ReportAllocs()
	for range b.N {
		must(b, write(h, group))
		for i := range group {
			group[i].Index += count
		}
		if h.Bytes() > 64<<20 {
			b.StopTimer()
			must(b, h.Trim(h.Stats().Last))
			b.StartTimer()
		}
	}
}
