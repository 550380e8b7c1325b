package engine

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A journal may hold more than the room: the file was made smaller, and the commit index is forgotten by a restart.
// Then it takes no batch at all, however small: not one after the other, each into the gap that the last one left.
func TestAnOverfullJournalTakesNoBatch(t *testing.T) {
	tb := newTable(t, 3)
	s := tb.node(2)
	for i := raftlog.Index(2); i <= 5; i++ {
		e := raftlog.Entry{Index: i, Term: 1, Kind: raftlog.EntryCommand, Level: Level, Body: bytes.Repeat([]byte("x"), 1000)}
		e.Seal()
		s.log = append(s.log, e)
	}
	tb.boot(s, 200)
	s.engine.options.JournalRoomBytes = SizeOf(s.log) - 1500
	last := s.log[len(s.log)-1].Mark()
	small := raftlog.Entry{Index: last.Index + 1, Term: 2, Kind: raftlog.EntryCommand, Level: Level, Body: []byte("y")}
	small.Seal()
	s.in.Messages = append(s.in.Messages, Message{
		Message: raft.Message{Kind: raft.Append, From: 1, To: 2, Term: 2, Previous: last, Entries: []raftlog.Entry{small}},
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
	for sequence := range raftlog.Sequence(3) {
		leader.in.Messages = append(leader.in.Messages, Message{
			Own: Forward, Message: raft.Message{From: 3, To: 1, Term: leader.engine.core.Term()}, Boot: 9,
			Batches: []ForwardedBatch{{Sequence: sequence + 1, Level: Level, Body: half}},
		})
	}
	tb.turn(leader)
	if leader.engine.heldBytes() <= maxProposeBytes {
		t.Fatalf("the leader holds %d bytes", leader.engine.heldBytes())
	}
	if leader.out.Again {
		t.Fatal("a leader that may not append asks for another turn at once")
	}
}

// roomsOf makes the nodes of a table differ in what their journals hold, node 1 first.
func roomsOf(rooms ...int) func(*Options) {
	return func(o *Options) { o.JournalRoomBytes = rooms[o.ID-1] }
}

// introduceAll tells each node about each other one, as their handshakes do.
func (tb *table) introduceAll() {
	tb.t.Helper()
	for _, at := range tb.nodes {
		for _, s := range tb.nodes {
			if s == at {
				continue
			}
			o := &s.engine.options
			if err := tb.arrive(at.id, Arrival{From: s.id, Boot: o.Boot, Term: s.term, Durable: raftlog.Index(len(s.log)),
				JournalRoomBytes: o.JournalRoomBytes}); err != nil {
				tb.t.Fatal(err)
			}
		}
	}
}

// The journals of 2 and 3 are smaller than that of 1:
//
//  1. Node 1 leads and takes in as much as its own journal may hold. The disks of the others are slow: nothing is
//     committed that node 1 knows of.
//  2. All stop. Node 1 leads again, in a new term, with everything in its log.
//  3. The others have no room for the rest of it. Nothing of it can be committed before the new term's first entry is,
//     which stands behind it. So history takes nothing, and no room ever comes back.
func TestALeaderTakesInWhatTheSmallestJournalCanHold(t *testing.T) {
	tb := newTable(t, 3)
	tb.adjust = roomsOf(64<<10, 8<<10, 8<<10)
	bootAll := func(boot raftlog.Boot) {
		for _, s := range tb.nodes {
			tb.boot(s, boot+raftlog.Boot(s.id))
		}
		tb.introduceAll()
	}
	bootAll(200)
	tb.elect(1)
	tb.ticks(20)
	tb.node(2).holdDisk, tb.node(3).holdDisk = true, true
	for i := range 60 {
		tb.submit(1, fmt.Sprintf("%1000d", i))
		tb.settle()
	}
	for _, s := range tb.nodes {
		s.holdDisk = false
		tb.lose = func(*Message) bool { return true }
		tb.write(s)
	}
	if window := SizeOf(tb.node(1).log); window < 4<<10 {
		t.Fatalf("the leader has taken in %d bytes: too few to be a test", window)
	}
	tb.flying, tb.lose = nil, nil
	bootAll(300)
	tb.elect(1)
	c := tb.submit(1, "after")
	tb.ticks(200)
	tb.expect(c, Done)
}

func TestTheRoomOfAMemberIsThatOfItsLastArrival(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	e := tb.node(1).engine
	own := proposalShare(e.options.JournalRoomBytes)
	for i, step := range []struct {
		from            raftlog.NodeID
		bytes, proposal int
	}{
		{2, 1 << 20, 3 << 18}, {3, 2 << 20, 3 << 18}, {9, 1 << 10, 3 << 18}, // 9 is no member
		{2, 4 << 20, 3 << 19}, {3, 1 << 40, 3 << 20}, {2, 0, own},
	} {
		if err := tb.arrive(1, Arrival{From: step.from, Boot: raftlog.Boot(i), Durable: 100, Term: 100,
			JournalRoomBytes: step.bytes}); err != nil {
			t.Fatal(err)
		}
		if got := e.proposalCapacity(); got != step.proposal {
			t.Fatalf("step %d: the leader takes in %d bytes, want %d", i, got, step.proposal)
		}
	}
}

func TestTheRoomsOfStrangersAreForgotten(t *testing.T) {
	tb := newTable(t, 3)
	for id := range raftlog.NodeID(10 * membership.MaxMembers) {
		if err := tb.arrive(1, Arrival{From: id + 2, JournalRoomBytes: 1 << 20}); err != nil {
			t.Fatal(err)
		}
	}
	rooms := tb.node(1).engine.journalCapacities
	if len(rooms) > 2*membership.MaxMembers || rooms[2] == 0 || rooms[3] == 0 {
		t.Fatalf("%d rooms are remembered; those of the members are %d and %d", len(rooms), rooms[2], rooms[3])
	}
}
