package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// testPieceBytes is the size of a piece in these tests.
const testPieceBytes = 10

// newPieceTable is a table whose nodes cut bodies into small pieces, of which one at a time is under way.
func newPieceTable(t *testing.T, n int) *table {
	t.Helper()
	tb := newTable(t, n)
	tb.adjust = func(o *Options) { o.PieceBytes, o.MaxPieceBytes = testPieceBytes, testPieceBytes }
	for _, s := range tb.nodes {
		tb.boot(s, raftlog.Boot(100+s.id))
	}
	return tb
}

// body is a body of so many bytes that no other name has.
func body(name string, bytes int) string {
	return strings.Repeat(name+"/", bytes/(len(name)+1)+1)[:bytes]
}

// piecesIn counts the pieces with bytes in a node's log.
func (s *testNode) piecesIn() (n int) {
	for i := range s.log {
		if s.log[i].Kind == raftlog.EntryPiece && len(s.log[i].Body) > 0 {
			n++
		}
	}
	return n
}

// untilPieces lets turns pass until the log of a node has so many pieces.
func (tb *table) untilPieces(id raftlog.NodeID, n int) {
	tb.t.Helper()
	for range 100 {
		if tb.node(id).piecesIn() >= n {
			return
		}
		tb.deliver()
		for _, s := range tb.nodes {
			tb.turn(s)
		}
	}
	tb.t.Fatalf("the log of node %d has %d pieces, not %d", id, tb.node(id).piecesIn(), n)
}

// Up to the size of a piece a body is one entry; above it is as many pieces as it takes. It takes effect once, whole,
// on all nodes, and the origin has the result.
func TestBodiesAroundTheSizeOfAPiece(t *testing.T) {
	for _, from := range []raftlog.NodeID{1, 2} {
		for _, size := range []int{1, 9, 10, 11, 19, 20, 21, 95} {
			t.Run(fmt.Sprintf("%d bytes through node %d", size, from), func(t *testing.T) {
				tb := newPieceTable(t, 3)
				tb.elect(1)
				c := tb.submit(from, body("x", size))
				tb.settle()
				tb.expect(c, Done)
				tb.expectApplied(body("x", size))
				want := 0
				if size > testPieceBytes {
					want = (size + testPieceBytes - 1) / testPieceBytes
				}
				if got := tb.node(1).piecesIn(); got != want || string(c.Result) != "1" {
					t.Fatalf("%d pieces, want %d; result %q", got, want, c.Result)
				}
			})
		}
	}
}

// Small batches go between the pieces of a large one, under any leader.
func TestASmallBatchGoesBetweenPieces(t *testing.T) {
	for _, leader := range []raftlog.NodeID{1, 2} {
		tb := newPieceTable(t, 3)
		tb.elect(leader)
		large := tb.submit(1, body("large", 95))
		tb.untilPieces(1, 2)
		small := tb.submit(1, "small")
		tb.settle()
		tb.expect(small, Done)
		tb.expect(large, Done)
		tb.expectApplied("small", body("large", 95))
	}
}

// One body goes at a time: the others wait at their origins, in the order of their announcements.
func TestBodiesTakeTurns(t *testing.T) {
	tb := newPieceTable(t, 3)
	tb.elect(1)
	var clients []*client
	for i := range 3 {
		for id := raftlog.NodeID(1); id <= 3; id++ {
			clients = append(clients, tb.submit(id, body(fmt.Sprintf("%d-%d", id, i), 35)))
		}
	}
	tb.settle()
	for _, c := range clients {
		tb.expect(c, Done)
	}
	var open raftlog.Tag
	for i := range tb.node(1).log {
		e := &tb.node(1).log[i]
		if e.Kind != raftlog.EntryPiece || len(e.Body) == 0 {
			continue
		}
		if open.Origin != 0 && e.Tag.Origin != open.Origin {
			t.Fatalf("entry %v is a piece of node %d, in a body of node %d", e.Mark(), e.Tag.Origin, open.Origin)
		}
		open = e.Tag
		if e.Left == 0 {
			open = raftlog.Tag{}
		}
	}
}

// S33: The leader dies in the middle of a body. Its pieces complete nothing; the body is announced anew, and takes
// effect once.
func TestTheLeaderDiesBetweenPieces(t *testing.T) {
	for pieces := 1; pieces <= 9; pieces++ {
		tb := newPieceTable(t, 3)
		tb.elect(1)
		c := tb.submit(3, body("x", 95))
		tb.untilPieces(1, pieces)
		tb.crash(1)
		tb.flying = nil
		tb.elect(2)
		tb.ticks(50)
		tb.expect(c, Done)
		tb.expectApplied(body("x", 95))
	}
}

