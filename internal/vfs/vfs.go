package vfs

import (
	"errors"
	"io"
	"io/fs"
	"path"
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

// MakeDirectory makes a directory durable with its name: it makes the parents that are missing, and syncs the parent of
// everything it made, and in any case the parent of path, because an earlier attempt may have ended before its sync.
func MakeDirectory(f FS, name string) error {
	var parents []string
	for at := path.Clean(name); ; at = path.Dir(at) {
		parents = append(parents, path.Dir(at))
		if at == path.Dir(at) {
			break
		}
		if _, err := f.List(path.Dir(at)); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := f.MkdirAll(name); err != nil {
		return err
	}
	for _, parent := range parents {
		if err := f.SyncDir(parent); err != nil {
			return err
		}
	}
	return nil
}
