package history

import (
	"fmt"
	"path/filepath"

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
// base. No call writes or reads entries meanwhile. An error is final.
func (h *History) Restart(directory string, base raftlog.Mark) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trimming.Lock() // what goes is gone before its directory is left
	defer h.trimming.Unlock()
	if h.failed != nil {
		return h.failed
	}
	if err := guarded(h.log.Close); err != nil {
		return h.fail(fmt.Errorf("close history: %w", err))
	}
	h.directory, h.name, h.base, h.last, h.first = directory, filepath.Base(directory), base, base, base.Index+1
	h.unsyncedBytes, h.batch = 0, tidwall.Batch{}
	if err := h.open(); err != nil {
		return h.fail(err)
	}
	h.durable.Store(uint64(base.Index))
	return nil
}
