package consensus

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// handwritten is a blank node into whose history a test writes entries.
type handwritten struct {
	t    *testing.T
	node *Node
	last raftlog.Index
	// sent is the sequence of the last piece.
	sent raftlog.Sequence
}

// handwrite opens one, whose log begins behind an entry.
func handwrite(t *testing.T, behind raftlog.Index, o Options) *handwritten {
	t.Helper()
	h := &handwritten{t: t, node: openBlank(t, o), last: behind}
	t.Cleanup(func() { _ = h.node.Close() })
	if behind > 0 {
		mark := raftlog.SnapshotMark{Mark: raftlog.Mark{Index: behind, Term: 1}}
		if err := h.node.log.Restart(&mark, raftlog.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// write adds an entry, and returns its index.
func (h *handwritten) write(e raftlog.Entry) raftlog.Index {
	h.t.Helper()
	h.last++
	e.Index, e.Term = h.last, 1
	e.Seal()
	if err := h.node.log.Write([]raftlog.Entry{e}); err != nil {
		h.t.Fatal(err)
	}
	h.node.subscriptions.wake()
	return h.last
}

// small adds a command that is one entry.
func (h *handwritten) small(bytes int) raftlog.Index {
	h.t.Helper()
	return h.write(raftlog.Entry{Kind: raftlog.EntryCommand, Body: make([]byte, bytes)})
}

// piece adds a piece of a body, or, with no bytes, announces one of left bytes.
func (h *handwritten) piece(bytes, left int) raftlog.Index {
	h.t.Helper()
	h.sent++
	return h.write(raftlog.Entry{
		Kind: raftlog.EntryPiece, Left: uint32(left), Body: make([]byte, bytes),
		Tag: raftlog.Tag{Origin: 1, Boot: 1, Sequence: h.sent},
	})
}

func (h *handwritten) subscribe(from raftlog.Index) *Subscription {
	h.t.Helper()
	s, err := h.node.Subscribe(h.t.Context(), uint64(from))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(s.Close)
	return s
}

// expectGiven takes a command.
func expectGiven(t *testing.T, s *Subscription, index raftlog.Index, bytes int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, err := s.Next(ctx)
	if err != nil || e.Index != uint64(index) || len(e.Command) != bytes {
		t.Fatalf("given are %d bytes at %d, %v; want %d at %d", len(e.Command), e.Index, err, bytes, index)
	}
}

// expectWaits looks whether there is nothing to be given now.
func expectWaits(t *testing.T, s *Subscription) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if e, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("it does not wait: entry %d, %v", e.Index, err)
	}
}

// H14: A command whose first pieces are gone is told of when the state has it, and not before:
//
//  1. A command has pieces at 65, 68 and 70. The log of a node that has just started begins at 66; its machine is at
//     67.
//  2. A host that is told at once views that machine, goes on from 71, and misses 70 and what is before it.
func TestALostCommandIsToldOfWhenTheStateHasIt(t *testing.T) {
	h := handwrite(t, 65, Options{})
	h.small(1)
	h.small(2)
	h.piece(4, 4)
	h.small(3)
	last := h.piece(4, 0)
	s := h.subscribe(66)
	for i := range 2 {
		expectGiven(t, s, raftlog.Index(66+i), 1+i)
	}
	expectGiven(t, s, 69, 3)
	for _, applied := range []raftlog.Index{0, 67, last - 1} {
		h.node.base.Mark.Index = applied
		expectWaits(t, s)
	}
	h.node.base.Mark.Index = last
	var compacted *CompactedError
	if e, err := s.Next(t.Context()); !errors.As(err, &compacted) || compacted.Index != uint64(last) ||
		compacted.First != uint64(last)+1 {
		t.Fatalf("when the state has it: %v, %v", e, err)
	}
}

// A subscription that begins in the middle of a command looks back for the beginning of that one, and not for those of
// commands that were given long ago.
func TestASubscriptionLooksBackForOneCommand(t *testing.T) {
	h := handwrite(t, 0, Options{MaxHistoryBytes: 1 << 20}) // files of 64 KiB
	h.piece(0, 8)
	for range 40 {
		h.small(16 << 10)
	}
	h.piece(4, 4)
	for range 40 {
		h.small(16 << 10)
	}
	earlier := h.piece(4, 0)
	h.piece(0, 8)
	from := h.small(1)
	h.piece(4, 4)
	h.small(2)
	last := h.piece(4, 0)
	s := h.subscribe(from + 1)
	s.back = 1
	expectGiven(t, s, last-1, 2)
	expectGiven(t, s, last, 8)
	if s.begun+10 < earlier {
		t.Errorf("it has looked back to %d; the command before this one ends at %d", s.begun, earlier)
	}
	// It is not lost either, while there is more log.
	all := h.subscribe(1)
	for range 1000 {
		e, err := all.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if e.Index == uint64(last) {
			return
		}
	}
	t.Error("the last command is not given")
}

// left sets when the host of a subscription that holds a part of a command has left Next.
func (h *handwritten) left(s *Subscription, ago time.Duration) {
	h.t.Helper()
	a := &h.node.assembling
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.places[s]
	if p == nil {
		h.t.Fatal("the subscription holds nothing")
	}
	p.left = time.Now().Add(-ago)
}

// expectHeld compares how many bytes all subscriptions hold.
func (h *handwritten) expectHeld(bytes int) {
	h.t.Helper()
	a := &h.node.assembling
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.used != bytes || bytes == 0 && len(a.places)+len(a.waiting) > 0 {
		h.t.Fatalf("%d bytes are held in %d places, and %d wait; want %d bytes", a.used, len(a.places), len(a.waiting), bytes)
	}
}

const (
	fresh = -time.Hour // the host has not been away for long, however slow the machine is
	stale = 2 * assemblingPatience
)

// P8: All subscriptions of a node put commands together within one bound. Those that find no room read later.
func TestSubscriptionsAssembleWithinABound(t *testing.T) {
	h := handwrite(t, 0, Options{MaxWaitingBytes: 16})
	h.piece(0, 8)
	h.piece(4, 4)
	small := h.small(1)
	a, b, c, d := h.subscribe(1), h.subscribe(1), h.subscribe(1), h.subscribe(small)
	for i, s := range []*Subscription{a, b} {
		expectGiven(t, s, small, 1)
		h.left(s, fresh)
		h.expectHeld(8 + 8*i)
	}
	expectWaits(t, c)
	h.expectHeld(16)
	a.Close() // what it held is free
	h.expectHeld(8)
	expectGiven(t, c, small, 1)
	h.left(c, fresh)
	expectGiven(t, d, small, 1)
	last := h.piece(4, 0)
	expectWaits(t, d) // it looks back, and finds no room
	h.expectHeld(16)
	for _, s := range []*Subscription{b, d, c} {
		expectGiven(t, s, last, 8)
	}
	h.expectHeld(0)

	h.piece(0, 100) // beyond the bound: one has it at a time
	h.piece(50, 50)
	small = h.small(2)
	expectGiven(t, b, small, 2)
	h.left(b, fresh)
	h.expectHeld(100)
	expectWaits(t, c)
	last = h.piece(50, 0)
	expectGiven(t, b, last, 100)
	for _, s := range []*Subscription{d, c} {
		expectGiven(t, s, small, 2)
		expectGiven(t, s, last, 100)
	}
	h.expectHeld(0)
}

// H14: A subscription that is left alone in the middle of a command keeps no other one waiting: it puts the command
// together anew when its host comes back.
func TestASubscriptionLeftAloneLosesItsRoom(t *testing.T) {
	h := handwrite(t, 0, Options{MaxWaitingBytes: 10})
	h.small(3)
	h.piece(0, 8)
	h.piece(4, 4)
	small := h.small(1)
	alone, other := h.subscribe(1), h.subscribe(2)
	expectGiven(t, alone, 1, 3)
	expectGiven(t, alone, small, 1)
	h.left(alone, stale)
	expectGiven(t, other, small, 1)
	h.expectHeld(8)
	if got := alone.needed.Load(); got != 2 {
		t.Errorf("it needs the log from %d on, want 2, where the command was announced", got)
	}
	h.left(other, fresh)
	expectWaits(t, alone)
	last := h.piece(4, 0)
	expectGiven(t, other, last, 8)
	expectGiven(t, alone, last, 8)
	h.expectHeld(0)
	after := h.small(4)
	expectGiven(t, alone, after, 4)
}
