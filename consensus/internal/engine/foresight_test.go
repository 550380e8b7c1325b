package engine

import (
	"fmt"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// forewarned is a journal that notes what it is shown.
type forewarned struct {
	journal
	shown []string
}

func (f *forewarned) Upcoming(bodies [][]byte) {
	for _, b := range bodies {
		f.shown = append(f.shown, string(b))
	}
}

// TestTheMachineIsShownABodyOnce: bodies of commands, in order and before their Apply; not of those that come alone,
// and not twice where the owner applies fewer entries than it has.
func TestTheMachineIsShownABodyOnce(t *testing.T) {
	o := DefaultOptions()
	o.ID, o.Boot = 1, 101
	f := &forewarned{}
	a := NewApplier(o, f, SnapshotState{})
	l := &pieceLog{next: 1}
	entries := []raftlog.Entry{FirstEntry(clusterOf(3), 1000)}
	var want []string
	for i := range 3*foreseenEntries - 2 { // with the first entry and the last one
		body := fmt.Sprint(i)
		entries, want = append(entries, l.entry(raftlog.EntryCommand, 2, 0, body)), append(want, body)
	}
	entries = append(entries, raftlog.Entry{Index: l.next + 1, Term: 1, Kind: raftlog.EntryNoOp})
	l.next++
	var report Applied
	for rest := entries; len(rest) > 0; rest = rest[4:] {
		rest := rest[:min(len(rest), 40)]
		a.Foresee(rest)
		a.Apply(rest[:min(4, len(rest))], &report)
		if len(rest) < 4 {
			break
		}
	}
	if !slices.Equal(f.shown, want) {
		t.Fatalf("the machine was shown\n%q, want\n%q", f.shown, want)
	}
	if !slices.Equal(f.applied, want) {
		t.Fatalf("applied were %q", f.applied)
	}
	a.Apply([]raftlog.Entry{l.entry(raftlog.EntryCommand, 2, 0, "alone")}, &report)
	a.Apply([]raftlog.Entry{
		l.entry(raftlog.EntryCommand, 2, 0, "both"), l.entry(raftlog.EntryCommand, 2, 0, "these"),
	}, &report)
	if got := f.shown[len(want):]; !slices.Equal(got, []string{"both", "these"}) {
		t.Fatalf("the machine was shown %q", got)
	}
}
