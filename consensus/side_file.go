package consensus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/raftredis/raftredis/internal/vfs"
)

// sideFile is a small file beside the log, with what a node heard of others. No write of clients waits for it, and a
// node goes on without it.
type sideFile struct {
	// name is the file's, next that of the one which takes its place.
	name, next string
	// work is what writing it is called in a shortage, loss what a node says that cannot read it.
	work, loss string
}

// readSideFile reads what a file says of this node's cluster. A file that cannot be used is no reason not to start.
func readSideFile[T any](n *Node, f sideFile, decode func(b []byte) (clusterID uint64, items []T, err error)) []T {
	path := filepath.Join(n.options.Directory, f.name)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var clusterID uint64
	var items []T
	if err == nil {
		clusterID, items, err = decode(b)
	}
	if err != nil {
		n.options.Logger.Warn(f.loss, "file", path, "error", err)
		return nil
	}
	if clusterID != n.identity.ClusterID {
		return nil
	}
	return items
}

// writeSideFile replaces a file. It reports whether the new one is on the disk: a shortage is a state, and the caller
// tries again; any other error ends the node.
func (n *Node) writeSideFile(f sideFile, b []byte) (written bool) {
	directory := n.options.Directory
	err := vfs.Replace(vfs.OS(), directory, filepath.Join(directory, f.name), filepath.Join(directory, f.next), b)
	switch {
	case err == nil:
		n.shortages.End(f.work)
	case vfs.IsFatal(err):
		n.fail(fmt.Errorf("%s: %w", f.work, err))
	default:
		n.shortages.Begin(f.work, err)
	}
	return err == nil
}
