package wal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/history"
	"github.com/raftredis/raftredis/wal/journal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The names in a log's directory.
const (
	lockName      = "LOCK"
	journalName   = "journal"
	historyPrefix = "history-"
	firstHistory  = historyPrefix + "1"
)

// syncShare: history is synced, off the commit path, whenever this share of a journal file was written to it. So the
// checkpoint follows closely, and a roll finds little to sync and little to copy.
const syncShare = 8

// Log is a node's log on disk. See the package comment for who may call what.
type Log struct {
	options Options
	unlock  func() error
	journal *journal.Journal
	history *history.History

	mu       sync.Mutex // guards what follows
	identity Identity
	figures  journal.Stats
	closed   bool
	// leftHistory: directories of histories that are void could not be removed.
	leftHistory bool
}

// Recovered is what Open found: the journal's account, and who the node is.
type Recovered struct {
	journal.Recovered
	Identity Identity
	// HistoryLast is where history ends: the checkpoint.
	HistoryLast raftlog.Index
}

// Stats are a log's figures, for INFO and tests.
type Stats struct {
	Journal journal.Stats
	// HistoryFirst and HistoryLast are the entries that can be read from history, HistoryDurable is the last one that
	// is durable there.
	HistoryFirst, HistoryLast, HistoryDurable raftlog.Index
	// HistoryBytes is what history holds on disk, in whole segments.
	HistoryBytes int64
	// HistorySyncs counts the syncs of history since the log was opened.
	HistorySyncs uint64
}

// Open opens the log in a directory, or makes it there if the directory is blank. When it returns, everything recovered
// is durable, and the node may speak.
//
//  1. The directory is locked; a second process gets an error that matches vfs.ErrLocked.
//  2. The identity is read. Without one, the directory must be blank and is made: journal, history, identity, in this
//     order, so that a crash leaves it blank until the last step. Its name is made durable, also where an earlier
//     process gave it.
//  3. The journal is read, and changes nothing.
//  4. History is checked up to the journal's checkpoint, and cut there.
//  5. The journal rolls: what was read is now durable, whether or not an earlier process had synced it.
//  6. History directories that the journal does not name are removed.
//
// Damage is a CorruptionError.
func Open(o Options) (*Log, Recovered, error) {
	o, err := o.complete()
	if err != nil {
		return nil, Recovered{}, err
	}
	if err := vfs.MakeDirectory(o.FS, o.Directory); err != nil {
		return nil, Recovered{}, err
	}
	unlock, err := vfs.Lock(o.path(lockName))
	if err != nil {
		return nil, Recovered{}, err
	}
	l := &Log{options: o, unlock: unlock}
	recovered, err := l.open()
	if err != nil {
		return nil, Recovered{}, errors.Join(err, l.Close())
	}
	return l, recovered, nil
}

func (o Options) path(name string) string { return filepath.Join(o.Directory, name) }

func (l *Log) open() (r Recovered, err error) {
	o := l.options
	r.Identity, err = readIdentity(o.FS, o.Directory)
	if errors.Is(err, errNoIdentity) {
		r.Identity, err = l.create()
	}
	if err != nil {
		return r, err
	}
	l.identity = r.Identity
	// The process before this one may have died between naming the identity and syncing the name.
	if err := o.FS.SyncDir(o.Directory); err != nil {
		return r, err
	}
	if l.journal, r.Recovered, err = journal.Open(o.journal()); err != nil {
		return r, err
	}
	if l.history, err = l.openHistory(&r.Opening); err != nil {
		return r, err
	}
	r.HistoryLast = r.Checkpoint.Index
	if err := l.journal.Start(l.history); err != nil {
		return r, err
	}
	l.figures = l.journal.Stats()
	return r, removeOldHistory(o.Directory, r.HistoryDirectory)
}

