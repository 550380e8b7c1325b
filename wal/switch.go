package wal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/journal"
	"github.com/raftredis/raftredis/wal/raftlog"
	tidwall "github.com/tidwall/wal"
)

// Keep puts a snapshot in force whose last entry is in this log: the node's own, or a received one that the log agrees
// with. Its file is durable. retained is the snapshot before it if that is kept, nil otherwise. When Keep returns, the
// journal names both, and history older than the older one may go: see Trim. The log writer calls it.
func (l *Log) Keep(snapshot, retained *raftlog.SnapshotMark) error {
	directory, first := l.history.place()
	err := l.journal.Switch(journal.Switch{
		Snapshot: snapshot, Retained: retained, HistoryDirectory: directory, HistoryFirst: first,
	})
	l.note()
	return err
}

// Restart puts a snapshot in force that is beyond the log, or in conflict with it: the log begins anew behind it. Its
// file is durable; stamp is the highest stamp up to it. The log writer calls it, while no call writes to history
// or reads from it. A crash leaves the old log or the new one:
//
//  1. an empty history that begins behind the snapshot is made durable in a new directory;
//  2. the journal names snapshot and directory: this is the moment;
//  3. the old directory is removed, now or when the log is opened.
func (l *Log) Restart(snapshot *raftlog.SnapshotMark, stamp raftlog.Stamp) error {
	first := snapshot.Index + 1
	name := historyName(first)
	if old, _ := l.history.place(); old == name {
		panic(fmt.Sprintf("wal: a log that begins at %d is begun anew there", first))
	}
	if err := os.RemoveAll(l.options.path(name)); err != nil { // of an attempt that did not reach 2
		return err
	}
	if err := seed(l.options.path(name), first); err != nil {
		return err
	}
	err := l.journal.Switch(journal.Switch{
		Snapshot: snapshot, HistoryDirectory: name, HistoryFirst: first, Stamp: stamp,
	})
	l.note()
	if err != nil {
		return err
	}
	if err := l.history.restart(l.options.path(name), name, snapshot.Mark); err != nil {
		return err
	}
	return removeOldHistory(l.options.Directory, name)
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
	return l.history.trim(min(keep, stated+1))
}

// place is the name of the history's directory and the index that it began with.
func (h *history) place() (name string, first raftlog.Index) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.name, h.base.Index + 1
}

func (h *history) restart(directory, name string, base raftlog.Mark) error {
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
	h.directory, h.name, h.base, h.last, h.first = directory, name, base, base, base.Index+1
	h.unsyncedBytes, h.batch = 0, tidwall.Batch{}
	if err := h.open(); err != nil {
		return h.fail(err)
	}
	h.durable.Store(uint64(base.Index))
	return nil
}

// trim removes the segments that end before the entry before keep. The library goes on, and still lists them: its own
// truncation would copy a segment, and nothing asks it for what they hold once history begins behind them. Only that
// step holds the lock of readers, filler and journal; none of them waits for files to go.
//
// The names may vanish from the disk in any order. After a crash between them, repair takes away those that are left.
func (h *history) trim(keep raftlog.Index) error {
	gone, err := h.abandon(keep)
	if err != nil || len(gone) == 0 {
		return err
	}
	for _, s := range gone {
		err = errors.Join(err, os.Remove(s.path))
	}
	err = errors.Join(err, vfs.OS().SyncDir(filepath.Dir(gone[0].path)))
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
func (h *history) reopen(gone int) error {
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
func (h *history) abandon(keep raftlog.Index) (gone []segment, err error) {
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
	segments, err := listSegments(h.directory)
	if err != nil {
		return nil, h.fail(err)
	}
	first := 0
	for first+1 < len(segments) && segments[first+1].first < min(keep, h.last.Index+1) {
		first++
	}
	bytes, err := sizeOf(segments[:first])
	if err != nil {
		return nil, h.fail(err)
	}
	h.first = max(h.first, segments[first].first)
	h.bytes.Add(-bytes)
	return segments[:first], nil
}
