package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// mailboxOf has node 1 take only some forwards of node 2 at a time: the next one breaks the connection, which is made
// anew at once.
func (tb *table) mailboxOf(forwards int) {
	now, turn := 0, uint64(0)
	tb.lose = func(m *Message) bool {
		if !isForward(m, 2) {
			return false
		}
		if e := tb.node(2).engine; e.tick != turn || !slices.ContainsFunc(tb.flying, func(m Message) bool {
			return isForward(&m, 2)
		}) {
			now, turn = 0, e.tick
		}
		if now++; now <= forwards {
			return false
		}
		if in := &tb.node(2).in; len(in.LinksUp) == 0 {
			in.LinksUp = append(in.LinksUp, 1)
		}
		return true
	}
}

// S7: many batches are unmet, given up or not, and the leader takes two forwards of a node in a turn. The stream gets
// through, and what comes later is done.
func TestAStreamPassesASmallMailbox(t *testing.T) {
	for name, c := range map[string]struct{ ticks, live int }{
		"all given up": {DefaultOptions().UncertainTicks + 2*deadlineTicks, 0}, "all live": {0, 40},
	} {
		tb := newTable(t, 3)
		tb.adjust = func(o *Options) { o.MaxMessageBytes = 200 }
		for _, s := range tb.nodes {
			tb.boot(s, raftlog.Boot(300+s.id))
		}
		tb.elect(1)
		tb.lose = func(m *Message) bool { return isForward(m, 2) }
		var clients []*client
		for i := range 40 {
			clients = append(clients, tb.submit(2, fmt.Sprintf("%d %s", i, strings.Repeat("x", 50))))
			tb.settle()
		}
		tb.ticks(c.ticks)
		tb.mailboxOf(2)
		after := tb.submit(2, "after")
		tb.node(2).in.LinksUp = append(tb.node(2).in.LinksUp, 1)
		tb.ticks(longestResendTicks)
		tb.expect(after, Done)
		if got := len(tb.node(1).machine.applied); got != c.live+1 {
			t.Errorf("%s: %d commands are applied", name, got)
		}
		for _, one := range clients[:c.live] {
			tb.expect(one, Done)
		}
	}
}

// S7: what is sent again begins with one message, and more follows as the log shows that it arrived. New batches wait
// behind it, and nothing is done twice or out of order.
func TestResendsStartSlowly(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	origin := tb.node(2).engine
	origin.options.MaxMessageBytes = 1000
	tb.lose = func(m *Message) bool { return isForward(m, 2) }
	var want []string
	var clients []*client
	for i := range 100 {
		want = append(want, fmt.Sprintf("%03d %s", i, strings.Repeat("x", 60)))
		clients = append(clients, tb.submit(2, want[i]))
		tb.settle()
	}
	var turns []int // bytes that each turn of the origin sent
	tb.lose = func(m *Message) bool {
		if !isForward(m, 2) {
			return false
		}
		if !slices.ContainsFunc(tb.flying, func(m Message) bool { return isForward(&m, 2) }) {
			turns = append(turns, 0)
		}
		for _, b := range m.Batches {
			turns[len(turns)-1] += raftlog.EntryHeaderBytes + len(b.Body)
		}
		return false
	}
	tb.node(2).in.LinksUp = []raftlog.NodeID{1}
	for range 40 {
		clients = append(clients, tb.submit(2, fmt.Sprint("new ", len(clients))))
		want = append(want, string(clients[len(clients)-1].Body))
		tb.settle()
	}
	if turns[0] == 0 || turns[0] > 1000 || slices.Max(turns) <= 1000 {
		t.Fatalf("turns sent %d bytes", turns)
	}
	for _, c := range clients {
		tb.expect(c, Done)
	}
	tb.expectApplied(want...)
	if s := &origin.stream; s.sent != 0 || s.sentBytes != 0 || s.unmetBytes != 0 || s.windowBytes <= 1000 {
		t.Fatalf("%d sent, %d bytes of them, %d unmet, the window is %d", s.sent, s.sentBytes, s.unmetBytes, s.windowBytes)
	}
}

// S7: batches that were given up one after the other go as one. The leader takes it, whatever it has of them already,
// unless something before them was lost.
func TestARunOfSkipsTakesItsPlaces(t *testing.T) {
	for counter, c := range map[raftlog.Sequence]struct {
		after raftlog.Sequence
		reset bool
	}{
		0: {0, true}, 1: {5, false}, 2: {5, false}, 4: {5, false}, 5: {5, false}, 6: {6, false},
	} {
		tb := newTable(t, 3)
		tb.elect(1)
		leader := tb.node(1)
		from := source{2, 77}
		leader.engine.forwards.appended[from] = counter
		m := Message{Own: Forward, Message: message(1, leader.engine.term), Boot: 77, Batches: []ForwardedBatch{
			{Sequence: 5, Skip: true, Left: 3}, // 2 to 5
		}}
		m.From = 2
		leader.in.Messages = append(leader.in.Messages, m)
		tb.turn(leader)
		reset := slices.Contains(leader.resets, 2)
		if got := leader.engine.forwards.appended[from]; got != c.after || reset != c.reset {
			t.Errorf("behind %d: %d are taken, reset %v", counter, got, reset)
		}
	}
}
