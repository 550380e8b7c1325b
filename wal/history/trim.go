package history

import (
	"errors"
	"os"
	"slices"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Trim removes the segments that end before the entry before keep. The library goes on, and still lists them: its own
// truncation would copy a segment, and nothing asks it for what they hold once history begins behind them. Only that
// step holds the lock of readers, filler and journal; none of them waits for files to go.
//
// The names may vanish from the disk in any order. After a crash between them, repair takes away those that are left.
// After an error that is not fatal, some may be left, and the next Trim takes them away.
func (h *History) Trim(keep raftlog.Index) error {
	gone, err := h.abandon(keep)
	if err != nil || len(gone) == 0 {
		return err
	}
	for _, s := range gone {
		err = errors.Join(err, os.Remove(s.Path))
	}
	err = errors.Join(err, h.names.Sync())
	h.trimming.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed != nil {
		return h.failed
	}
	if err == nil {
		err = h.reopen(len(gone))
	}
	return h.outcome("remove old history", err)
}

// reopen has the library forget segments that are gone, when there are enough of them: it lists all that it has ever
// seen, and syncs the last one when it is closed. The caller holds mu.
func (h *History) reopen(gone int) error {
	if h.gone += gone; h.gone < h.goneMax || h.down {
		return nil
	}
	h.gone = 0
	if err := guarded(h.closeLog); err != nil {
		return err
	}
	h.down = true
	h.trimming.Lock()
	defer h.trimming.Unlock()
	return h.bringBack()
}

// trimSlack is 0, or 1 where a mutation test has the entry before the first one go, too.
func trimSlack() raftlog.Index {
	if guard.Down(guard.TrimKeepsTheOneBefore) {
		return 1
	}
	return 0
}

// abandon has history begin with the last segment that begins before keep, and returns those before it. If there are
// any, the files are the caller's until it unlocks trimming.
func (h *History) abandon(keep raftlog.Index) (gone []Segment, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.usable(); err != nil {
		return nil, err
	}
	h.trimming.Lock()
	defer func() {
		if len(gone) == 0 {
			h.trimming.Unlock()
		}
	}()
	segments, err := List(h.directory)
	if err != nil {
		return nil, h.outcome("list history", err)
	}
	first := ending(segments, min(keep, h.last.Index+1)+trimSlack())
	bytes, err := sizeOf(counted(segments[:first], h.first))
	if err != nil {
		return nil, h.outcome("list history", err)
	}
	h.first = max(h.first, segments[first].First)
	h.bytes.Add(-bytes)
	return segments[:first], nil
}

// ending is how many segments end before the entry before keep. The last one never counts.
func ending(segments []Segment, keep raftlog.Index) (n int) {
	for n+1 < len(segments) && segments[n+1].First < keep {
		n++
	}
	return n
}

// counted are the segments from where history begins on. Those of an earlier Trim that could not be removed lie before.
func counted(segments []Segment, first raftlog.Index) []Segment {
	at := slices.IndexFunc(segments, func(s Segment) bool { return s.First >= first })
	if at < 0 {
		return nil
	}
	return segments[at:]
}

// BytesBefore is what a Trim to an entry would remove. It is called by the goroutine that calls Trim, and holds up
// others for as long as it takes to list the files.
func (h *History) BytesBefore(keep raftlog.Index) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.usable(); err != nil {
		return 0, err
	}
	segments, err := List(h.directory)
	if err != nil {
		return 0, h.outcome("list history", err)
	}
	bytes, err := sizeOf(counted(segments[:ending(segments, min(keep, h.last.Index+1))], h.first))
	return bytes, h.outcome("list history", err)
}
