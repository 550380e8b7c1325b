package server

import (
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/resp"
)

// relay tells the front end what changes in node and key space, and what takes how long. The two are made one after the
// other, with the node between them, which applies entries as soon as it is there: what changes before the front end
// exists no client has read.
type relay struct {
	server atomic.Pointer[resp.Server]
	// waits are the server's functions for changed facts about the node.
	waits atomic.Pointer[waits]
}

type waits struct{ progressed, saved func() }

func (r *relay) subscribe(progressed, saved func()) { r.waits.Store(&waits{progressed, saved}) }

// NodeChanged is called by the node's loop.
func (r *relay) NodeChanged(e consensus.Event) {
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

// Flushed is called under the write lock, and only marks.
func (r *relay) Flushed(run *command.Run) {
	if s := r.server.Load(); s != nil {
		s.Flushed(run)
	}
}
