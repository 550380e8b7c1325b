package engine

import (
	"bytes"
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
)

// A journal may hold more than the room: the file was made smaller, and the commit index is forgotten by a restart.
// Then it takes no batch at all, however small: not one after the other, each into the gap that the last one left.
func TestAnOverfullJournalTakesNoBatch(t *testing.T) {
	tb := newTable(t, 3)
	s := tb.node(2)
	for i := raft.Index(2); i <= 5; i++ {
		e := raft.Entry{Index: i, Term: 1, Kind: raft.EntryCommand, Level: Level, Body: bytes.Repeat([]byte("x"), 1000)}
		e.Seal()
		s.log = append(s.log, e)
	}
	tb.boot(s, 200)
	s.engine.options.JournalRoomBytes = sizeOf(s.log) - 1500
	last := s.log[len(s.log)-1].Mark()
	small := raft.Entry{Index: last.Index + 1, Term: 2, Kind: raft.EntryCommand, Level: Level, Body: []byte("y")}
	small.Seal()
	s.in.Messages = append(s.in.Messages, raft.Message{
		Kind: raft.Append, From: 1, To: 2, Term: 2, Previous: last, Entries: []raft.Entry{small},
	})
	tb.turn(s)
	if got := s.engine.core.Last(); got != last {
		t.Fatalf("the log ends at %v, it was full at %v", got, last)
	}
}

// A leader that hands over appends nothing. What it holds must not make it turn again and again without a pause.
func TestALeaderThatHandsOverDoesNotSpin(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	leader := tb.node(1)
	if !leader.engine.core.Transfer(2) {
		t.Fatal("the leader does not hand over")
	}
	half := make([]byte, maxProposeBytes/2)
	for sequence := range raft.Sequence(3) {
		leader.in.Messages = append(leader.in.Messages, raft.Message{
			Kind: raft.Forward, From: 3, To: 1, Term: leader.engine.core.Term(), Boot: 9,
			Batches: []raft.Batch{{Sequence: sequence + 1, Level: Level, Body: half}},
		})
	}
	tb.turn(leader)
	if leader.engine.forwards.heldBytes <= maxProposeBytes {
		t.Fatalf("the leader holds %d bytes", leader.engine.forwards.heldBytes)
	}
	if leader.out.Again {
		t.Fatal("a leader that may not append asks for another turn at once")
	}
}
