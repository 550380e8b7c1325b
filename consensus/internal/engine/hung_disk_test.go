package engine

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
)

// P6: a follower's disk hangs for a minute. What travels to it, and what it queues for its log writer, does not grow
// with time. When the disk is back the follower is level.
func TestAFollowerWhoseDiskHangsCostsLittle(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.ticks(10)
	f := tb.node(2)
	f.holdDisk = true
	for range 4 {
		tb.submit(1, strings.Repeat("x", 900<<10))
	}
	bytes, sent := 0, 0
	tb.lose = func(m *Message) bool {
		if m.Kind == raft.Append && m.To == 2 {
			sent++
			bytes += SizeOf(m.Entries)
		}
		return false
	}
	tb.ticks(100)
	operations := len(f.appends)
	bytes, sent = 0, 0
	tb.ticks(60 * 100)
	t.Logf("in a minute %d appends with %d bytes of entries; %d operations wait, %d a minute before", sent, bytes,
		len(f.appends), operations)
	if bytes > 64<<10 || len(f.appends) > operations {
		t.Errorf("it costs more and more")
	}
	f.holdDisk, tb.lose = false, nil
	tb.ticks(20)
	if match := tb.node(1).engine.acknowledged(2); match != tb.node(1).engine.core.Last().Index {
		t.Fatalf("node 2 acknowledged %d of %d", match, tb.node(1).engine.core.Last().Index)
	}
}

// A13: a hand-over fails because the successor's disk stalls. Nothing is lost but its time: no election, neither then
// nor when the disk is back.
func TestAHandOverToAStalledDiskCostsNoElection(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	tb.ticks(10)
	leader, slow := tb.node(1), tb.node(2)
	term := leader.engine.core.Term()
	slow.holdDisk = true
	if !leader.engine.core.Transfer(2) {
		t.Fatal("no transfer")
	}
	for range 300 {
		if tb.ticks(1); !leader.engine.leads() || leader.engine.core.Term() != term {
			t.Fatalf("node 1 is %v of term %d", leader.engine.core.Role(), leader.engine.core.Term())
		}
	}
	c := tb.submit(1, "meanwhile")
	tb.ticks(10)
	tb.expect(c, Done)
	slow.holdDisk = false
	if tb.ticks(300); !leader.engine.leads() || leader.engine.core.Term() != term {
		t.Fatalf("the disk is back: node 1 is %v of term %d", leader.engine.core.Role(), leader.engine.core.Term())
	}
	leader.in.HandOver = true
	if tb.ticks(30); leader.engine.leads() {
		t.Fatal("with a disk that moves the next attempt works")
	}
}
