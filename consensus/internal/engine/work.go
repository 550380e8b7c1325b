package engine

import (
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Work is what a turn wants of the applier, in this order: jump, register, expire, apply, freeze.
type Work struct {
	// Jump, when not nil, is a snapshot of other nodes that has taken the log's place: the machine is restored from it,
	// and then Applier.Jumped is called with what the file says.
	Jump *raftlog.SnapshotMark
	// Reinstall: that snapshot takes the place of a state that differs from the others', and the log stays.
	Reinstall bool
	// Sent are batches that are about to leave; from here on they belong to the applier.
	Sent []Sent
	// Tick is the loop's time, for deadlines; 0 when no tick passed.
	Tick uint64
	// First and Last are the entries to apply; Last is 0 when there are none. Entries holds them, or is empty when
	// they are no longer in memory: the applier then reads them from the log.
	First, Last raftlog.Index
	Entries     []raftlog.Entry
	// Freeze asks for the state behind Last, or behind what was handed over before: Applier.Freeze. It goes to the
	// snapshotter, whose answer is Inputs.Taken.
	Freeze bool

	// Handed is the pumps': when the work left the loop.
	Handed int64
}

// Empty reports whether there is nothing to do.
func (w *Work) Empty() bool {
	return w.Jump == nil && len(w.Sent) == 0 && w.Tick == 0 && w.Last == 0 && !w.Freeze
}

// deadlineTicks is how often the applier looks for deadlines that passed.
const deadlineTicks = 10

// handWork hands registered batches and committed entries to the applier, as long as the applier is not too far behind,
// and snapshots between them.
func (e *Engine) handWork(ticks int) {
	w := &e.out.Work
	w.Sent = e.registered
	e.registered = nil
	if !e.expiring && e.tick >= e.expired+deadlineTicks { // one at a time: the applier may be held up for long
		w.Tick, e.expiring = e.tick, true
	}
	e.handJump(w)
	if e.snapshots.install.halts() || e.stateless() {
		return
	}
	freeze := e.snapshotDue()
	e.handEntries(w, e.mayHand(freeze))
	if freeze {
		e.freeze(ticks)
	}
}

// handEntries hands over committed entries up to an index.
func (e *Engine) handEntries(w *Work, through raftlog.Index) {
	if e.handed >= through || e.span >= e.options.MaxSpanBytes {
		return
	}
	w.First = e.handed + 1
	if w.First < e.core.FirstInMemory() {
		w.Last = min(through, e.core.FirstInMemory()-1)
		e.noteSpan(w.Last, 0)
		return
	}
	w.Entries = e.core.Entries(w.First, through, e.options.MaxSpanBytes)
	w.Last = w.Entries[len(w.Entries)-1].Index
	e.noteSpan(w.Last, SizeOf(w.Entries))
}

func (e *Engine) noteSpan(last raftlog.Index, bytes int) {
	e.handed = last
	e.span += bytes
	e.spans = append(e.spans, handedSpan{last: last, bytes: bytes})
}

// SizeOf is the number of bytes of entries, encoded.
func SizeOf(entries []raftlog.Entry) int {
	bytes := 0
	for i := range entries {
		bytes += entries[i].Size()
	}
	return bytes
}

// maxFillBytes bounds one hand-over to the history filler.
const maxFillBytes = 4 << 20

// fillHistory hands committed and durable entries to the filler, one piece at a time. History takes only such entries,
// so it never sees a truncation.
func (e *Engine) fillHistory() {
	through := min(e.commit, e.core.Durable())
	if e.filling || e.filled >= through || e.snapshots.install.halts() {
		return
	}
	e.out.Fill = e.core.Entries(e.filled+1, through, maxFillBytes)
	if len(e.out.Fill) == 0 {
		panic("engine: entries left memory before they were written to history")
	}
	e.filled = e.out.Fill[len(e.out.Fill)-1].Index
	e.filling = true
}
