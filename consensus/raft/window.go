package raft

import (
	"fmt"
	"slices"
	"sort"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// window is the part of the log that is in memory: everything above the floor. Entries at or below the floor are
// committed, and on disk.
//
//	      floor        written             last
//	───────┼─────────────┼───────────────────┤
//	on disk   in both,      journal only or
//	only      kept for      not yet durable
//	          followers
//
// Slices that the window hands out stay valid and unchanged for ever: entries are only added behind them, and a
// truncation moves what remains to a new array.
type window struct {
	floor     raftlog.Mark
	floorTime raftlog.Time
	// entries are those from floor.Index+1 on, without a gap.
	entries []raftlog.Entry
	// written is the highest index known to be in history; entries up to it may leave memory.
	written raftlog.Index
	// writtenBytes are in memory at or below written, unwrittenBytes above.
	writtenBytes   int
	unwrittenBytes int
	// retainBytes is how much of what is written stays in memory, for followers that are a little behind, and for the
	// applier of a node that is alone.
	retainBytes int
	// deadBytes left the window, but the array below entries still pins them.
	deadBytes int
}

func newWindow(floor raftlog.Mark, floorTime raftlog.Time, entries []raftlog.Entry, retainBytes int) window {
	w := window{floor: floor, floorTime: floorTime, written: floor.Index, retainBytes: retainBytes}
	w.append(entries)
	return w
}

// last is the mark of the last entry.
func (w *window) last() raftlog.Mark {
	if len(w.entries) == 0 {
		return w.floor
	}
	return w.entries[len(w.entries)-1].Mark()
}

// lastTime is the time of the last entry. Its stamp is the highest, for leaders never let stamps go back.
func (w *window) lastTime() raftlog.Time {
	if len(w.entries) == 0 {
		return w.floorTime
	}
	return w.entries[len(w.entries)-1].Time()
}

// at returns the entry at an index above the floor, up to last.
func (w *window) at(i raftlog.Index) *raftlog.Entry { return &w.entries[i-w.floor.Index-1] }

// term is the term of the entry at i; false below the floor and above last.
func (w *window) term(i raftlog.Index) (raftlog.Term, bool) {
	switch {
	case i == w.floor.Index:
		return w.floor.Term, true
	case i < w.floor.Index || i > w.last().Index:
		return 0, false
	}
	return w.at(i).Term, true
}

// append adds entries behind the last one. It copies the entries; their bodies are shared.
func (w *window) append(entries []raftlog.Entry) {
	previous := w.last()
	for i := range entries {
		e := &entries[i]
		if e.Index != previous.Index+1 || e.Term < previous.Term {
			panic(fmt.Sprintf("raft: entry %v cannot follow %v", e.Mark(), previous))
		}
		previous = e.Mark()
		w.unwrittenBytes += e.Size()
	}
	w.reserve(len(entries))
	w.entries = append(w.entries, entries...)
}

// minGrowEntries is by how many entries the window grows at least: one that is empty again and again gets no array each
// time.
const minGrowEntries = 64

// reserve makes room for so many more entries.
func (w *window) reserve(more int) {
	if len(w.entries)+more > cap(w.entries) {
		w.move(more)
	}
}

// move moves the entries to a new array that has room for so many more, and for as many as there are: then each entry
// is moved once on average, while as many leave the window in front as come behind.
func (w *window) move(more int) {
	moved := make([]raftlog.Entry, len(w.entries), 2*len(w.entries)+max(more, minGrowEntries))
	copy(moved, w.entries)
	w.entries, w.deadBytes = moved, 0
}

// truncate drops the entries from index from on. The array stays with the holders of its slices.
func (w *window) truncate(from raftlog.Index) {
	if from <= w.written {
		panic(fmt.Sprintf("raft: truncation at %d, but history holds entries up to %d", from, w.written))
	}
	keep := from - w.floor.Index - 1
	for i := range w.entries[keep:] {
		w.unwrittenBytes -= w.entries[int(keep)+i].Size()
	}
	w.entries = slices.Clone(w.entries[:keep])
	w.deadBytes = 0
}

// release notes that entries up to written are in history, and lets go of the oldest of them beyond retainBytes, and of
// all up to an index.
func (w *window) release(written, all raftlog.Index) {
	for ; w.written < written; w.written++ {
		size := w.at(w.written + 1).Size()
		w.unwrittenBytes -= size
		w.writtenBytes += size
	}
	drop := 0
	all = min(all, written)
	for w.writtenBytes > w.retainBytes || w.floor.Index+raftlog.Index(drop) < all {
		size := w.entries[drop].Size()
		w.writtenBytes -= size
		w.deadBytes += size
		drop++
	}
	if drop == 0 {
		return
	}
	w.floor, w.floorTime = w.entries[drop-1].Mark(), w.entries[drop-1].Time()
	w.entries = w.entries[drop:]
	w.unpin()
}

// minPinnedBytes is how much an array may always pin in front of the entries.
const minPinnedBytes = 64 << 10

// unpin moves the entries to a new array once the old one pins more bytes in front of them than are alive.
// What is copied (the fixed part of each entry) is then less than twice what died since the last time, so the cost is
// constant per byte appended.
func (w *window) unpin() {
	switch {
	case w.deadBytes <= max(minPinnedBytes, w.writtenBytes+w.unwrittenBytes):
	case len(w.entries) == 0:
		w.entries, w.deadBytes = nil, 0
	default:
		w.move(0)
	}
}

// slice returns the entries lo..hi, as far as they exist and fit into maxBytes, but at least one; nil if lo is not in
// the window.
func (w *window) slice(lo, hi raftlog.Index, maxBytes int) []raftlog.Entry {
	hi = min(hi, w.last().Index)
	if lo <= w.floor.Index || lo > hi {
		return nil
	}
	from, to := int(lo-w.floor.Index)-1, int(hi-w.floor.Index)
	bytes := w.entries[from].Size()
	end := from + 1
	for end < to && bytes+w.entries[end].Size() <= maxBytes {
		bytes += w.entries[end].Size()
		end++
	}
	return w.entries[from:end:end]
}

// lastNotAfter returns the largest index, not above m.Index, whose term is not above m.Term: the best guess of a point
// where this log can still agree with one that has m. Terms never fall along a log, so a binary search finds it. Below
// the floor nothing is known; the guess is then just below it, or m.Index if that is less.
func (w *window) lastNotAfter(m raftlog.Mark) raftlog.Index {
	if m.Index < w.floor.Index {
		return m.Index
	}
	if w.floor.Term > m.Term {
		return w.floor.Index - 1
	}
	above := min(m.Index, w.last().Index) - w.floor.Index
	later := sort.Search(int(above), func(i int) bool { return w.entries[i].Term > m.Term })
	return w.floor.Index + raftlog.Index(later)
}