// S34: The leader dies with the last piece. With it in the next leader's log the body is done. Without it the body is
// not done, and is sent again. Never twice.
func TestTheLeaderDiesWithTheLastPiece(t *testing.T) {
	for _, reaches := range []bool{true, false} {
		tb := newPieceTable(t, 3)
		tb.elect(1)
		last := func(m *Message) bool {
			for i := range m.Entries {
				if e := &m.Entries[i]; e.Kind == raftlog.EntryPiece && len(e.Body) > 0 && e.Left == 0 {
					return true
				}
			}
			return false
		}
		tb.lose = func(m *Message) bool {
			unheard := m.Kind == raft.AppendReply && reaches && tb.node(2).piecesIn() == 4
			return unheard || last(m) && (m.To == 3 || !reaches)
		}
		c := tb.submit(3, body("x", 35))
		tb.settle()
		tb.expect(c, Pending)
		tb.crash(1)
		tb.lose = nil
		tb.elect(2)
		tb.ticks(50)
		tb.expect(c, Done)
		tb.expectApplied(body("x", 35))
		announced := 0
		for i := range tb.node(2).log {
			if e := &tb.node(2).log[i]; e.Kind == raftlog.EntryPiece && len(e.Body) == 0 && e.Left > 0 {
				announced++
			}
		}
		if want := map[bool]int{true: 1, false: 2}[reaches]; announced != want {
			t.Fatalf("announced %d times, want %d", announced, want)
		}
	}
}

// The client leaves in the middle: definitely not done, and the next body has its turn at once.
func TestTheClientLeavesBetweenPieces(t *testing.T) {
	tb := newPieceTable(t, 3)
	tb.elect(1)
	gone := tb.submit(2, body("gone", 95))
	waits := tb.submit(3, body("waits", 35))
	tb.untilPieces(1, 2)
	tb.node(2).in.Left = append(tb.node(2).in.Left, gone.Batch)
	tb.settle()
	tb.expect(gone, NotDone)
	tb.expect(waits, Done)
	tb.expectApplied(body("waits", 35))
}

// The origin dies in the middle: the leader ends its body, and the next one has its turn before its wait is over.
func TestTheOriginDiesBetweenPieces(t *testing.T) {
	tb := newPieceTable(t, 3)
	tb.elect(1)
	tb.submit(2, body("gone", 95))
	waits := tb.submit(3, body("waits", 35))
	tb.untilPieces(1, 2)
	tb.crash(2)
	tb.ticks(DefaultOptions().WaitTicks/stallShare + 20)
	tb.expect(waits, Done)
	tb.expectApplied(body("waits", 35))
}

// An origin that is cut off for a while finds that its body ended, and delivers it anew.
func TestASlowOriginDeliversAnew(t *testing.T) {
	tb := newPieceTable(t, 3)
	tb.elect(1)
	slow := tb.submit(2, body("slow", 95))
	tb.untilPieces(1, 2)
	tb.lose = func(m *Message) bool { return isForward(m, 2) }
	tb.ticks(DefaultOptions().WaitTicks/stallShare + 20)
	tb.expect(slow, Pending)
	if p := tb.node(1).engine.pieces.state; p.Origin == 2 && p.TakenBytes > 0 {
		t.Fatalf("the leader did not end the body: %+v", p)
	}
	tb.lose = nil
	tb.node(2).in.LinksUp = append(tb.node(2).in.LinksUp, 1)
	tb.ticks(longestResendTicks + 20)
	tb.expect(slow, Done)
	tb.expectApplied(body("slow", 95))
}

// S33: The last piece is on its way when the leader ends the body. All nodes leave it undone, and its origin sends it
// again.
func TestTheLastPieceComesBehindTheEnd(t *testing.T) {
	tb := newPieceTable(t, 3)
	tb.elect(1)
	c := tb.submit(2, body("x", 35))
	late := tb.hold(func(m *Message) bool {
		return isForward(m, 2) && len(m.Batches) > 0 && m.Batches[0].Piece && m.Batches[0].Left == 0
	})
	tb.settle()
	if len(*late) != 1 {
		t.Fatalf("%d last pieces", len(*late))
	}
	end := raftlog.Tag{Origin: 2, Boot: 102}
	if _, ok := tb.node(1).engine.core.Propose([]raft.Proposal{{Kind: raftlog.EntryPiece, Tag: end}}); !ok {
		t.Fatal("the leader cannot propose")
	}
	tb.settle()
	tb.expect(c, Pending)
	tb.lose = nil
	tb.flying = append(tb.flying, *late...)
	tb.settle()
	tb.expect(c, Done)
	tb.expectApplied(body("x", 35))
}

