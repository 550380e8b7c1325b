package wal

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// indexesOf inspects a directory and lists the entries of its history and of its journal.
func indexesOf(t *testing.T, directory string) (history, journal []raftlog.Index, err error) {
	t.Helper()
	i, err := Inspect(directory)
	if err != nil {
		return nil, nil, err
	}
	err = i.Visit(func(_ string, _ int64, e raftlog.Entry) error {
		history = append(history, e.Index)
		return nil
	})
	for _, e := range i.Journal.Entries {
		journal = append(journal, e.Index)
	}
	return history, journal, err
}

func TestInspectSeesTheWholeLogOfAStoppedAndOfARunningNode(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	fill(t, l, 1, 300, 1, 500)
	for _, state := range []string{"running", "stopped"} {
		history, journal, err := indexesOf(t, o.Directory)
		must(t, err)
		all := slices.Compact(slices.Sorted(slices.Values(append(history, journal...))))
		if len(all) != 300 || all[0] != 1 || all[299] != 300 {
			t.Errorf("%s: inspection finds %d entries, want 1 to 300", state, len(all))
		}
		if state == "running" {
			must(t, l.Close())
		}
	}
}

func TestInspectChangesNothing(t *testing.T) {
	o, _, _ := rested(t)
	before := contents(t, o)
	if _, _, err := indexesOf(t, o.Directory); err != nil {
		t.Fatal(err)
	}
	if after := contents(t, o); !slices.Equal(before, after) {
		t.Error("a file has changed")
	}
}

// contents are the segments of history and the files of the journal, byte for byte.
func contents(t *testing.T, o Options) (all []string) {
	t.Helper()
	i, err := Inspect(o.Directory)
	must(t, err)
	for _, path := range append(i.JournalFiles, i.Segments...) {
		b, err := os.ReadFile(path)
		must(t, err)
		all = append(all, path+":"+string(b))
	}
	return all
}

func TestInspectNamesDamageBelowTheCheckpointAndForgivesItBehind(t *testing.T) {
	o, checkpoint, _ := rested(t)
	i, err := Inspect(o.Directory)
	must(t, err)
	at := map[raftlog.Index]int64{}
	path := map[raftlog.Index]string{}
	must(t, i.Visit(func(file string, offset int64, e raftlog.Entry) error {
		at[e.Index], path[e.Index] = offset, file
		return nil
	}))
	for _, index := range []raftlog.Index{1, checkpoint} {
		b, err := os.ReadFile(path[index])
		must(t, err)
		b[at[index]+20] ^= 1
		must(t, os.WriteFile(path[index], b, 0o600))
		_, _, err = indexesOf(t, o.Directory)
		var damage *CorruptionError
		if !errors.As(err, &damage) || damage.File != path[index] || damage.Offset != at[index] {
			t.Errorf("damage of entry %d at offset %d of %s is reported as %v", index, at[index], path[index], err)
		}
		b[at[index]+20] ^= 1
		must(t, os.WriteFile(path[index], b, 0o600))
	}
	f, err := os.OpenFile(path[checkpoint], os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	if _, err := f.WriteString("half an en"); err != nil {
		t.Fatal(err)
	}
	must(t, f.Close())
	if _, _, err := indexesOf(t, o.Directory); err != nil {
		t.Errorf("a torn tail behind the checkpoint is reported: %v", err)
	}
}

func TestInspectRefusesADirectoryThatIsNoNodes(t *testing.T) {
	if _, err := Inspect(t.TempDir()); !errors.Is(err, errNoIdentity) {
		t.Errorf("an empty directory gives %v", err)
	}
}
