package inspect

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/console"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal/journal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// writeSnapshots writes snapshots at indexes into the directory of a node.
func writeSnapshots(t *testing.T, directory string, indexes ...raftlog.Index) (marks []*raftlog.SnapshotMark) {
	t.Helper()
	store, err := snapshot.NewStore(vfs.OS(), filepath.Join(directory, snapshot.DirectoryName))
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range indexes {
		header := snapshot.Header{
			Mark: raftlog.Mark{Term: 2, Index: index}, Time: raftlog.Time{Stamp: 1000}, StateHash: 0xabc0 + uint64(index),
			Configuration: []byte("c"),
		}
		w, err := store.Create(header, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(strings.Repeat("image", 1000))); err != nil {
			t.Fatal(err)
		}
		mark, err := w.Commit()
		if err != nil {
			t.Fatal(err)
		}
		marks = append(marks, &mark)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return marks
}

// described is what inspect says of the snapshots in a directory.
func described(t *testing.T, directory string, named *journal.Opening, verified bool) (text string, damage error) {
	t.Helper()
	files, err := findSnapshots(directory, named)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	var verify *console.Meter
	if verified {
		verify = &console.Meter{Err: io.Discard}
	}
	damage = describeSnapshots(&out, files, verify)
	return strings.ReplaceAll(out.String(), directory+"/", ""), damage
}

const (
	seventh = "snapshots/00000000000000000007-00000000000000000002-"
	eighth  = "snapshots/00000000000000000008-00000000000000000002-"
)

func TestInspect_SaysWhichSnapshotsCountAndWhichDoNot(t *testing.T) {
	directory := t.TempDir()
	marks := writeSnapshots(t, directory, 7, 8, 9)
	for _, name := range []string{"1-1.writing", "notes"} {
		if err := os.WriteFile(filepath.Join(directory, snapshot.DirectoryName, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, damage := described(t, directory, &journal.Opening{Snapshot: marks[1], Retained: marks[0]}, true)
	for _, says := range []string{
		"at " + marks[1].Mark.String() + ", ", "bytes, in force\n  " + eighth,
		"state hash 000000000000abc8, of 1970-01-01T00:00:01.000Z",
		"bytes, retained\n  " + seventh, "bytes, not named by the journal: removed at the next start\n",
		"snapshot: snapshots/1-1.writing, writing or left behind\n", "snapshot: snapshots/notes, which is no snapshot\n",
	} {
		if !strings.Contains(text, says) {
			t.Errorf("%q is not said in:\n%s", says, text)
		}
	}
	if whole := strings.Count(text, "whole: every checksum and the hash are right\n"); whole != 3 || damage != nil {
		t.Errorf("%d files are whole, want 3, and the damage is %v:\n%s", whole, damage, text)
	}
}

func TestInspect_F2_NamesDamagedAndMissingSnapshots(t *testing.T) {
	directory := t.TempDir()
	marks := writeSnapshots(t, directory, 7, 8)
	named := &journal.Opening{Snapshot: marks[1], Retained: marks[0]}
	files, err := findSnapshots(directory, named)
	if err != nil || len(files) != 2 || lacks(files) {
		t.Fatalf("%v, %v", files, err)
	}
	flipByte(t, files[0].path, 500) // in the image
	if text, damage := described(t, directory, named, false); damage != nil {
		t.Errorf("who does not look cannot know: %v\n%s", damage, text)
	}
	if text, damage := described(t, directory, named, true); damage == nil ||
		!strings.Contains(damage.Error(), filepath.Base(files[0].path)+" is corrupt at offset ") {
		t.Errorf("the damage is %v:\n%s", damage, text)
	}
	flipByte(t, files[0].path, 4) // in the header
	if err := os.Remove(files[1].path); err != nil {
		t.Fatal(err)
	}
	text, damage := described(t, directory, named, false)
	if damage == nil || strings.Count(damage.Error(), "the journal names the snapshot at ") != 2 ||
		strings.Count(text, ": MISSING\n") != 2 || !strings.Contains(text, " is corrupt at offset ") ||
		!strings.Contains(text, "which cannot be read\n") {
		t.Errorf("the damage is %v:\n%s", damage, text)
	}
}

func flipByte(t *testing.T, path string, offset int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[offset] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
