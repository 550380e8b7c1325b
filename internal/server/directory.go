package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal"
)

// ownNames are the prefixes of all names that a node gives to its files. Names with a dot, and what a file system makes
// at its root, hold no data and count as own.
func ownNames() []string {
	return []string{
		wal.IdentityName, "journal", "history-", snapshot.DirectoryName, "LOCK", "confirmed", "addresses", "promised", ".",
		"lost+found",
	}
}

// checkDirectory refuses a directory that holds other things and was never a node's: most likely --dir is mistyped, and
// the node would mix its files with those of the user. A missing directory is made later.
func checkDirectory(directory string) error {
	entries, err := os.ReadDir(directory)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return directoryError(directory, err)
	}
	var strange []string
	for _, entry := range entries {
		if entry.Name() == wal.IdentityName {
			return nil
		}
		own := func(name string) bool { return strings.HasPrefix(entry.Name(), name) }
		if !slices.ContainsFunc(ownNames(), own) {
			strange = append(strange, entry.Name())
		}
	}
	if len(strange) == 0 {
		return nil
	}
	const shown = 3
	named := strings.Join(strange[:min(shown, len(strange))], ", ")
	if len(strange) > shown {
		named += ", …"
	}
	return fmt.Errorf("%s holds other things (%s) and was never a node's: name an empty directory with --dir, or a new "+
		"one", directory, named)
}

// directoryError adds to an error of the directory what the user can do.
func directoryError(directory string, err error) error {
	switch {
	case errors.Is(err, vfs.ErrLocked):
		return fmt.Errorf("%w: a node runs on %s already; give each node a directory of its own with --dir", err, directory)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: this process runs as user %d, which must own %s and be able to reach it; or name another "+
			"directory with --dir", err, os.Geteuid(), directory)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w: name a directory with --dir", err)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("%w: raise the limit of file descriptors (ulimit -n, LimitNOFILE= of systemd)", err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w: make room, or make the journal smaller: it needs twice --journal-file-bytes",
			err)
	}
	return err
}
