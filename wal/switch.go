package wal

import (
	"fmt"
	"os"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/history"
	"github.com/raftredis/raftredis/wal/journal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Keep puts a snapshot in force whose last entry is in this log: the node's own, or a received one that the log agrees
// with. Its file is durable. retained is the snapshot before it if that is kept, nil otherwise. When Keep returns, the
// journal names both, and history older than the older one may go: see Trim. The log writer calls it.
func (l *Log) Keep(snapshot, retained *raftlog.SnapshotMark) error {
	directory, first := l.history.Place()
	err := l.journal.Switch(journal.Switch{
		Snapshot: snapshot, Retained: retained, HistoryDirectory: directory, HistoryFirst: first,
	})
	l.note()
	return err
}

// Restart puts a snapshot in force that is beyond the log, or in conflict with it: the log begins anew behind it. Its
// file is durable; at is the time of its last entry. The log writer calls it, while no call of Write or Entries
// runs; cursors may be read. A crash leaves the old log or the new one:
//
//  1. an empty history that begins behind the snapshot is made durable in a new directory;
//  2. the journal names snapshot and directory: this is the moment;
//  3. the old directory is removed, now or when the log is opened.
func (l *Log) Restart(snapshot *raftlog.SnapshotMark, at raftlog.Time) error {
	first := snapshot.Index + 1
	name := historyName(first)
	if old, _ := l.history.Place(); old == name {
		panic(fmt.Sprintf("wal: a log that begins at %d is begun anew there", first))
	}
	if err := os.RemoveAll(l.options.path(name)); err != nil { // of an attempt that did not reach 2
		return err
	}
	if err := history.Seed(l.options.path(name), first); err != nil {
		return err
	}
	err := l.journal.Switch(journal.Switch{
		Snapshot: snapshot, HistoryDirectory: name, HistoryFirst: first, Time: at,
	})
	l.note()
	if err != nil {
		return err
	}
	if err := l.history.Restart(l.options.path(name), snapshot.Mark); err != nil {
		return err
	}
	return l.removeLeftHistory()
}

// removeLeftHistory removes the directories of histories that are void. What the system does not permit now is left to
// the next Trim: it takes space and does no harm.
func (l *Log) removeLeftHistory() error {
	name, _ := l.history.Place()
	err := removeOldHistory(l.options.Directory, name)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.leftHistory = err != nil; vfs.IsFatal(err) {
		return err
	}
	return nil
}

// Trim removes segments of history that hold only entries below an index: whole files, so some older entries stay, and
// the one before that index always does: a reader that begins there learns what it follows. The journal must name
// snapshots for what goes (see Keep); keep is the index behind the older one. Segments that reach beyond the checkpoint
// that the journal states on the disk stay, too: the next start looks for it in history. If that is in the way, history
// is synced, and a trim after the next records of the journal goes further: otherwise a journal of large files would
// keep old segments for long, whatever else bounds them. An error is final.
func (l *Log) Trim(keep raftlog.Index) error {
	l.mu.Lock()
	stated := l.figures.Checkpoint
	l.mu.Unlock()
	if keep > stated+1 {
		if _, err := l.history.Sync(); err != nil {
			return err
		}
	}
	if l.options.Weakened.Down(guard.TrimStopsAtCheckpoint) {
		stated = keep
	}
	return l.history.Trim(min(keep, stated+1))
}

// BytesBefore is how large the segments of history are that Trim would remove now: those that hold only entries below
// an index. The goroutine that calls Trim calls it. An error is final.
func (l *Log) BytesBefore(index raftlog.Index) (int64, error) {
	l.mu.Lock()
	stated := l.figures.Checkpoint
	l.mu.Unlock()
	return l.history.BytesBefore(min(index, stated+1))
}
