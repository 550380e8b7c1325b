package inspect

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/console"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal/journal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// snapshotFile is a file of a snapshot, or, without a path, one that should be there.
type snapshotFile struct {
	path   string
	bytes  uint64
	mark   raftlog.Mark
	header snapshot.Header
	// standing is what the journal says about the file; empty if it says nothing.
	standing string
	// damage is what is wrong with it, as far as its header and its place tell.
	damage error
}

// findSnapshots lists the files of snapshots, and what the journal names and is not there. What a file is it says
// itself; its name does not count.
func findSnapshots(directory string, named *journal.Opening) ([]snapshotFile, error) {
	paths, err := filepath.Glob(filepath.Join(directory, snapshot.DirectoryName, "*"))
	if err != nil {
		return nil, err
	}
	wanted := map[string]*raftlog.SnapshotMark{"in force": named.Snapshot, "retained": named.Retained}
	var files []snapshotFile
	for _, path := range paths {
		file := snapshotFile{path: path}
		if filepath.Ext(path) == ".snapshot" {
			file.open(wanted)
		}
		files = append(files, file)
	}
	for _, standing := range []string{"in force", "retained"} {
		if mark := wanted[standing]; mark != nil {
			files = append(files, snapshotFile{
				bytes: mark.FileBytes, mark: mark.Mark, standing: standing,
				damage: fmt.Errorf("the journal names the snapshot at %v as %s, and no file in %s is the one", mark.Mark,
					standing, filepath.Join(directory, snapshot.DirectoryName)),
			})
		}
	}
	return files, nil
}

// open reads what a file says of itself, and takes it from what is wanted.
func (s *snapshotFile) open(wanted map[string]*raftlog.SnapshotMark) {
	f, err := snapshot.OpenFile(vfs.OS(), s.path)
	if err != nil {
		s.damage = err
		return
	}
	defer f.Close() // nothing was written: its error says nothing
	mark := f.Mark()
	s.bytes, s.mark, s.header = mark.FileBytes, mark.Mark, f.Header()
	for standing, other := range wanted {
		if other != nil && other.Mark == mark.Mark && other.FileHash == mark.FileHash {
			s.standing = standing
			delete(wanted, standing)
		}
	}
}

// lacks reports whether a snapshot is missing that a node needs. So it looks for a short time while the node replaces
// it.
func lacks(files []snapshotFile) bool {
	return slices.ContainsFunc(files, func(s snapshotFile) bool { return s.path == "" })
}

// describeSnapshots writes a line or two for each file; with a meter, it reads all of them to their ends. The error is
// the damage of those that the journal names.
func describeSnapshots(out io.Writer, files []snapshotFile, verify *console.Meter) (damage error) {
	for i := range files {
		file := &files[i]
		file.describe(out)
		err := file.damage
		if err == nil && verify != nil && file.mark != (raftlog.Mark{}) {
			err = file.verify(out, verify)
		}
		if file.standing != "" {
			damage = errors.Join(damage, err)
		} else if err != nil {
			fmt.Fprintf(out, "  %v\n", err)
		}
	}
	return damage
}

func (s *snapshotFile) describe(out io.Writer) {
	switch {
	case s.path == "":
		fmt.Fprintf(out, "snapshot: at %v, %d bytes, %s: MISSING\n", s.mark, s.bytes, s.standing)
		return
	case s.mark == (raftlog.Mark{}):
		fmt.Fprintf(out, "snapshot: %s, %s\n", s.path, unfinished(s.path))
		return
	case s.standing == "":
		fmt.Fprintf(out, "snapshot: at %v, %d bytes, not named by the journal: removed at the next start\n", s.mark, s.bytes)
	default:
		fmt.Fprintf(out, "snapshot: at %v, %d bytes, %s\n", s.mark, s.bytes, s.standing)
	}
	fmt.Fprintf(out, "  %s: state hash %016x, of %s\n", s.path, s.header.StateHash,
		time.UnixMilli(int64(s.header.Time.Wall())).UTC().Format(stampFormat))
}

// unfinished says what a file is that cannot be read as a snapshot.
func unfinished(path string) string {
	switch ext := filepath.Ext(path); ext {
	case ".writing", ".receiving":
		return strings.TrimPrefix(ext, ".") + " or left behind"
	case ".snapshot":
		return "which cannot be read"
	}
	return "which is no snapshot"
}

// verify reads a file to its end.
func (s *snapshotFile) verify(out io.Writer, m *console.Meter) error {
	f, err := snapshot.OpenFile(vfs.OS(), s.path)
	switch {
	case errors.Is(err, os.ErrNotExist) && s.standing == "":
		fmt.Fprintln(out, "  it was removed meanwhile")
		return nil
	case err != nil:
		return err
	}
	defer f.Close()
	m.Begin("verifying "+s.path, s.bytes)
	defer m.End()
	if err := f.Verify(m.Add); err != nil {
		return err
	}
	fmt.Fprintln(out, "  whole: every checksum and the hash are right")
	return nil
}
