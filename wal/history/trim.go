package history

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Trim removes the segments that end before the entry before keep. The library goes on, and still lists them: its own
// truncation would copy a segment, and nothing asks it for what they hold once history begins behind them. Only that
// step holds the lock of readers, filler and journal; none of them waits for files to go.
//
// The names may vanish from the disk in any order. After a crash between them, repair takes away those that are left.
func (h *History) Trim(keep raftlog.Index) error {
	gone, err := h.abandon(keep)
	if err != nil || len(gone) == 0 {
		return err
	}
	for _, s := range gone {
		err = errors.Join(err, os.Remove(s.Path))
	}
	err = errors.Join(err, vfs.OS().SyncDir(filepath.Dir(gone[0].Path)))
	h.trimming.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed != nil {
		return h.failed
	}
	if err == nil {
		err = h.reopen(len(gone))
	}
	if err != nil {
		return h.fail(fmt.Errorf("remove old history: %w", err))
	}
	return nil
}

// reopen has the library forget segments that are gone, when there are enough of them: it lists all that it has ever
// seen, and syncs the last one when it is closed. The caller holds the lock.
func (h *History) reopen(gone int) error {
	if h.gone += gone; h.gone < h.goneMax {
		return nil
	}
	h.gone = 0
	if err := guarded(h.closeLog); err != nil {
		return err
	}
	return h.open()
}

// abandon has history begin with the last segment that begins before keep, and returns those before it. If there are
// any, the files are the caller's until it unlocks trimming.
func (h *History) abandon(keep raftlog.Index) (gone []Segment, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed != nil {
		return nil, h.failed
	}
	h.trimming.Lock()
	defer func() {
		if len(gone) == 0 {
			h.trimming.Unlock()
		}
	}()
	segments, err := List(h.directory)
	if err != nil {
		return nil, h.fail(err)
	}
	first := 0
	for first+1 < len(segments) && segments[first+1].First < min(keep, h.last.Index+1) {
		first++
	}
	bytes, err := sizeOf(segments[:first])
	if err != nil {
		return nil, h.fail(err)
	}
	h.first = max(h.first, segments[first].First)
	h.bytes.Add(-bytes)
	return segments[:first], nil
}
