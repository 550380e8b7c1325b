package pump

import (
	"sync"
	"sync/atomic"

	"github.com/raftredis/raftredis/consensus/engine"
)

// Change says which facts about a node differ from those of the turn before.
type Change uint8

const (
	// Progress: how far the log is durable, committed, applied or held by others, who leads, or who is a member.
	Progress Change = 1 << iota
	// Snapshots: a snapshot was begun, written or installed, or failed.
	Snapshots
)

// changeOf compares two statuses; before is nil at the start.
func changeOf(before, after *engine.Status) (c Change) {
	if before == nil {
		return Progress | Snapshots
	}
	progress := before.Applied != after.Applied || before.Durable != after.Durable || before.Commit != after.Commit ||
		before.Leader != after.Leader || before.Role != after.Role || before.Removed != after.Removed ||
		before.Observation != after.Observation || before.Configuration != after.Configuration ||
		before.Committed != after.Committed
	if progress {
		c |= Progress
	}
	if before.SnapshotUnderway != after.SnapshotUnderway || before.SnapshotsEnded != after.SnapshotsEnded ||
		before.SnapshotsFailed != after.SnapshotsFailed || before.SnapshotsInstalled != after.SnapshotsInstalled ||
		before.Install != after.Install {
		c |= Snapshots
	}
	return c
}

// broadcast wakes everything that waits for the next status. It costs one look while nothing waits.
type broadcast struct {
	waited atomic.Bool
	mu     sync.Mutex
	next   chan struct{}
}

// wait returns a channel that is closed at the next tell. Take it before looking at the status.
func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
		b.waited.Store(true)
	}
	return b.next
}

// tell wakes those that wait.
func (b *broadcast) tell() {
	if !b.waited.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
		b.waited.Store(false)
	}
}

// Changed returns a channel that is closed when Status returns another status than now. A caller takes the channel,
// then looks at the status, then waits.
func (r *Runner) Changed() <-chan struct{} { return r.changed.wait() }
