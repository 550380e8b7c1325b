package snapshot

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"sync"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// syncBytes is how much is written before it is synced: enough that the sync costs little, little enough that another
// file's sync does not have to wait for much. A journal beside a file of 12 MB/s waited for syncs of more than 5 ms in
// 16 per cent of the time with 2 MiB, in 15 without any such file, in 27 with 8 MiB, and in 22 with 1 MiB.
const syncBytes = 2 << 20

// DirectoryName is the name of the directory of snapshots inside the directory of a node.
const DirectoryName = "snapshots"

// Store is a directory of snapshots. It is safe for use by several goroutines; one process at a time may have it.
type Store struct {
	fs        vfs.FS
	directory string
	// limits are the constants of the package; tests make them small.
	limits limits

	mu sync.Mutex
	// claims are the names of files that a Writer or a Receiver holds: Retain leaves them alone.
	claims map[string]bool
	// completed are the files that were completed last and that no Retain has named yet.
	completed completed
}

// completed has the names of files by the way in which they were made, Writing or Receiving, in their order. Retain
// leaves them alone, for the marks with which it is called may be older than the file:
//
//  1. The owner lists what is to be kept, and has somebody call Retain.
//  2. That takes a while. A snapshot is made meanwhile, and its mark is on the way to the journal.
//  3. Retain is called. If it went by its list alone, the journal would name a file that is gone.
//
// The first list with the new mark ends that, for those that come later are newer. It also ends it for a file that was
// made in the same way before: had the journal been about to name that one, the list would. A file that no list ever
// names gives way when completedCount others were made.
type completed [Receiving + 1][completedCount]string

// completedCount is how many files of each kind are kept unnamed: the last, and one that a list may be late for.
const completedCount = 2

func (c *completed) has(name string) bool {
	return slices.Contains(c[Writing][:], name) || slices.Contains(c[Receiving][:], name)
}

func (c *completed) add(how Kind, name string) {
	copy(c[how][:], c[how][1:])
	c[how][completedCount-1] = name
}

// named ends the protection of a file, and of those before it.
func (c *completed) named(name string) {
	for how := range c {
		clear(c[how][:slices.Index(c[how][:], name)+1])
	}
}

type limits struct{ blockBytes, syncBytes, fileBytes int64 }

// NewStore returns the store in a directory, which it makes if it is missing. It changes nothing that is in it: call
// Retain once the journal has said what counts. It makes durable which names are there: an earlier process may have
// ended between a removal and its sync.
func NewStore(fs vfs.FS, directory string) (*Store, error) {
	err := vfs.MakeDirectory(fs, directory)
	if err == nil {
		err = fs.SyncDir(directory)
	}
	if err != nil {
		return nil, fmt.Errorf("make the directory of snapshots: %w", err)
	}
	return &Store{
		fs: fs, directory: directory, claims: map[string]bool{},
		limits: limits{blockBytes: BlockBytes, syncBytes: syncBytes, fileBytes: MaxFileBytes},
	}, nil
}

func (s *Store) path(name string) string { return path.Join(s.directory, name) }

// Open opens the snapshot that a mark names, and makes sure that it is the one: index, term, configuration, size, and
// the hash that the footer claims. The error is a CorruptionError, wraps ErrForeign or ErrVersion, or is the file
// system's: fs.ErrNotExist means damage if the journal names the mark, and otherwise that the snapshot was retired.
func (s *Store) Open(mark raftlog.SnapshotMark) (*File, error) {
	f, err := OpenFile(s.fs, s.path(finalName(mark.Mark, mark.FileHash)))
	if err != nil {
		return nil, err
	}
	if err := mustBe(f.Mark(), mark, f.path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func mustBe(found, wanted raftlog.SnapshotMark, path string) error {
	if sameSnapshot(found, wanted) {
		return nil
	}
	return fmt.Errorf("%s is the snapshot at %v, of %d bytes, with hash %016x; asked for is the one at %v, of %d bytes, "+
		"with hash %016x and maybe another configuration: %w; it was renamed, or is of another cluster: do not use it",
		path, found.Mark, found.FileBytes, found.FileHash, wanted.Mark, wanted.FileBytes, wanted.FileHash, ErrForeign)
}

func sameSnapshot(a, b raftlog.SnapshotMark) bool {
	return a.Mark == b.Mark && a.FileHash == b.FileHash && a.FileBytes == b.FileBytes &&
		string(a.Configuration) == string(b.Configuration)
}

// claim takes a name that is free.
func (s *Store) claim(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.claims[name] {
		return fmt.Errorf("%s: %w", s.path(name), ErrBusy)
	}
	s.claims[name] = true
	return nil
}

// complete notes that a file has its final name.
func (s *Store) complete(how Kind, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.completed.add(how, name)
}

func (s *Store) release(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		delete(s.claims, name)
	}
}

// publish gives a file that was written completely its final name, which the caller has claimed. Both steps are those
// of the package comment:
//
//  2. it is synced and verified from the file; if that fails it keeps its temporary name;
//  3. it is renamed, and the directory synced. If the sync fails, nothing is known about the names in the directory,
//     whatever the cause; the file stays, for under its final name there may be the same snapshot from before. If there
//     is no descriptor to sync it with, either name may survive a crash, and both are of the same bytes.
//
// It closes the handle in any case, and reports whether the file has its final name.
func (s *Store) publish(
	handle vfs.File, temporary, final string, mark raftlog.SnapshotMark, pace Pace,
) (named bool, err error) {
	err = s.prove(handle, temporary, mark, pace)
	if err = errors.Join(err, handle.Close()); err != nil {
		return false, err
	}
	if err := s.fs.Rename(s.path(temporary), s.path(final)); err != nil {
		return false, fmt.Errorf("name a snapshot: %w", err)
	}
	if guard.Down(guard.SnapshotNameDurable) {
		return true, nil
	}
	if err := s.fs.SyncDir(s.directory); err != nil {
		return true, fmt.Errorf("sync the directory of snapshots: %w", err)
	}
	return true, nil
}

// prove syncs a file, and reads it back.
func (s *Store) prove(handle vfs.File, name string, mark raftlog.SnapshotMark, pace Pace) error {
	if guard.Down(guard.SyncedBeforeNamed) {
		return nil
	}
	if err := handle.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", s.path(name), err)
	}
	f, err := readFile(handle, s.path(name))
	if err != nil {
		return err
	}
	if err := f.Verify(pace); err != nil {
		return err
	}
	if !sameSnapshot(f.Mark(), mark) {
		return &CorruptionError{File: f.path, Reason: "it was just written, and holds something else"}
	}
	return nil
}

// discard closes and removes a temporary file after an error, and says what the error means for the caller. Where the
// file stays, the reason why it cannot be removed does not excuse what was wrong before.
func (s *Store) discard(cause error, handle vfs.File, name string) error {
	if handle != nil {
		handle.Close() // the file goes: what Close has to say about it does not matter
	}
	if err := s.fs.Remove(s.path(name)); err != nil {
		if err = errors.Join(cause, err); !isShortage(cause) {
			return vfs.Fatal(err)
		}
		return err
	}
	return shortage(cause)
}
