package pump

import (
	"errors"
	"fmt"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// groupBytes bounds the entries of one group of the log.
const groupBytes = 4 << 20

// writeLog makes operations durable: everything that queued while the last group was synced is the next group. The
// promises of a group leave after its sync.
func (r *Runner) writeLog() {
	idle := time.NewTimer(sealAfter)
	defer idle.Stop()
	var operations []raft.AppendOperation
	for {
		select {
		case <-r.appends.Woken():
		case <-idle.C:
			r.sealing.Store(true)
		case <-r.stopping:
			return
		}
		operations = r.appends.Take(operations)
		for left := operations; len(left) > 0; {
			n := groupOf(left)
			if !r.commit(left[:n]) {
				return
			}
			r.writing.Add(-int64(n))
			left = left[n:]
		}
		clear(operations) // and need not stay until the next group
		switch {
		case r.unsealed.Swap(false), len(operations) > 0:
			idle.Reset(sealAfter)
		case r.sealing.Swap(false) && !r.seal():
			return
		}
	}
}

// commit makes a group durable, and lets its promises leave. False: the node must not go on.
func (r *Runner) commit(operations []raft.AppendOperation) bool {
	r.diskLock.Lock()
	defer r.diskLock.Unlock()
	return r.commitLocked(operations)
}

// commitLocked is commit for who has the lock of the disk.
func (r *Runner) commitLocked(operations []raft.AppendOperation) bool {
	if r.hasStopped() {
		return false
	}
	change := operations[0].Switch
	if err := r.insist("put a snapshot in force", func() error { return r.switchSnapshot(change) }); err != nil {
		r.fail(err)
		return false
	}
	group := raft.Operations(r.group[:0], operations)
	began := r.sinceStart()
	if err := r.effects.Log.Append(group); err != nil {
		r.fail(fmt.Errorf("append to the log: %w", err))
		return false
	}
	if !guard.Down(guard.DurableBeforePromises) {
		r.durable.note(operations)
	}
	r.noteSynced(operations, began)
	r.last = operations[len(operations)-1].Number
	r.appended.Store(uint64(r.last))
	r.wakeLoop()
	if promises := engine.CoalescePromises(operations); len(promises) > 0 {
		r.effects.Transport.Send(promises)
	}
	clear(group) // the entries are the log's now
	r.group = group
	return true
}

// seal seals the log. False: the node must not go on.
func (r *Runner) seal() bool {
	r.diskLock.Lock()
	defer r.diskLock.Unlock()
	if err := r.effects.Log.Seal(); err != nil {
		r.fail(fmt.Errorf("seal the log: %w", err))
		return false
	}
	// What was handed out meanwhile has waited for this: the disk is slow, and does not hang.
	if r.writing.Load() > 0 && r.last != 0 && r.appended.CompareAndSwap(0, uint64(r.last)) {
		r.wakeLoop()
	}
	return true
}

// noteSynced notes when a group was made durable, and how long that took.
func (r *Runner) noteSynced(group []raft.AppendOperation, began int64) {
	now := r.sinceStart()
	for _, op := range group {
		if n := len(op.Entries); n > 0 {
			r.synced.note(op.Entries[n-1].Index, now)
		}
	}
	r.disk.note(time.Duration(now - began))
	r.late(EventSync, now-began)
}

// switchSnapshot makes the journal name the snapshot that comes into force with an operation. It is durable before the
// rest of the operation is written: a crash between the two leaves a log that ends at the snapshot or before what the
// operation adds, and the operation's promises have not left.
func (r *Runner) switchSnapshot(s *raftlog.SnapshotSwitch) error {
	switch {
	case s == nil:
		return nil
	case s.Restart:
		if err := r.effects.SnapshotLog.Restart(s.Snapshot, s.Time); err != nil {
			return fmt.Errorf("begin the log anew behind entry %d: %w", s.Snapshot.Index, err)
		}
	default:
		if err := r.effects.SnapshotLog.Keep(s.Snapshot, s.Retained); err != nil {
			return fmt.Errorf("put the snapshot at entry %d in force: %w", s.Snapshot.Index, err)
		}
	}
	return nil
}

// groupOf says how many operations fit in one group; at least one. One that carries a switch begins a group.
func groupOf(operations []raft.AppendOperation) int {
	bytes := 0
	for i := range operations {
		bytes += engine.SizeOf(operations[i].Entries)
		if i > 0 && (bytes > groupBytes || operations[i].Switch != nil) {
			return i
		}
	}
	return len(operations)
}

// fillHistory moves committed entries into history. While the system is short of something it tries again: meanwhile
// entries stay in the journal, whose room then stops new ones.
func (r *Runner) fillHistory() {
	idle := time.NewTimer(restAfter)
	defer idle.Stop()
	var pieces [][]raftlog.Entry
	for {
		select {
		case <-r.fill.Woken():
		case <-idle.C:
			if err := r.effects.Log.Rest(); vfs.IsFatal(err) {
				r.fail(fmt.Errorf("begin a segment of history: %w", err))
				return
			}
			pieces = nil
			r.sealing.Store(true) // the log lets go of what is durable in history now
			r.appends.Wake()
			continue
		case <-r.stopping:
			return
		}
		pieces = r.fill.Take(pieces)
		for _, entries := range pieces {
			err := r.insist("write history: new writes wait when the journal is full", func() error {
				return r.effects.Log.Write(entries)
			})
			if err != nil {
				r.fail(fmt.Errorf("write history: %w", err))
				return
			}
			r.written.Store(uint64(entries[len(entries)-1].Index))
			r.wakeLoop()
		}
		idle.Reset(restAfter)
	}
}

// fetchEntries reads old entries for followers that are behind what is in memory.
func (r *Runner) fetchEntries() {
	var requests []raft.FetchRequest
	for {
		select {
		case <-r.fetch.Woken():
		case <-r.stopping:
			return
		}
		requests = r.fetch.Take(requests)
		for _, f := range requests {
			var previous raftlog.Mark
			var entries []raftlog.Entry
			err := r.insist("read history for a follower", func() (err error) {
				previous, entries, err = r.effects.Log.Entries(f.From, min(f.MaxBytes, readBytes))
				return err
			})
			compacted := errors.Is(err, engine.ErrCompacted)
			if err != nil && !compacted {
				r.fail(fmt.Errorf("read entry %d from the log: %w", f.From, err))
				return
			}
			r.fetched.Force(engine.Fetched{To: f.To, Previous: previous, Entries: entries, Compacted: compacted}, 1)
		}
	}
}
