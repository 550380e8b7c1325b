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
	// at are the places of those.
	at []*byte
}

func (f *forewarned) Upcoming(bodies [][]byte) {
	for _, b := range bodies {
		f.shown, f.at = append(f.shown, string(b)), append(f.at, &b[0])
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

// TestTheMachineIsShownWhatIsInSessions: of an entry in a session the command alone, at its place in memory, for that
// is what Apply gets. Nothing of one that opens a session, of a command that is empty, or of what is no such body.
func TestTheMachineIsShownWhatIsInSessions(t *testing.T) {
	o := DefaultOptions()
	o.ID, o.Boot = 1, 101
	f := &forewarned{}
	a := NewApplier(o, f, SnapshotState{})
	l := &pieceLog{next: 1}
	inSession := func(b raftlog.SessionBody) raftlog.Entry {
		body := append(b.AppendHeader(nil), b.Command...)
		return l.entry(raftlog.EntrySession, 2, 0, string(body))
	}
	opening := inSession(raftlog.SessionBody{Operation: raftlog.SessionOpen, TTLMillis: 1000})
	entries := []raftlog.Entry{FirstEntry(clusterOf(3), 1000), opening}
	var want []string
	for i := range 3 {
		command := fmt.Sprint("command ", i)
		entries = append(entries, inSession(raftlog.SessionBody{
			Operation: raftlog.SessionCommand, Session: uint64(opening.Index), Sequence: uint64(i + 1), Command: []byte(command),
		}))
		want = append(want, command)
	}
	entries = append(entries, l.entry(raftlog.EntryCommand, 2, 0, "in none"))
	want = append(want, "in none")
	var report Applied
	a.Apply(entries, &report)
	if !slices.Equal(f.shown, want) || !slices.Equal(f.applied, want) {
		t.Fatalf("the machine was shown %q, and applied %q, want %q", f.shown, f.applied, want)
	}
	for i, at := range f.at {
		if body := entries[i+2].Body; at != &body[len(body)-len(want[i])] {
			t.Errorf("%q is shown at another place", want[i])
		}
	}
	empty := raftlog.SessionBody{Operation: raftlog.SessionCommand, Session: uint64(opening.Index), Sequence: 4}
	a.Foresee([]raftlog.Entry{
		inSession(empty), l.entry(raftlog.EntrySession, 2, 0, "\x01 none"), l.entry(raftlog.EntryCommand, 2, 0, "y"),
		l.entry(raftlog.EntryCommand, 2, 0, "z"),
	})
	if got := f.shown[len(want):]; !slices.Equal(got, []string{"y", "z"}) {
		t.Fatalf("the machine was shown %q", got)
	}
}
