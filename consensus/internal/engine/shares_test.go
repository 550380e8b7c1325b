package engine

import (
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// heldBytes is what a leader holds of all other nodes.
func (e *Engine) heldBytes() (bytes int) {
	for _, s := range e.forwards.held {
		bytes += s.bytes
	}
	return bytes
}

// newFullTable is a table whose journals have room for little, where messages are small, and whose leader is node 1.
func newFullTable(t *testing.T) *table {
	t.Helper()
	tb := newTable(t, 3)
	tb.adjust = func(o *Options) {
		o.PieceBytes, o.MaxPieceBytes = 1000, 1000
		o.JournalRoomBytes, o.MaxUnmetBytes = 16<<10, 32<<10
		o.MaxMessageBytes, o.MaxInflightMessages = 1000, 4
	}
	for _, s := range tb.nodes {
		tb.boot(s, raftlog.Boot(100+s.id))
	}
	tb.elect(1)
	return tb
}

// drip lets one tick pass, in which each message moves by one hop: so what commits in it is limited.
func (tb *table) drip() {
	tb.now += 10
	tb.deliver()
	for _, s := range tb.nodes {
		if !s.down {
			s.in.Ticks = 1
			tb.turn(s)
		}
	}
}

// load is a node's clients: so many wait for the end of a command at any time.
type load struct {
	id      raftlog.NodeID
	clients int
	body    string

	under     []*client
	doneBytes int
	failed    int
	// slowest is the longest that a command took, in ticks.
	slowest raftlog.Stamp
	began   map[*client]raftlog.Stamp
}

// step counts what ended, and has clients whose command ended send the next one.
func (l *load) step(tb *table) {
	if l.began == nil {
		l.began = map[*client]raftlog.Stamp{}
	}
	kept := l.under[:0]
	for _, c := range l.under {
		l.slowest = max(l.slowest, (tb.now-l.began[c])/10)
		switch c.Outcome {
		case Pending:
			kept = append(kept, c)
			continue
		case Done:
			l.doneBytes += c.Size()
		default:
			l.failed++
		}
		delete(l.began, c)
	}
	l.under = kept
	for len(l.under) < l.clients {
		c := tb.submit(l.id, l.body)
		l.began[c] = tb.now
		l.under = append(l.under, c)
	}
}

// run lets time pass under load.
func (tb *table) run(ticks int, loads ...*load) {
	for range ticks {
		for _, l := range loads {
			l.step(tb)
		}
		tb.drip()
	}
}

// expectShares fails unless each load got at least this part of all bytes.
func expectShares(t *testing.T, percent int, loads ...*load) {
	t.Helper()
	sum := 0
	for _, l := range loads {
		sum += l.doneBytes
	}
	for _, l := range loads {
		got := 100 * l.doneBytes / max(sum, 1)
		t.Logf("node %d with bodies of %d bytes: %d%% of %d bytes, slowest %d ticks, %d failed",
			l.id, len(l.body), got, sum, l.slowest, l.failed)
		if got < percent {
			t.Errorf("node %d got %d%%, want at least %d%%", l.id, got, percent)
		}
	}
}

// Clients of all nodes want more than the journals have room for: each node gets a third of the bytes, whichever leads,
// and whatever the size of its commands.
func TestNodesShareTheLeadersRoom(t *testing.T) {
	for _, sizes := range [][3]int{{100, 100, 100}, {20, 900, 100}, {900, 20, 20}} {
		t.Run(fmt.Sprint(sizes), func(t *testing.T) {
			tb := newFullTable(t)
			var loads []*load
			for i, size := range sizes {
				loads = append(loads, &load{id: raftlog.NodeID(i + 1), clients: 400, body: body("x", size)})
			}
			tb.run(50, loads...) // until all queues are full
			for _, l := range loads {
				l.doneBytes = 0
			}
			tb.run(400, loads...)
			expectShares(t, 30, loads...)
		})
	}
}

// A leader's client with one command at a time beside greedy clients of the followers: it is served as if they were not
// there, but for what is on its way to the disks before it.
func TestALeadersOwnClientBesideGreedyFollowers(t *testing.T) {
	tb := newFullTable(t)
	a, b := &load{id: 2, clients: 400, body: body("a", 800)}, &load{id: 3, clients: 400, body: body("b", 800)}
	tb.run(50, a, b)
	own := &load{id: 1, clients: 1, body: "own"}
	tb.run(300, a, b, own)
	expectShares(t, 0, a, b, own)
	if own.failed > 0 || own.slowest > 50 {
		t.Fatalf("%d commands failed, the slowest took %d ticks", own.failed, own.slowest)
	}
}

// The same for a follower's client beside the leader's greedy ones, and those of the other follower.
func TestAFollowersClientBesideGreedyNodes(t *testing.T) {
	tb := newFullTable(t)
	a, b := &load{id: 1, clients: 400, body: body("a", 800)}, &load{id: 3, clients: 400, body: body("b", 800)}
	tb.run(50, a, b)
	one := &load{id: 2, clients: 1, body: "one"}
	tb.run(300, a, b, one)
	expectShares(t, 0, a, b, one)
	if one.failed > 0 || one.slowest > 50 {
		t.Fatalf("%d commands failed, the slowest took %d ticks", one.failed, one.slowest)
	}
}

// A body in pieces goes on beside small batches of the same node, and of the others; and they go on beside it.
func TestPiecesAndSmallBatchesDoNotStarve(t *testing.T) {
	for _, from := range []raftlog.NodeID{1, 2} {
		t.Run(fmt.Sprintf("through node %d", from), func(t *testing.T) {
			tb := newFullTable(t)
			a, b := &load{id: from, clients: 400, body: body("a", 20)}, &load{id: 3, clients: 400, body: body("b", 20)}
			tb.run(50, a, b)
			large := &load{id: from, clients: 1, body: body("large", 4500)}
			a.doneBytes, b.doneBytes = 0, 0
			tb.run(500, a, b, large)
			expectShares(t, 30, a, b)
			expectShares(t, 0, large)
			if large.failed > 0 || large.doneBytes < 2*len(large.body) {
				t.Fatalf("%d bytes of large bodies are done, %d bodies failed", large.doneBytes, large.failed)
			}
		})
	}
}

// The origin of a body is gone, and other nodes' batches fill the leader's room: the body ends, and the next one has
// its turn. Time goes on as well.
func TestABodyOfADeadOriginEndsUnderLoad(t *testing.T) {
	tb := newFullTable(t)
	tb.submit(2, body("gone", 9500))
	tb.untilPieces(1, 2)
	tb.crash(2)
	small := &load{id: 3, clients: 400, body: body("x", 20)}
	tb.run(50, small)
	tb.node(1).machine.deadlines = []int64{1}
	next := tb.submit(3, body("next", 3500))
	tb.run(DefaultOptions().WaitTicks+200, small)
	tb.expect(next, Done)
	if n := len(tb.node(1).machine.deadlines); n != 0 {
		t.Fatal("no entry moved time")
	}
}

// A leader whose room is used up takes nothing more of its own: what waits was never sent, and ends as not done.
func TestWithoutRoomALeadersOwnBatchEndsAsNotDone(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	leader := tb.node(1)
	leader.engine.options.ProposalRoomBytes = max(leader.engine.core.WindowBytes(), 1)
	other, own := tb.submit(2, "other"), tb.submit(1, "own")
	tb.ticks(DefaultOptions().WaitTicks + 1)
	tb.expect(own, NotDone)
	tb.expect(other, Pending)
	tb.ticks(DefaultOptions().UncertainTicks)
	tb.expect(other, Unknown)
}

// While leadership is handed over, the leader's own batches are not sent to anyone.
func TestDuringAHandOverALeadersOwnBatchesWait(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	leader := tb.node(1).engine
	if !leader.core.Transfer(2) {
		t.Fatal("the leader does not hand over")
	}
	own := tb.submit(1, "own")
	tb.turn(tb.node(1))
	if s := leader.Status(); s.WaitingBatches != 1 || s.UnmetBatches != 0 {
		t.Fatalf("%d batches wait, %d are unmet", s.WaitingBatches, s.UnmetBatches)
	}
	tb.settle()
	tb.ticks(5)
	tb.expect(own, Done)
}

// One origin sends a leader without room more than it may have on its way: the leader holds twice that and no more.
// What it does not take counts as lost, so nothing is out of order. What the leader may have on its way itself is no
// matter: a leader with little memory would else drop again and again what an origin with more may send.
func TestALeaderHoldsBoundedBytesOfAnOrigin(t *testing.T) {
	for _, own := range []int{1, 250, 999, 1000} {
		t.Run(fmt.Sprint(own), func(t *testing.T) { holdsTwice(t, own, 1000) })
	}
}

func holdsTwice(t *testing.T, ownBytes, limitBytes int) {
	const bodyBytes = 100
	tb := newTable(t, 3)
	tb.elect(1)
	leader := tb.node(1)
	leader.engine.options.MaxUnmetBytes = ownBytes
	leader.engine.options.LargestUnmetBytes = limitBytes
	leader.engine.options.ProposalRoomBytes = 1
	one := raftlog.EntryHeaderBytes + bodyBytes
	for sequence := range raftlog.Sequence(100) {
		leader.in.Messages = append(leader.in.Messages, Message{
			Own: Forward, Message: raft.Message{From: 3, To: 1, Term: leader.engine.core.Term()}, Boot: 9,
			Batches: []ForwardedBatch{{Sequence: sequence + 1, Level: Level, Body: make([]byte, bodyBytes)}},
		})
	}
	tb.turn(leader)
	held := leader.engine.heldBytes()
	if held < heldPerUnmet*limitBytes || held > heldPerUnmet*limitBytes+one {
		t.Fatalf("the leader holds %d bytes, the limit is %d", held, heldPerUnmet*limitBytes)
	}
	if n := leader.engine.forwards.appended[source{3, 9}]; int(n) != held/one {
		t.Fatalf("%d batches were counted, %d are held", n, held/one)
	}
	if len(leader.out.Reset) > 0 {
		t.Fatal("the leader asks for all of it again at once")
	}
}

// While a large body waits, small batches leave the room for one piece of it; without one they may have all of it.
func TestSmallBatchesLeaveRoomForAPiece(t *testing.T) {
	for _, large := range []bool{false, true} {
		tb := newFullTable(t)
		origin := tb.node(2).engine
		tb.lose = func(m *Message) bool { return m.Own == Forward }
		if large {
			tb.submit(2, body("large", 2500))
		}
		const bodyBytes = 20
		for range 1000 {
			tb.submit(2, body("x", bodyBytes))
		}
		tb.settle()
		limit, one := origin.options.MaxUnmetBytes, raftlog.EntryHeaderBytes+bodyBytes
		if large {
			limit -= raftlog.EntryHeaderBytes + origin.options.PieceBytes
		}
		if got := origin.stream.unmetBytes; got > limit || got+one <= limit {
			t.Errorf("large %t: %d bytes are unmet, the limit is %d", large, got, limit)
		}
	}
}

// A node whose clients were silent for long has saved nothing up: when they come, the others keep their share.
func TestSilenceSavesNothingUp(t *testing.T) {
	for _, silent := range []raftlog.NodeID{1, 2} {
		tb := newFullTable(t)
		always := &load{id: 3, clients: 400, body: body("a", 100)}
		tb.run(200, always)
		late := &load{id: silent, clients: 400, body: body("b", 100)}
		always.doneBytes = 0
		tb.run(100, always, late)
		expectShares(t, 40, always, late)
	}
}
