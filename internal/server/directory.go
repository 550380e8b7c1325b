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

// ownNames are the beginnings of all names that a node gives to what it keeps. What begins with a dot, and what a file
// system makes at its root, are nobody's data.
func ownNames() []string {
	return []string{wal.IdentityName, "journal", "history-", snapshot.DirectoryName, "LOCK", ".", "lost+found"}
}

// checkDirectory refuses a directory in which no node has lived and other things are: most likely it is not the one
// that was meant, and a node would add its files to somebody's own. A directory that does not exist is made later.
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
	return fmt.Errorf("%s is the directory of no node, and not empty (%s): name an empty one, or one that does not exist "+
		"yet, with --dir", directory, named)
}

// directoryError adds to an error of the directory what to do about it.
func directoryError(directory string, err error) error {
	switch {
	case errors.Is(err, vfs.ErrLocked):
		return fmt.Errorf("%w: a node runs on %s already; give each node a directory of its own with --dir", err, directory)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: this process runs as user %d, who must own %s and be able to reach it; or name another "+
			"directory with --dir", err, os.Geteuid(), directory)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w: name a directory with --dir", err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w: make room, or let the journal be smaller with --journal-file-bytes, of which it needs twice",
			err)
	}
	return err
}
