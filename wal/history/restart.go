package history

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
	tidwall "github.com/tidwall/wal"
)

// Place is the name of the history's directory and the index that it began with.
func (h *History) Place() (name string, first raftlog.Index) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.name, h.base.Index + 1
}

// Restart leaves the segments for those of another directory, which Seed has made: history begins anew, empty, behind
// base. No call of Write or Entries runs meanwhile; cursors may be read. An error is final. Where the system is short
// of something, the new segments are opened later, by the first call that needs them.
func (h *History) Restart(directory string, base raftlog.Mark) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trimming.Lock() // what goes is gone before its directory is left
	defer h.trimming.Unlock()
	if h.failed != nil {
		return h.failed
	}
	var err error
	if !h.down {
		err = guarded(h.log.Close)
	}
	if h.names != nil {
		err = errors.Join(err, h.names.Close())
	}
	if err != nil {
		return h.fail(fmt.Errorf("close history: %w", err))
	}
	h.directory, h.name, h.base, h.last, h.first = directory, filepath.Base(directory), base, base, base.Index+1
	h.unsyncedBytes, h.batch, h.names = 0, tidwall.Batch{}, nil
	h.bytes.Store(0)
	h.durable.Store(uint64(base.Index))
	if err := h.open(); vfs.IsFatal(err) {
		return h.fail(err)
	}
	return nil
}
