package raft

import (
	"fmt"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Which snapshot is in force. The core's owner makes and fetches files. A file counts when a durable append operation
// names it. So a switch travels like an entry: the core decides it, it leaves with the next operation, and it counts
// when that operation completes.
//
//	SnapshotTaken ──┐                                  ┌── done.snapshot      in force, retained
//	                ├──► switching ──► operation ──► disk
//	Install ────────┘    (next Ready)                  └── handed.snapshot    on its way
//
// Its index never goes back. Suppose the node begins a snapshot of its own, another one is installed, and then its own
// is completed: its own would lead to a state whose log is gone (E3). So SnapshotTaken ignores it.

// newestSnapshot is the snapshot that is in force when all that was decided is durable; nil if there is none.
func (r *Raft) newestSnapshot() *raftlog.SnapshotMark {
	if r.switching != nil {
		return r.switching.Snapshot
	}
	return r.disk.handed.snapshot
}

// NewestSnapshot is the snapshot that is in force when all that was decided is durable; nil if there is none.
func (r *Raft) NewestSnapshot() *raftlog.SnapshotMark { return r.newestSnapshot() }

// Snapshot is the snapshot in force and the one before it, as far as a durable operation names them; nil where there is
// none. What they point to is immutable.
func (r *Raft) Snapshot() (inForce, retained *raftlog.SnapshotMark) {
	return r.disk.done.snapshot, r.disk.done.retained
}

// SnapshotTaken tells that this node has made a snapshot of its own state: the file is durable, and the entry at its
// mark is committed, applied and durable here. It comes into force with the next operation. A snapshot that is not
// beyond the one in force, or the one on its way to the disk, is ignored: another was installed while it was written.
// So is one of a state that is quarantined.
func (r *Raft) SnapshotTaken(mark raftlog.SnapshotMark) {
	if r.quarantine.On() {
		return
	}
	newest := r.newestSnapshot()
	if newest != nil && mark.Index <= newest.Index && !r.down(guard.NewestSnapshot) {
		return
	}
	if term, known := r.log.term(mark.Index); known && term != mark.Term {
		panic(fmt.Sprintf("raft: snapshot at %v, the log has term %d there", mark.Mark, term))
	}
	if mark.Index > min(r.commit, r.disk.done.last) {
		panic(fmt.Sprintf("raft: snapshot at %v, the log is committed up to %d and durable up to %d", mark.Mark, r.commit,
			r.disk.done.last))
	}
	r.switching = &raftlog.SnapshotSwitch{Snapshot: &mark, Retained: r.disk.handed.snapshot}
}
