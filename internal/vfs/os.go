package vfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/raftredis/raftredis/internal/spoil"
)

const (
	directoryMode = 0o700
	fileMode      = 0o600
)

type osFS struct{}

// OS returns the file system of the operating system.
func OS() FS { return osFS{} }

func (osFS) Open(path string, create bool) (File, error) {
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(path, flags, fileMode)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFS) MkdirAll(path string) error { return os.MkdirAll(path, directoryMode) }

func (osFS) Rename(oldPath, newPath string) error {
	if filepath.Dir(oldPath) != filepath.Dir(newPath) {
		return errCrossRename(oldPath, newPath)
	}
	return os.Rename(oldPath, newPath)
}

func (osFS) Remove(path string) error { return os.Remove(path) }

func (osFS) List(directory string) ([]string, error) {
	found, err := os.ReadDir(directory) // sorted by name
	if err != nil {
		return nil, err
	}
	names := make([]string, len(found))
	for i, entry := range found {
		names[i] = entry.Name()
	}
	return names, nil
}

func (osFS) SyncDir(directory string) error {
	d, err := os.Open(directory)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

type osFile struct{ *os.File }

func (f osFile) Sync() error {
	spoil.Sync()
	return syncData(f.File)
}

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func errCrossRename(oldPath, newPath string) error {
	return fmt.Errorf("rename %s to %s: not in one directory", oldPath, newPath)
}
