package sim

import (
	"fmt"

	"github.com/raftredis/raftredis/consensus/raft"
)

// history stands in for the segments of a node's log: entries from index 1 on, of which a first part is durable. It is
// the one part of a node's disk that the simulator does not run as it is, because the segments are written through the
// operating system.
type history struct {
	entries []raft.Entry
	synced  int
}

// write adds entries at the end.
func (h *history) write(entries []raft.Entry) {
	if first := entries[0].Index; int(first) != len(h.entries)+1 {
		panic(&Violation{Rule: "history", Text: fmt.Sprintf("entry %d written behind entry %d", first, len(h.entries))})
	}
	h.entries = append(h.entries, copyEntries(entries)...)
}

// Sync implements journal.History.
func (h *history) Sync() (raft.Index, error) {
	h.synced = len(h.entries)
	return raft.Index(h.synced), nil
}

// cut drops what is beyond the checkpoint: only the journal knows whether it is true. It reports whether everything up
// to the checkpoint is there.
func (h *history) cut(checkpoint raft.Index) bool {
	if int(checkpoint) > len(h.entries) {
		return false
	}
	h.entries = h.entries[:checkpoint]
	h.synced = min(h.synced, int(checkpoint))
	return true
}

// losePower leaves what was synced and some of the rest.
func (h *history) losePower(choose func(n int) int) {
	h.entries = h.entries[:h.synced+choose(len(h.entries)-h.synced+1)]
	h.synced = len(h.entries)
}

// read returns the mark before an index and the entries from it on, within a number of bytes but at least one; none if
// history does not reach so far.
func (h *history) read(from raft.Index, maxBytes int) (previous raft.Mark, entries []raft.Entry) {
	if from == 0 || int(from) > len(h.entries) {
		return raft.Mark{}, nil
	}
	if from > 1 {
		previous = h.entries[from-2].Mark()
	}
	bytes, end := 0, int(from)-1
	for end < len(h.entries) && (end < int(from) || bytes+h.entries[end].Size() <= maxBytes) {
		bytes += h.entries[end].Size()
		end++
	}
	return previous, copyEntries(h.entries[from-1 : end])
}

// copyEntries copies entries as a disk or a wire does: bytes are not shared, configurations are not decoded.
func copyEntries(entries []raft.Entry) []raft.Entry {
	if entries == nil {
		return nil
	}
	copies := make([]raft.Entry, len(entries))
	for i, e := range entries {
		e.Body = append([]byte(nil), e.Body...)
		e.Configuration = nil
		copies[i] = e
	}
	return copies
}
