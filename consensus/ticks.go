package consensus

import (
	"sync"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// ticks are requests that only move time. They share an entry: one is under way at a time, and answers all requests
// that came before it ended. It may be older than the newest of them; a machine that needs a later time asks again.
type ticks struct {
	mu      sync.Mutex
	waiting []*Request
}

func (t *ticks) submit(r *Request) {
	t.mu.Lock()
	t.waiting = append(t.waiting, r)
	underWay := len(t.waiting) > 1
	t.mu.Unlock()
	if underWay {
		return
	}
	b := &engine.Batch{Level: raftlog.FirstLevel}
	b.Wake = func() { t.ended(errorOf(b.Outcome, r.runner)) }
	r.runner.Submit(b)
}

func (t *ticks) ended(err error) {
	t.mu.Lock()
	ended := t.waiting
	t.waiting = nil
	t.mu.Unlock()
	for _, r := range ended {
		r.end(err)
	}
}