// A batch that waits for its turn ends as not done when the log takes no piece for too long, and not before.
func TestAnOriginThatWaitsForItsTurn(t *testing.T) {
	tb := newPieceTable(t, 3)
	tb.elect(1)
	tb.cut(1, 2, 3)
	c := tb.submit(2, body("x", 35))
	tb.ticks(DefaultOptions().WaitTicks - 2)
	tb.expect(c, Pending)
	tb.ticks(5)
	tb.expect(c, NotDone)
}

// S35: A snapshot is taken, and a node starts from it, behind every entry of a body: it comes to the same end as all.
func TestASnapshotBetweenPieces(t *testing.T) {
	for pieces := 1; pieces <= 10; pieces++ {
		tb := newPieceTable(t, 3)
		tb.elect(1)
		tb.commands(1, "before", 2)
		c := tb.submit(1, body("x", 95))
		tb.untilPieces(3, pieces)
		tb.node(3).in.TakeSnapshot = true
		tb.untilPieces(3, min(pieces+1, 10))
		tb.turn(tb.node(3))
		tb.turn(tb.node(3))
		tb.crash(3)
		tb.settle()
		tb.expect(c, Done)
		tb.boot(tb.node(3), 203)
		tb.ticks(20)
		tb.expectApplied("before-0", "before-1", body("x", 95))
	}
}

// S35: A node that was away gets a snapshot of the middle of a body and the rest from the log.
func TestAnInstallBetweenPieces(t *testing.T) {
	tb := newPieceTable(t, 3)
	tb.adjust = func(o *Options) {
		o.PieceBytes, o.MaxPieceBytes, o.MaxMessageBytes, o.MaxInflightMessages = testPieceBytes, testPieceBytes, 1, 1
		o.MaxHistoryBytes = 1
	}
	for _, s := range tb.nodes {
		tb.boot(s, raftlog.Boot(300+s.id))
	}
	tb.elect(1)
	tb.crash(3)
	tb.compact(1)
	c := tb.submit(1, body("x", 95))
	tb.untilPieces(1, 5)
	tb.node(1).in.TakeSnapshot = true
	tb.turn(tb.node(1))
	tb.turn(tb.node(1))
	if pieces := tb.node(1).piecesIn(); pieces >= 10 {
		t.Fatalf("the log has all %d pieces", pieces)
	}
	inForce := tb.node(1).inForce
	file := tb.node(1).files[inForce.FileHash]
	if len(file.base.Pieces) != 1 || len(file.base.Pieces[0].Body) == 0 {
		t.Fatalf("the snapshot is not of the middle of a body: %+v", file.base)
	}
	tb.settle()
	tb.expect(c, Done)
	tb.boot(tb.node(3), 403)
	tb.ticks(100)
	if tb.node(3).engine.State().SnapshotsInstalled == 0 {
		t.Fatal("node 3 installed no snapshot")
	}
	if got := tb.node(3).machine.count(body("x", 95)); got != 1 {
		t.Fatalf("node 3 applied the body %d times", got)
	}
}

// S35: A snapshot jumps over pieces of this node's own body: it gives them up, announces the body anew, and is not
// stuck however little may be under way.
func TestASnapshotJumpsOverOwnPieces(t *testing.T) {
	tb := newPieceTable(t, 3)
	tb.adjust = func(o *Options) {
		o.PieceBytes, o.MaxPieceBytes, o.MaxMessageBytes, o.MaxInflightMessages = testPieceBytes, 3*testPieceBytes, 1, 1
		o.MaxUnmetBytes, o.MaxHistoryBytes = 1, 1
	}
	for _, s := range tb.nodes {
		tb.boot(s, raftlog.Boot(300+s.id))
	}
	tb.elect(1)
	tb.commands(1, "before", 1)
	c := tb.submit(3, body("x", 95))
	tb.untilPieces(1, 3)
	tb.lose = func(m *Message) bool { return m.To == 3 && m.Kind == raft.Append } // it sends on, and learns nothing
	tb.settle()
	tb.expect(c, Pending)
	tb.compact(1)
	tb.lose = nil
	tb.ticks(longestResendTicks)
	if tb.node(3).engine.State().SnapshotsInstalled == 0 {
		t.Fatal("node 3 installed no snapshot")
	}
	tb.expect(c, Done)
	for _, s := range tb.nodes {
		if got := s.machine.count(body("x", 95)); got != 1 {
			t.Fatalf("node %d applied the body %d times", s.id, got)
		}
	}
}

