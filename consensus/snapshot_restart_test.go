package consensus_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// snapshotFiles are the names in a node's directory of snapshots, in the order of their marks.
func snapshotFiles(t *testing.T, directory string) []string {
	t.Helper()
	found, err := os.ReadDir(filepath.Join(directory, "snapshots"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range found {
		names = append(names, filepath.Join(directory, "snapshots", f.Name()))
	}
	return names
}

// damage flips a bit in the middle of a file.
func damage(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 0x10
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// retainTwo writes until the node keeps two snapshots, and stops it.
func (l *archive) retainTwo(i int) (inForce, retained raftlog.SnapshotMark) {
	l.t.Helper()
	for range 2 {
		l.write(i, 3)
		takeSnapshot(l.t, l.nodes[i])
	}
	s := l.nodes[i].Status()
	if s.Snapshot == nil || s.Retained == nil || s.SnapshotsTaken < 2 {
		l.t.Fatalf("status is %+v", s)
	}
	l.write(i, 2)
	l.stop(i)
	return *s.Snapshot, *s.Retained
}

func TestE1_ANodeStartsFromItsSnapshotAndTheLogBehindIt(t *testing.T) {
	l := newArchive(t, 1)
	for range 3 {
		inForce, _ := l.retainTwo(0)
		if files := snapshotFiles(t, l.options[0].Directory); len(files) != 2 {
			t.Fatalf("the files are %v", files)
		}
		l.start(0)
		l.expectAlike(0)
		s := l.nodes[0].Status()
		if s.Snapshot == nil || !s.Snapshot.Same(&inForce) {
			t.Fatalf("the snapshot in force is %v, it was %v", s.Snapshot, inForce)
		}
		if applied := l.notebooks[0].applied.Load(); uint64(applied) != s.AppliedIndex-uint64(inForce.Index) {
			t.Fatalf("%d entries were applied from %d to %d: the log was applied from its beginning",
				applied, inForce.Index, s.AppliedIndex)
		}
	}
}

// The log is kept back to the older snapshot for this.
func TestE6_ADamagedSnapshotIsReplacedByTheOneBeforeItAndTheLog(t *testing.T) {
	l := newArchive(t, 1)
	l.compact(0, 10, 0)
	inForce, retained := l.retainTwo(0)
	files := snapshotFiles(t, l.options[0].Directory)
	damage(t, files[1])
	var log heard
	l.options[0].Logger = log.logger()
	l.start(0)
	l.expectAlike(0)
	if !strings.Contains(log.String(), "the newest snapshot is damaged") {
		t.Fatalf("the operator was told nothing: %v", &log)
	}
	s := l.nodes[0].Status()
	if applied := l.notebooks[0].applied.Load(); uint64(applied) != s.AppliedIndex-uint64(retained.Index) {
		t.Fatalf("%d entries were applied up to %d, the older snapshot was at %d", applied, s.AppliedIndex, retained.Index)
	}
	if s.Snapshot == nil || !s.Snapshot.Same(&retained) || s.Retained != nil {
		t.Fatalf("in force are %v and %v", s.Snapshot, s.Retained)
	}
	// The next one keeps the sound one, not the damaged one: it may be damaged in its turn.
	l.write(0, 2)
	takeSnapshot(t, l.nodes[0])
	s = l.nodes[0].Status()
	if s.Snapshot.Index <= inForce.Index || !s.Retained.Same(&retained) {
		t.Fatalf("in force are %v and %v", s.Snapshot, s.Retained)
	}
	l.stop(0)
	after := snapshotFiles(t, l.options[0].Directory)
	if len(after) != 2 || after[0] != files[0] {
		t.Fatalf("the files were %v, and are %v", files, after)
	}
	damage(t, after[1])
	l.start(0)
	l.expectAlike(0)
}

func TestE6_AMissingSnapshotIsDamage(t *testing.T) {
	l := newArchive(t, 1)
	l.retainTwo(0)
	if err := os.Remove(snapshotFiles(t, l.options[0].Directory)[1]); err != nil {
		t.Fatal(err)
	}
	l.start(0)
	l.expectAlike(0)
}

// What is damaged is not empty: a node without a whole snapshot does not start with less than it had.
func TestE9_ANodeWithoutAWholeSnapshotRefusesToStart(t *testing.T) {
	l := newArchive(t, 1)
	l.retainTwo(0)
	for _, file := range snapshotFiles(t, l.options[0].Directory) {
		damage(t, file)
	}
	o := l.options[0]
	o.Machine = &notebook{}
	_, err := consensus.Open(o)
	corruption := (*snapshot.CorruptionError)(nil)
	if !errors.As(err, &corruption) || !strings.Contains(err.Error(), "replace this member") {
		t.Fatalf("the error is %v", err)
	}
}

func TestE9_SnapshotsWithoutALogAreNotABlankNode(t *testing.T) {
	l := newArchive(t, 1)
	l.retainTwo(0)
	o := l.options[0]
	before := snapshotFiles(t, o.Directory)
	for _, name := range []string{"journal", "identity", "history-1"} {
		if err := os.RemoveAll(filepath.Join(o.Directory, name)); err != nil {
			t.Fatal(err)
		}
	}
	o.Machine = &notebook{}
	if _, err := consensus.Open(o); err == nil || !strings.Contains(err.Error(), "holds a snapshot") {
		t.Fatalf("the error is %v", err)
	}
	if after := snapshotFiles(t, o.Directory); !slices.Equal(before, after) {
		t.Fatalf("of %v are left %v", before, after)
	}
}

// The journal says what counts. What it does not name goes; what had been fetched of a newer one stays, for it need not
// travel again.
func TestE7_FilesThatNobodyNamesAreRemovedAtTheStart(t *testing.T) {
	l := newArchive(t, 1)
	inForce, retained := l.retainTwo(0)
	directory := filepath.Join(l.options[0].Directory, "snapshots")
	name := func(index raftlog.Index, suffix string) string {
		return filepath.Join(directory, fmt.Sprintf("%020d-%020d%s", index, inForce.Term, suffix))
	}
	named := snapshotFiles(t, l.options[0].Directory)
	kept := name(inForce.Index+7, "-00000000000000ab.receiving")
	for _, file := range []string{
		kept, name(inForce.Index+6, "-00000000000000ac.receiving"), name(inForce.Index, "-00000000000000ad.receiving"),
		name(inForce.Index+9, ".writing"), name(inForce.Index+8, "-00000000000000ae.snapshot"),
		name(retained.Index, "-00000000000000af.snapshot"),
	} {
		if err := os.WriteFile(file, []byte("left behind"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	store, err := snapshot.NewStore(vfs.OS(), directory)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := store.List(); err != nil || len(found) != len(named)+6 {
		t.Fatalf("the store knows %v, %v: the test proves nothing", found, err)
	}
	l.options[0].SnapshotLogBytes = -1 // so that no snapshot of the start's own removes anything
	l.start(0)
	left := snapshotFiles(t, l.options[0].Directory)
	if want := append(slices.Clone(named), kept); !slices.Equal(left, want) {
		t.Fatalf("left are %v, want %v", left, want)
	}
	l.expectAlike(0)
}

// forgetful leaves out a page of the image that it reads.
type forgetful struct{ notebook }

func (f *forgetful) Hash() uint64 { return f.notebook.Hash() ^ 1 }

func TestE15_AMachineThatDoesNotRestoreWhatWasFrozenIsFoundOut(t *testing.T) {
	l := newArchive(t, 1)
	l.retainTwo(0)
	o := l.options[0]
	o.Machine = &forgetful{}
	if _, err := consensus.Open(o); err == nil || !strings.Contains(err.Error(), "was frozen with") {
		t.Fatalf("the error is %v", err)
	}
}

func TestSnapshotsCanBeSwitchedOff(t *testing.T) {
	o := notebookOptions(t.TempDir())
	o.Bootstrap, o.Machine, o.SnapshotLogBytes = true, &notebook{}, -1
	n := open(t, o)
	for range 20 {
		if _, err := n.Propose(within(t), make([]byte, pageBytes)); err != nil {
			t.Fatal(err)
		}
	}
	if s := n.Status(); s.Snapshot != nil || s.SnapshotUnderway || s.SnapshotsTaken != 0 {
		t.Fatalf("status is %+v", s)
	}
	opened := n.Status().LastSnapshotAt
	if took := n.Status().LastSnapshotTook; took >= 0 {
		t.Errorf("before the first snapshot the last one took %v", took)
	}
	takeSnapshot(t, n) // but for one that is asked for
	if s := n.Status(); s.SnapshotsTaken != 1 || !s.LastSnapshotAt.After(opened) || s.SnapshotBeganAt.Before(opened) ||
		s.LastSnapshotTook <= 0 {
		t.Fatalf("status is %+v", s)
	}
}

// A caller that asks for a snapshot and looks at once sees that one is under way, or has ended: there is no moment
// between.
func TestASnapshotIsUnderwayWhenItIsAskedFor(t *testing.T) {
	o := notebookOptions(t.TempDir())
	o.Bootstrap, o.Machine, o.SnapshotLogBytes = true, &notebook{}, -1
	n := open(t, o)
	for range 50 {
		if _, err := n.Propose(within(t), []byte("a page")); err != nil {
			t.Fatal(err)
		}
		before := n.Status().SnapshotsEnded
		if err := n.TakeSnapshot(); err != nil {
			t.Fatal(err)
		}
		if s := n.Status(); !s.SnapshotUnderway && s.SnapshotsEnded == before {
			t.Fatal("a snapshot is asked for, and none is under way")
		}
		if err := n.TakeSnapshot(); err != nil && !errors.Is(err, consensus.ErrPending) {
			t.Fatal(err)
		}
		until(t, "the snapshot ends", func() bool {
			s := n.Status()
			return !s.SnapshotUnderway && s.SnapshotsEnded > before
		})
	}
}

func TestABlankNodeTakesNoSnapshot(t *testing.T) {
	n := open(t, smallOptions(t.TempDir()))
	if err := n.TakeSnapshot(); !errors.Is(err, consensus.ErrRefused) {
		t.Fatalf("the error is %v", err)
	}
}
