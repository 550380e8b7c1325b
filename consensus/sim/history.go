package sim

import (
	"fmt"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// history stands in for the segments of a node's log: entries behind a base, of which a first part is durable. It is
// the one part of a node's disk that the simulator does not run as it is, because the segments are written through the
// operating system.
type history struct {
	// first is the index with which the directory began, base the entry before the first that is still there.
	first   raftlog.Index
	base    raftlog.Mark
	entries []raftlog.Entry
	synced  raftlog.Index
}

// newHistory is an empty history behind a mark.
func newHistory(base raftlog.Mark) *history {
	return &history{first: base.Index + 1, base: base, synced: base.Index}
}

// last is the end of the history.
func (h *history) last() raftlog.Index { return h.base.Index + raftlog.Index(len(h.entries)) }

// write adds entries at the end.
func (h *history) write(entries []raftlog.Entry) {
	if first := entries[0].Index; first != h.last()+1 {
		panic(&Violation{Rule: "history", Text: fmt.Sprintf("entry %d written behind entry %d", first, h.last())})
	}
	h.entries = append(h.entries, copyEntries(entries)...)
}

// Sync implements journal.History.
func (h *history) Sync() (raftlog.Index, error) {
	h.synced = h.last()
	return h.synced, nil
}

// cut drops what is beyond the checkpoint: only the journal knows whether it is true. It reports whether everything up
// to the checkpoint is there.
func (h *history) cut(checkpoint raftlog.Index) bool {
	if checkpoint > h.last() || checkpoint < h.base.Index {
		return false
	}
	h.entries = h.entries[:checkpoint-h.base.Index]
	h.synced = min(h.synced, checkpoint)
	return true
}

// trim drops what is before an index, and durably so.
func (h *history) trim(keep raftlog.Index) {
	if keep <= h.base.Index+1 {
		return
	}
	gone := min(keep-1, h.last()) - h.base.Index
	if gone == 0 {
		return
	}
	h.base = h.entries[gone-1].Mark()
	h.entries = append([]raftlog.Entry(nil), h.entries[gone:]...)
	h.synced = max(h.synced, h.base.Index)
}

// bytesBefore is what the history weighs before an entry.
func (h *history) bytesBefore(index raftlog.Index) (bytes int64) {
	for i := range h.entries {
		if h.entries[i].Index < index {
			bytes += int64(h.entries[i].Size())
		}
	}
	return bytes
}

// losePower leaves what was synced and some of the rest.
func (h *history) losePower(choose func(n int) int) {
	synced := int(h.synced - h.base.Index)
	h.entries = h.entries[:synced+choose(len(h.entries)-synced+1)]
	h.synced = h.last()
}

// read returns the mark before an index and the entries from it on, within a number of bytes but at least one; none if
// history does not reach so far, in either direction.
func (h *history) read(from raftlog.Index, maxBytes int) (previous raftlog.Mark, entries []raftlog.Entry) {
	if from <= h.base.Index || from > h.last() {
		return raftlog.Mark{}, nil
	}
	begin := int(from-h.base.Index) - 1
	previous = h.base
	if begin > 0 {
		previous = h.entries[begin-1].Mark()
	}
	bytes, end := 0, begin
	for end < len(h.entries) && (end <= begin || bytes+h.entries[end].Size() <= maxBytes) {
		bytes += h.entries[end].Size()
		end++
	}
	return previous, copyEntries(h.entries[begin:end])
}

// compacted reports whether an entry is gone for good.
func (h *history) compacted(i raftlog.Index) bool { return i <= h.base.Index }

// copyEntries copies entries as a disk or a wire does: bytes are not shared, configurations are not decoded.
func copyEntries(entries []raftlog.Entry) []raftlog.Entry {
	if entries == nil {
		return nil
	}
	copies := make([]raftlog.Entry, len(entries))
	for i, e := range entries {
		e.Body = append([]byte(nil), e.Body...)
		copies[i] = e
	}
	return copies
}
