package server

import (
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/resp"
)

// relay passes changes of the node and of the key space, and the times of slow steps, to the front end and the store.
// The key space is made first, then those two, and the node, which applies entries at once, is opened last. The relay
// drops what comes for a part that does not exist: no client has read it.
type relay struct {
	server atomic.Pointer[resp.Server]
	store  atomic.Pointer[store]
	// waits are the server's functions for changed facts about the node.
	waits atomic.Pointer[waits]
}

type waits struct{ progressed, saved func() }

func (r *relay) subscribe(progressed, saved func()) { r.waits.Store(&waits{progressed, saved}) }

// NodeChanged is called by the node's loop.
func (r *relay) NodeChanged(e consensus.Event) {
	if s := r.store.Load(); s != nil {
		if e.Snapshot || e.Members || e.Quarantine || s.loading.on.Load() || !s.serving.Load() {
			s.look()
		}
	}
	w := r.waits.Load()
	if w == nil {
		return
	}
	if e.Leader || e.Members || e.Applied || e.Match {
		w.progressed()
	}
	if e.Snapshot {
		w.saved()
	}
}

// memoryIsTight is asked while a snapshot is written.
func (r *relay) memoryIsTight() bool {
	s := r.server.Load()
	return s != nil && s.MemoryIsTight()
}

// Late is called for each sync, commit, application and confirmation.
func (r *relay) Late(event string, took time.Duration) {
	if s := r.server.Load(); s != nil {
		s.Late(event, took)
	}
}

// Changed is called under the write lock, and only marks.
func (r *relay) Changed(key string, run *command.Run) {
	if s := r.server.Load(); s != nil {
		s.Changed(key, run)
	}
}

// Applied is called under the write lock, and only marks.
func (r *relay) Applied() {
	if s := r.server.Load(); s != nil {
		s.Applied()
	}
}

// Flushed is called under the write lock, and only marks.
func (r *relay) Flushed(run *command.Run) {
	if s := r.server.Load(); s != nil {
		s.Flushed(run)
	}
}

// Published is called under the write lock, and blocks for nothing.
func (r *relay) Published(channel, message []byte, sharded bool) (receivers int) {
	if s := r.server.Load(); s != nil {
		return s.Published(channel, message, sharded)
	}
	return 0
}

// Replaced is called under the write lock, and blocks for nothing.
func (r *relay) Replaced() {
	if s := r.server.Load(); s != nil {
		s.Replaced()
	}
}