// What has no effect: pieces that do not follow, of another origin or boot, of a body that is larger than any can be.
func TestPiecesThatFitNothing(t *testing.T) {
	type log []raftlog.Entry
	p := func(origin raftlog.NodeID, boot raftlog.Boot, body string, left uint32) raftlog.Entry {
		tag := raftlog.Tag{Origin: origin, Boot: boot, Sequence: 1}
		return raftlog.Entry{Kind: raftlog.EntryPiece, Tag: tag, Body: []byte(body), Left: left}
	}
	for name, c := range map[string]struct {
		log  log
		want string
		left int // bodies that have not ended
	}{
		"nothing was announced":   {log{p(1, 1, "ab", 0)}, "", 0},
		"whole":                   {log{p(1, 1, "", 4), p(1, 1, "ab", 2), p(1, 1, "cd", 0)}, "abcd", 0},
		"a piece is missing":      {log{p(1, 1, "", 6), p(1, 1, "ab", 4), p(1, 1, "ef", 0)}, "", 1},
		"too long":                {log{p(1, 1, "", 3), p(1, 1, "abcd", 0)}, "", 1},
		"another boot":            {log{p(1, 1, "", 2), p(1, 2, "ab", 0)}, "", 1},
		"another origin":          {log{p(1, 1, "", 2), p(2, 1, "", 2), p(2, 1, "ab", 0)}, "", 2},
		"announced anew":          {log{p(1, 1, "", 4), p(1, 1, "ab", 2), p(1, 2, "", 2), p(1, 1, "cd", 0)}, "", 1},
		"ended":                   {log{p(1, 1, "", 4), p(1, 1, "ab", 2), p(1, 1, "", 0), p(1, 1, "cd", 0)}, "", 0},
		"the end of another boot": {log{p(1, 2, "", 2), p(1, 1, "", 0), p(1, 2, "ab", 0)}, "ab", 0},
		"the largest":             {log{p(1, 1, "", raftlog.MaxBodyBytes)}, "", 1},
		"larger than any":         {log{p(1, 1, "", raftlog.MaxBodyBytes+1)}, "", 0},
		"the next has its turn":   {log{p(1, 1, "", 2), p(2, 1, "", 2), p(1, 1, "", 0), p(2, 1, "ab", 0)}, "ab", 0},
	} {
		var s assemblies
		var got []byte
		for i := range c.log {
			got = s.take(&c.log[i], guard.Set{})
		}
		if string(got) != c.want || len(s.list) != c.left {
			t.Errorf("%s: %q and %d bodies are left, want %q and %d", name, got, len(s.list), c.want, c.left)
		}
	}
}

// A later term, and a configuration without the origin, end bodies on every node.
func TestWhatEndsBodiesInTheLog(t *testing.T) {
	configuration := func(ids ...raftlog.NodeID) []byte {
		c := &membership.Configuration{ClusterID: 1, HashSeed: 1, NextID: 9, Voters: ids}
		for _, id := range ids {
			c.Members = append(c.Members, membership.Member{ID: id})
		}
		return membership.Encode(c)
	}
	announce := func(i raftlog.Index, origin raftlog.NodeID) raftlog.Entry {
		return raftlog.Entry{
			Index: i, Term: 1, Kind: raftlog.EntryPiece, Tag: raftlog.Tag{Origin: origin, Boot: 1, Sequence: 1}, Left: 20,
		}
	}
	o := DefaultOptions()
	o.ID, o.Boot = 1, 101
	a := NewApplier(o, &journal{}, SnapshotState{})
	var report Applied
	a.Apply([]raftlog.Entry{
		{Index: 1, Term: 1, Kind: raftlog.EntryConfiguration, Body: configuration(1, 2, 3)},
		announce(2, 2), announce(3, 3),
		{Index: 4, Term: 1, Kind: raftlog.EntryConfiguration, Body: configuration(1, 3)},
	}, &report)
	if len(a.assemblies.list) != 1 || a.assemblies.list[0].Origin != 3 {
		t.Fatalf("behind the removal of 2 there are %+v", a.assemblies.list)
	}
	a.Apply([]raftlog.Entry{{Index: 5, Term: 2, Kind: raftlog.EntryNoOp}}, &report)
	if len(a.assemblies.list) != 0 {
		t.Fatalf("in the next term there are %+v", a.assemblies.list)
	}
}
