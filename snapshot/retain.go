package snapshot

import (
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// List returns the files of the directory that are ours, in the order of their marks. It tells names only: what is in
// a file, Open or OpenFile says.
func (s *Store) List() ([]Found, error) {
	names, err := s.fs.List(s.directory)
	if err != nil {
		return nil, fmt.Errorf("list the snapshots: %w", err)
	}
	var found []Found
	for _, name := range names {
		if f, ours := parseName(name); ours {
			found = append(found, f)
		}
	}
	return found, nil
}

// Retain removes every snapshot that is not to be kept, whole or partial, and makes that durable. To be kept are what
// the journal names (the snapshot in force and the one before it), and, while one is being fetched, its announced mark,
// so that its partial file outlives a broken connection. It spares what a Writer or a Receiver holds, what they have
// completed until it is named here for the first time, and files that are not ours. So the marks may be a little old,
// if they come in their order. A crash leaves some of the files; the next Retain removes them.
//
// It must not be called before the journal's record that retires a file is durable. It returns the names that it
// removed, also with an error.
func (s *Store) Retain(keep ...raftlog.SnapshotMark) (removed []string, err error) {
	s.noteNamed(keep)
	removed, err = s.remove(func(f Found) bool { return !slices.ContainsFunc(keep, f.isOf) })
	if err != nil || len(removed) == 0 {
		return removed, err
	}
	if err := s.fs.SyncDir(s.directory); err != nil {
		return removed, fmt.Errorf("sync the directory of snapshots: %w", err)
	}
	return removed, nil
}

// giveUpParts removes what transfers that ended have left of their files. The caller makes it durable, and calls this
// when it begins another transfer. Nothing else might ever do it:
//
//  1. A follower is slower than its leader makes snapshots. It has a part of one when the leader retires that.
//  2. It begins with the next one, and so on. It never has a whole one, so its journal names none, and no one calls
//     Retain.
//  3. The parts fill its disk. From then on no transfer can succeed.
func (s *Store) giveUpParts() error {
	_, err := s.remove(func(f Found) bool { return f.Kind == Receiving && !guard.Down(guard.PartsGivenUp) })
	return err
}

// noteNamed ends the protection of complete files that are named.
func (s *Store) noteNamed(marks []raftlog.SnapshotMark) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range marks {
		s.completed.named(finalName(marks[i].Mark, marks[i].FileHash))
	}
}

// remove removes the files of which over says so, unless they are held or were completed just now.
func (s *Store) remove(over func(Found) bool) (removed []string, err error) {
	// The lock is held throughout: a name that is claimed meanwhile would be one that was already checked.
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.List()
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if s.claims[f.Name] || s.completed.has(f.Name) && !guard.Down(guard.CompletedSpared) || !over(f) {
			continue
		}
		if err := s.fs.Remove(s.path(f.Name)); err != nil {
			return removed, fmt.Errorf("remove a snapshot: %w", err)
		}
		removed = append(removed, f.Name)
	}
	return removed, nil
}

// isOf reports whether a mark names the file, whole or partial. What a node began to write before it knew a hash, no
// mark names.
func (f Found) isOf(m raftlog.SnapshotMark) bool {
	return f.Kind != Writing && f.Mark == m.Mark && f.FileHash == m.FileHash
}
