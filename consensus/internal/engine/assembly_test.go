package engine

import (
	"fmt"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// preparer is a journal that notes what it is shown of bodies, and whether it gets that very memory.
type preparer struct {
	journal
	shown []byte
	notes []string
}

func (p *preparer) Prepare(body []byte, totalBytes int) {
	p.notes = append(p.notes, fmt.Sprintf("%d of %d", len(body), totalBytes))
	if len(p.shown) > 0 && len(body) > len(p.shown) && &body[0] != &p.shown[0] {
		p.notes = append(p.notes, "moved")
	}
	p.shown = body
}

func (p *preparer) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	if len(data) > 0 {
		same := len(data) == len(p.shown) && &data[0] == &p.shown[0]
		p.notes = append(p.notes, fmt.Sprintf("apply %q, as shown %v", data, same))
	}
	return p.journal.Apply(index, stamp, data, local)
}

// pieceLog makes entries of term 1 from the first index on.
type pieceLog struct {
	next     raftlog.Index
	sequence raftlog.Sequence
}

func (l *pieceLog) entry(kind raftlog.EntryKind, origin raftlog.NodeID, left int, body string) raftlog.Entry {
	l.next++
	l.sequence++
	return raftlog.Entry{
		Index: l.next, Term: 1, Kind: kind, Left: uint32(left), Body: []byte(body),
		Tag: raftlog.Tag{Origin: origin, Boot: 1, Sequence: l.sequence},
	}
}

func (l *pieceLog) piece(origin raftlog.NodeID, left int, body string) raftlog.Entry {
	return l.entry(raftlog.EntryPiece, origin, left, body)
}

// G12: The machine is shown each piece before the entry is applied, at the place where it gets the whole. What is
// gathered ends behind a last piece, so that the next body does not take its place; and what is gathered twice is
// gathered once.
func TestTheMachineIsShownABodyAsItComes(t *testing.T) {
	o := DefaultOptions()
	o.ID, o.Boot = 1, 101
	p := &preparer{}
	a := NewApplier(o, p, SnapshotState{})
	l := &pieceLog{next: 1}
	entries := []raftlog.Entry{
		FirstEntry(clusterOf(3), 1000),
		l.piece(2, 6, ""), l.piece(3, 4, ""), l.piece(2, 4, "ab"), l.entry(raftlog.EntryCommand, 2, 0, "small"),
		l.piece(2, 2, "cd"), l.piece(2, 0, "ef"), // whole: index 7
		l.piece(3, 2, "gh"), l.piece(3, 0, "ij"), // whole: index 9
		l.piece(2, 4, ""), l.piece(2, 2, "kl"), l.piece(2, 0, ""), // ended by its origin
		l.piece(3, 9, ""), l.piece(3, 7, "mn"),
		{Index: 15, Term: 2, Kind: raftlog.EntryNoOp}, // ended by the term
		{Index: 16, Term: 2, Kind: raftlog.EntryNoOp},
	}
	var report Applied
	var spans []raftlog.Index
	for rest := entries; len(rest) > 0; {
		ready := a.Gather(rest)
		if again := a.Gather(rest); len(again) != len(ready) {
			t.Fatalf("gathered twice, %d entries are ready, and then %d", len(ready), len(again))
		}
		if applied := a.Applied(); applied != rest[0].Index-1 {
			t.Fatalf("entry %d is applied by Gather", applied)
		}
		a.Apply(ready, &report)
		spans, rest = append(spans, ready[len(ready)-1].Index), rest[len(ready):]
	}
	if want := []raftlog.Index{7, 9, 16}; !slices.Equal(spans, want) {
		t.Errorf("the spans end at %v, want %v", spans, want)
	}
	want := []string{
		"2 of 6", "4 of 6", "6 of 6", `apply "small", as shown false`, `apply "abcdef", as shown true`,
		"2 of 4", "4 of 4", `apply "ghij", as shown true`,
		"2 of 4", "0 of 0", "2 of 9", "0 of 0",
	}
	if !slices.Equal(p.notes, want) {
		t.Errorf("the machine saw\n%q, want\n%q", p.notes, want)
	}

	all := NewApplier(o, &preparer{}, SnapshotState{})
	all.Apply(entries, &report)
	if got := all.machine.(*preparer).notes; !slices.Equal(got, want) {
		t.Errorf("applied at once, the machine saw\n%q, want\n%q", got, want)
	}
}

// An entry that changes what a report tells of bodies in pieces is applied alone, so that no report tells of what is
// not applied yet: a piece, a configuration, the first entry of a term.
func TestEntriesThatMayBeAppliedInSteps(t *testing.T) {
	o := DefaultOptions()
	o.ID, o.Boot = 1, 101
	a := NewApplier(o, &preparer{}, SnapshotState{})
	l := &pieceLog{next: 1}
	first := FirstEntry(clusterOf(3), 1000)
	command := func() raftlog.Entry { return l.entry(raftlog.EntryCommand, 2, 0, "small") }
	rest := []raftlog.Entry{first, command(), command(), l.piece(2, 1, ""), l.piece(2, 0, "a"), command(), command()}
	for i := range rest {
		rest[i].Index, rest[i].Term = raftlog.Index(i+1), first.Term
	}
	rest[6].Term++
	var report Applied
	var spans []int
	for len(rest) > 0 {
		some := a.Divisible(rest)
		a.Apply(a.Gather(some), &report)
		spans, rest = append(spans, len(some)), rest[len(some):]
	}
	if want := []int{1, 2, 1, 1, 1, 1}; !slices.Equal(spans, want) {
		t.Errorf("spans of %v entries, want %v", spans, want)
	}
}

// Behind a snapshot that has a part of a body, the machine is shown that part with the next piece.
func TestTheMachineIsShownThePartOfASnapshot(t *testing.T) {
	o := DefaultOptions()
	o.ID, o.Boot = 1, 101
	base := SnapshotState{
		Mark:   raftlog.Mark{Index: 10, Term: 1},
		Pieces: []Assembly{{Origin: 2, Boot: 1, Sequence: 1, TotalBytes: 6, Body: []byte("ab")}},
	}
	base.Configuration = FirstEntry(clusterOf(3), 1000).Body
	p := &preparer{}
	a := NewApplier(o, p, base)
	l := &pieceLog{next: 10, sequence: 1}
	var report Applied
	a.Apply([]raftlog.Entry{l.piece(2, 2, "cd"), l.piece(2, 0, "ef")}, &report)
	want := []string{"4 of 6", "6 of 6", `apply "abcdef", as shown true`}
	if !slices.Equal(p.notes, want) {
		t.Errorf("the machine saw %q, want %q", p.notes, want)
	}
}