// create makes the log of a blank directory. It refuses a directory that has entries and no identity: they are another
// node's, or this one's identity is lost, and with it the right to vote.
func (l *Log) create() (Identity, error) {
	o := l.options
	blank, err := journal.Blank(o.journal())
	if err != nil {
		return Identity{}, err
	}
	if blank {
		blank, err = blankHistory(o.Directory)
		if err != nil {
			return Identity{}, err
		}
	}
	if !blank && !o.Weakened.Down(guard.LogWithoutIdentity) {
		return Identity{}, &CorruptionError{File: o.path(IdentityName), Reason: "the file is missing, but there is a log"}
	}
	identity := Identity{} // it is drawn when it is needed
	opening := journal.Opening{HistoryDirectory: firstHistory, HistoryFirst: 1}
	if err := journal.Create(o.journal(), opening); err != nil {
		return identity, fmt.Errorf("make the journal: %w", err)
	}
	if err := history.Seed(o.path(firstHistory), 1); err != nil {
		return identity, fmt.Errorf("make the history: %w", err)
	}
	return identity, storeIdentity(o.FS, o.Directory, identity)
}

// blankHistory reports whether no history directory holds an entry.
func blankHistory(directory string) (bool, error) {
	names, err := historyNames(directory)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		segments, err := history.List(filepath.Join(directory, name))
		if err != nil {
			return false, err
		}
		for _, s := range segments {
			if info, err := os.Stat(s.Path); err != nil || info.Size() > 0 {
				return false, err
			}
		}
	}
	return true, nil
}

// openHistory opens the history that the journal names, cut to the checkpoint.
func (l *Log) openHistory(r *journal.Opening) (*history.History, error) {
	base := raftlog.Mark{}
	if r.HistoryFirst > 1 {
		if r.Snapshot == nil {
			return nil, &CorruptionError{File: l.options.path(journalName), Reason: fmt.Sprintf(
				"history begins at %d and there is no snapshot for what is before", r.HistoryFirst)}
		}
		base.Index = r.HistoryFirst - 1
		for _, s := range []*raftlog.SnapshotMark{r.Snapshot, r.Retained} {
			if s != nil && s.Index == base.Index {
				base = s.Mark
			}
		}
	}
	return history.Open(history.Options{
		Directory: l.options.path(r.HistoryDirectory), SegmentBytes: l.options.SegmentBytes, Base: base,
		Checkpoint: r.Checkpoint, Kept: keptFrom(r), Wrap: l.options.wrapHistory,
	})
}

// keptFrom is the first entry that no snapshot stands for: the latest index at which history may begin.
func keptFrom(r *journal.Opening) raftlog.Index {
	kept := r.HistoryFirst
	for _, s := range []*raftlog.SnapshotMark{r.Snapshot, r.Retained} {
		if s != nil {
			kept = s.Index + 1 // the older of the two has the last word
		}
	}
	return kept
}

// historyNames are the directories of histories. Only what bears a name that this program gives is one of them: an
// operator may have put something beside them.
func historyNames(directory string) ([]string, error) {
	files, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		if f.IsDir() && ourHistory(f.Name()) {
			names = append(names, f.Name())
		}
	}
	return names, nil
}

// ourHistory reports whether a directory's name is that of a history, letter for letter.
func ourHistory(name string) bool {
	first, err := strconv.ParseUint(strings.TrimPrefix(name, historyPrefix), 10, 64)
	return err == nil && first > 0 && name == historyName(raftlog.Index(first))
}

// historyName is the directory of a history that begins with an entry.
func historyName(first raftlog.Index) string { return fmt.Sprintf("%s%d", historyPrefix, first) }

// removeOldHistory removes what is left of histories that an installed snapshot has made void.
func removeOldHistory(directory, inForce string) error {
	names, err := historyNames(directory)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == inForce {
			continue
		}
		if err := os.RemoveAll(filepath.Join(directory, name)); err != nil {
			return err
		}
	}
	return vfs.OS().SyncDir(directory)
}

// Append makes a group of operations durable, in order, with one write and one sync. The log writer calls it. An error
// is final.
func (l *Log) Append(group []raftlog.Operation) error {
	l.journal.Advance(l.history.Durable())
	err := l.journal.Append(group)
	l.note()
	return err
}

