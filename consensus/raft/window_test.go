package raft

import (
	"math/rand"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// modelEntry makes an entry whose body tells its index and term apart from any other.
func modelEntry(index raftlog.Index, term raftlog.Term, bodyBytes int) raftlog.Entry {
	e := raftlog.Entry{Index: index, Term: term, Kind: raftlog.EntryCommand, Body: make([]byte, bodyBytes)}
	for i := range e.Body {
		e.Body[i] = byte(index) ^ byte(term)
	}
	e.Seal()
	return e
}

// TestTheWindowAgreesWithAPlainLog compares the window with a slice that forgets nothing, over random appends,
// truncations and releases, and looks at every slice it ever handed out again at the end.
func TestTheWindowAgreesWithAPlainLog(t *testing.T) {
	for seed := range int64(50) {
		dice := rand.New(rand.NewSource(seed))
		w := newWindow(raftlog.Mark{}, raftlog.Time{}, nil, 2000)
		var plain []raftlog.Entry // index i at i-1
		var handed, copies [][]raftlog.Entry
		term, committed, useless := raftlog.Term(1), raftlog.Index(0), raftlog.Index(0)
		for range 400 {
			last := raftlog.Index(len(plain))
			switch dice.Intn(5) {
			case 0, 1:
				term += raftlog.Term(dice.Intn(2))
				var batch []raftlog.Entry
				for i := range 1 + dice.Intn(4) {
					batch = append(batch, modelEntry(last+raftlog.Index(i)+1, term, dice.Intn([]int{300, 30_000}[dice.Intn(20)/19])))
				}
				w.append(batch)
				plain = append(plain, batch...)
			case 2:
				if last > committed {
					from := committed + 1 + raftlog.Index(dice.Intn(int(last-committed)))
					w.truncate(from)
					plain = plain[:from-1]
					term++
				}
			case 3:
				committed += raftlog.Index(dice.Intn(int(last-committed) + 1))
				if seed%2 == 0 { // without other nodes; what is applied may be ahead of what is written
					useless = max(useless, committed-2) + raftlog.Index(dice.Intn(5))
				}
				w.release(committed, useless)
				if w.floor.Index < min(committed, useless) {
					t.Fatalf("seed %d: floor %v, written %d, useless up to %d", seed, w.floor, committed, useless)
				}
			case 4:
				if s := w.slice(w.floor.Index+1, last, dice.Intn(1000)); s != nil {
					handed, copies = append(handed, s), append(copies, slices.Clone(s))
				}
			}
			compareWindow(t, &w, plain)
		}
		for i := range handed {
			if !slices.EqualFunc(handed[i], copies[i], func(a, b raftlog.Entry) bool { return a.CRC == b.CRC }) {
				t.Fatalf("seed %d: a slice that was handed out has changed", seed)
			}
		}
	}
}

func compareWindow(t *testing.T, w *window, plain []raftlog.Entry) {
	t.Helper()
	if w.last().Index != raftlog.Index(len(plain)) {
		t.Fatalf("last %v, want index %d", w.last(), len(plain))
	}
	for i := w.floor.Index + 1; i <= raftlog.Index(len(plain)); i++ {
		if w.at(i).CRC != plain[i-1].CRC {
			t.Fatalf("entry %d is %v, want %v", i, w.at(i), plain[i-1])
		}
	}
	above := 0
	for _, e := range plain[w.written:] {
		above += e.Size()
	}
	if w.unwrittenBytes != above || w.writtenBytes > w.retainBytes {
		t.Fatalf("%d bytes above written, want %d; %d retained", w.unwrittenBytes, above, w.writtenBytes)
	}
	if live := w.writtenBytes + w.unwrittenBytes; w.deadBytes > max(minPinnedBytes, live) {
		t.Fatalf("%d dead bytes are pinned, %d are alive", w.deadBytes, live)
	}
}

// While as many entries leave the window as come, each is moved once on average, and the array has room for as many
// again.
func TestTheWindowMovesEachEntryOnce(t *testing.T) {
	const appended, bodyBytes = 20_000, 16
	for _, live := range []int{1, minGrowEntries - 1, minGrowEntries, minGrowEntries + 1, 2000} {
		w := newWindow(raftlog.Mark{}, raftlog.Time{}, nil, live*(raftlog.EntryHeaderBytes+bodyBytes))
		moved := 0
		for i := range raftlog.Index(appended) {
			if len(w.entries) == cap(w.entries) {
				moved += len(w.entries)
			}
			w.append([]raftlog.Entry{modelEntry(i+1, 1, bodyBytes)})
			room, there := cap(w.entries), len(w.entries)
			w.release(i+1, 0)
			if cap(w.entries) != room-(there-len(w.entries)) {
				moved += len(w.entries)
			}
			if limit := 2*(live+1) + minGrowEntries; cap(w.entries) > limit {
				t.Fatalf("%d are alive: room for %d, not %d", live, cap(w.entries), limit)
			}
		}
		if moved > appended+appended/10 {
			t.Errorf("%d are alive: %d were moved of %d", live, moved, appended)
		}
	}
}

func TestASliceHoldsWhatFitsAndAtLeastOneEntry(t *testing.T) {
	w := newWindow(raftlog.Mark{Term: 1, Index: 2}, raftlog.Time{}, nil, 0)
	for i := raftlog.Index(3); i <= 7; i++ {
		w.append([]raftlog.Entry{modelEntry(i, 1, 100-raftlog.EntryHeaderBytes)}) // 100 bytes each
	}
	cases := []struct {
		lo, hi   raftlog.Index
		maxBytes int
		want     int
	}{
		{3, 7, 500, 5}, {3, 7, 499, 4}, {3, 7, 200, 2}, {3, 7, 1, 1}, {5, 5, 500, 1}, {6, 100, 500, 2},
		{2, 7, 500, 0}, {8, 9, 500, 0}, {5, 4, 500, 0},
	}
	for _, c := range cases {
		if got := w.slice(c.lo, c.hi, c.maxBytes); len(got) != c.want || len(got) > 0 && got[0].Index != c.lo {
			t.Errorf("%+v: %d entries", c, len(got))
		}
	}
}

// TestTheGuessIsTheLastEntryNotAfterTheMark compares the binary search with a walk.
func TestTheGuessIsTheLastEntryNotAfterTheMark(t *testing.T) {
	dice := rand.New(rand.NewSource(1))
	for range 300 {
		floor := raftlog.Index(dice.Intn(4))
		w := newWindow(raftlog.Mark{}, raftlog.Time{}, nil, 0)
		term := raftlog.Term(1)
		for i := raftlog.Index(1); i <= 12; i++ {
			term += raftlog.Term(dice.Intn(3) / 2)
			w.append([]raftlog.Entry{modelEntry(i, term, 0)})
		}
		w.release(floor, floor)
		for term := range raftlog.Term(9) {
			for i := floor; i <= 14; i++ {
				if w.floor.Term > term {
					continue
				}
				want := min(i, 12)
				for walked, _ := w.term(want); walked > term; walked, _ = w.term(want) {
					want--
				}
				if got := w.lastNotAfter(raftlog.Mark{Term: term, Index: i}); got != want {
					t.Fatalf("last entry not after %d/%d: %d, want %d", i, term, got, want)
				}
			}
		}
	}
}

func TestTheWindowRefusesGapsAndFallingTerms(t *testing.T) {
	for name, e := range map[string]raftlog.Entry{
		"gap": modelEntry(4, 2, 0), "repetition": modelEntry(2, 2, 0), "falling term": modelEntry(3, 1, 0),
	} {
		w := newWindow(raftlog.Mark{Term: 2, Index: 2}, raftlog.Time{}, nil, 0)
		if !panics(func() { w.append([]raftlog.Entry{e}) }) {
			t.Errorf("%s was appended", name)
		}
	}
}
