package wal

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/history"
	"github.com/raftredis/raftredis/wal/journal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Inspection is what a directory holds, for people who look. Nothing is locked, repaired or changed, so the directory
// may be that of a node that runs; what was read may then be a moment old.
type Inspection struct {
	Identity Identity
	// Journal is what a node would find that starts now.
	Journal journal.Recovered
	// JournalFiles are the two files of the journal, for journal.Inspect.
	JournalFiles []string
	// Segments are the files of the history in force, in order.
	Segments []string

	// first is the index with which the first segment begins, kept the first one that no snapshot stands for.
	first, kept raftlog.Index
}

// Inspect reads a directory. Damage is a CorruptionError. While a node runs in the directory, it may meet the middle of
// a roll and take that for damage; a second look tells.
func Inspect(directory string) (Inspection, error) {
	i := Inspection{}
	for _, name := range []string{"journal-a", "journal-b"} {
		i.JournalFiles = append(i.JournalFiles, filepath.Join(directory, journalName, name))
	}
	var err error
	if i.Identity, err = readIdentity(vfs.OS(), directory); err != nil {
		return i, fmt.Errorf("read the identity in %s: %w", directory, err)
	}
	o := Options{Directory: directory, FS: vfs.OS(), Salt: randomSalt}
	j, recovered, err := journal.Open(o.journal())
	if err != nil {
		return i, err
	}
	i.Journal = recovered
	if err := j.Close(); err != nil {
		return i, err
	}
	segments, err := history.List(filepath.Join(directory, recovered.HistoryDirectory))
	if err != nil {
		return i, err
	}
	i.first, i.kept = recovered.HistoryFirst, keptFrom(&recovered.Opening)
	if len(segments) > 0 {
		i.first = segments[0].First
	}
	for _, s := range segments {
		i.Segments = append(i.Segments, s.Path)
	}
	return i, nil
}

// Visit calls visit with each entry of history, in order: file and offset say where it begins. Behind the checkpoint
// history may end in any way, since the journal still has what stands there; before it, anything but the next entry is
// a CorruptionError. An error of visit ends the walk and is returned.
func (i *Inspection) Visit(visit func(file string, offset int64, e raftlog.Entry) error) error {
	checkpoint, next := i.Journal.Checkpoint.Index, i.first
	for _, path := range i.Segments {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for at := 0; at < len(b); next++ {
			e, n, err := history.DecodeFrame(b[at:])
			if err == nil && at == 0 && e.Index > next && e.Index <= i.kept {
				next = e.Index // a trim was interrupted, and the next start removes what it left
			}
			if err == nil && e.Index != next {
				err = fmt.Errorf("entry %d stands where entry %d should be", e.Index, next)
			}
			switch {
			case err != nil && next > checkpoint:
				return nil
			case err != nil:
				return &CorruptionError{File: path, Offset: int64(at), Reason: err.Error()}
			}
			if err := visit(path, int64(at), e); err != nil {
				return err
			}
			at += n
		}
	}
	if next <= checkpoint {
		return &CorruptionError{File: i.historyEnd(), Reason: fmt.Sprintf(
			"history ends before entry %d; the journal says that it holds entries up to %d", next, checkpoint)}
	}
	return nil
}

// historyEnd is the file in which history ends, or where one is missing.
func (i *Inspection) historyEnd() string {
	if n := len(i.Segments); n > 0 {
		return i.Segments[n-1]
	}
	return i.Journal.HistoryDirectory
}