// Seal proves the last group, so that damage to it cannot pass for a torn write, and lets go of the entries that are
// durable in history. The log writer calls it after some idleness; it does nothing when there is nothing to prove.
func (l *Log) Seal() error {
	l.journal.Advance(l.history.Durable())
	err := l.journal.Seal()
	l.note()
	return err
}

// Room is how many bytes of encoded entries the journal takes if they begin at an index. The log writer calls it.
func (l *Log) Room(from raftlog.Index) int64 {
	l.journal.Advance(l.history.Durable())
	return l.journal.Room(from)
}

func (l *Log) note() {
	figures := l.journal.Stats()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.figures = figures
}

// Write adds entries to history: committed ones, durable in the journal, that follow the last one written. When it
// returns, Entries finds them and they may leave memory. The filler calls it. After an error that is not fatal
// (vfs.IsFatal) none was taken, and the call may be repeated; any other is final.
func (l *Log) Write(entries []raftlog.Entry) error {
	unsynced, err := l.history.Write(entries)
	if err != nil || unsynced < l.options.FileBytes/syncShare {
		return err
	}
	_, err = l.history.Sync()
	return err
}

// Rest makes history durable, and lets go of memory that only the next Write or Entries needs. The filler calls it when
// it has had nothing to write for a while, and has Seal called then, for the journal holds what is not durable in
// history. After an error that is not fatal nothing is lost, and the next Write goes on.
func (l *Log) Rest() error {
	if _, err := l.history.Sync(); err != nil {
		return err
	}
	return l.history.Rest()
}

// Entries reads from history, from lo on: at least one entry, and more while their sum stays within maxBytes. It also
// returns the mark of the entry before lo. Entries that are not there yet, or (ErrCompacted) no longer, are an error.
// One that is not fatal may pass.
func (l *Log) Entries(lo raftlog.Index, maxBytes int) (previous raftlog.Mark, entries []raftlog.Entry, err error) {
	return l.history.Entries(lo, maxBytes)
}

// Cursor returns a cursor that reads entries from history in order, each call some, and stands before from, which need
// not be there yet. Any number of them may be in use, each by one goroutine: none keeps another call waiting.
func (l *Log) Cursor(from raftlog.Index) *Cursor { return l.history.Cursor(from) }

// Before is an entry from which a reader finds what led to another one: the first of a segment of history that begins
// so many bytes or more before the segment of that one, or the first of all.
func (l *Log) Before(index raftlog.Index, bytes int64) (raftlog.Index, error) {
	return l.history.Before(index, bytes)
}

// Identity is who the node is.
func (l *Log) Identity() Identity {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.identity
}

// SetIdentity makes durable who the node is. The caller does so before the node tells another one its incarnation, and
// again, with cluster and node id, before its first vote or acknowledgement: from then on only the note changes. After
// an error that is not fatal the node is what it was, and the call may be repeated; the file may hold either identity.
func (l *Log) SetIdentity(next Identity) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if err := l.identity.mayBecome(next); err != nil {
		return err
	}
	if err := storeIdentity(l.options.FS, l.options.Directory, next); err != nil {
		return err
	}
	l.identity = next
	return nil
}

// Stats returns the log's figures.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	s := Stats{Journal: l.figures}
	l.mu.Unlock()
	h := l.history.Stats()
	s.HistoryFirst, s.HistoryLast, s.HistoryDurable = h.First, h.Last, h.Durable
	s.HistoryBytes, s.HistorySyncs = h.Bytes, h.Syncs
	return s
}

// HistoryBytes is what history holds on disk, in whole segments: what Trim may take away, but for the last of them. It
// waits for nothing.
func (l *Log) HistoryBytes() int64 { return l.history.Bytes() }

// Close releases files and lock. It makes nothing durable: what was acknowledged is durable already. It is called when
// no other call is under way.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	l.closed = true
	var err error
	if l.journal != nil {
		err = l.journal.Close()
	}
	if l.history != nil {
		err = errors.Join(err, l.history.Close())
	}
	return errors.Join(err, l.unlock())
}
