package vfs

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
)

// SectorBytes is the unit in which a disk writes atomically: after power loss each sector is old or new.
const SectorBytes = 512

// FS is a file system. Its implementations are safe for use by several goroutines.
type FS interface {
	// Open opens a file for reading and writing; create makes it, empty, if it does not exist. Without create, a
	// missing file is an error that matches fs.ErrNotExist.
	Open(path string, create bool) (File, error)
	// MkdirAll makes a directory and its parents; existing ones are no error. Each parent needs a SyncDir of its own.
	MkdirAll(path string) error
	// Rename gives a file another name in the same directory and replaces what had that name.
	Rename(oldPath, newPath string) error
	// Remove takes a file or an empty directory away.
	Remove(path string) error
	// List returns the names in a directory, sorted.
	List(directory string) ([]string, error)
	// SyncDir makes the names in a directory durable.
	SyncDir(directory string) error
}

// File is an open file. One goroutine writes; several may read.
type File interface {
	io.ReaderAt
	io.WriterAt
	// Sync makes the contents and the size durable. See the package comment for what a failure means.
	Sync() error
	// Truncate sets the size; growth reads as zeros.
	Truncate(bytes int64) error
	// Size is the size in bytes.
	Size() (int64, error)
	// Close releases the handle and makes nothing durable.
	Close() error
}

// MakeDirectory makes a directory durable with its name, and the parents that are missing:
//
//  1. the parent of the deepest directory that is there is synced: an earlier attempt may have ended after making it;
//  2. each missing one is made and its parent synced, from the top down, so that 1 is enough for the next attempt.
//
// A parent that may not be read is passed over in 1 where the directory was there before ours: somebody else made it.
func MakeDirectory(f FS, name string) error {
	var missing []string // from the bottom up
	there := path.Clean(name)
	for ; there != path.Dir(there); there = path.Dir(there) {
		if _, err := f.List(there); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		missing = append(missing, there)
	}
	if err := f.SyncDir(path.Dir(there)); err != nil && (len(missing) == 0 || !errors.Is(err, fs.ErrPermission)) {
		return err
	}
	for _, directory := range slices.Backward(missing) {
		if err := f.MkdirAll(directory); err != nil {
			return err
		}
		if err := f.SyncDir(path.Dir(directory)); err != nil {
			return err
		}
	}
	return nil
}
