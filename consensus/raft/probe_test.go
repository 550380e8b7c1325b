package raft

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// stalledLeader leads three nodes. Node 2 has entries in flight that it does not acknowledge.
func stalledLeader(t *testing.T) (g *rig, probe Message) {
	t.Helper()
	g = newRig(t, 3, 1)
	g.lead()
	g.acknowledge(2, 2)
	g.acknowledge(3, 2)
	for _, body := range []string{"a", "b", "c", "d", "e"} {
		g.propose(body)
	}
	probe = g.one(onlyTo(only(g.hang(g.core.options.ElectionTicks, 3), Append), 2), Append)
	return g, probe
}

func onlyTo(sent []Message, to raftlog.NodeID) (found []Message) {
	for _, m := range sent {
		if m.To == to {
			found = append(found, m)
		}
	}
	return found
}

// B14, P6: what is sent to a node that hears the leader and acknowledges nothing does not grow with time.
func TestARepeatedProbeCarriesNothing(t *testing.T) {
	g, probe := stalledLeader(t)
	if len(probe.Entries) != 3 {
		t.Fatalf("the first one carries as much as a message holds: %v", probe)
	}
	repeated := onlyTo(only(g.hang(100, 2, 3), Append), 2)
	if len(repeated) < 10 {
		t.Fatalf("%d probes in 50 heartbeats", len(repeated))
	}
	for _, m := range repeated {
		if len(m.Entries) > 0 || m.Previous.Index != 2 {
			t.Fatalf("%v", m)
		}
	}
	g.core.LinkUp(2) // the probe may be lost; but nothing was acknowledged over the connection before
	if m := g.one(onlyTo(g.ready(), 2), Append); len(m.Entries) > 0 {
		t.Fatalf("%v", m)
	}
}

func TestAnAnsweredProbeOpensTheWindowStepByStep(t *testing.T) {
	g, _ := stalledLeader(t)
	g.hang(10, 2, 3)
	one := g.one(onlyTo(g.acknowledge(2, 2), 2), Append) // the empty probe's answer
	if len(one.Entries) != 1 || one.Previous.Index != 2 {
		t.Fatalf("%v", one)
	}
	window := onlyTo(only(g.acknowledge(2, 3), Append), 2)
	if len(window) != 2 || len(window[0].Entries) != 3 || g.core.peer(2).state != Replicate {
		t.Fatalf("%v, %v", window, g.core.Status())
	}
}

// A full journal takes nothing of a probe, and answers it.
func TestANodeThatTakesNothingIsSentLittle(t *testing.T) {
	g, _ := stalledLeader(t)
	entries := 0
	for range 50 {
		for _, m := range onlyTo(only(g.hang(2, 2, 3), Append), 2) {
			entries += len(m.Entries)
			for _, again := range onlyTo(only(g.acknowledge(2, m.Previous.Index), Append), 2) {
				entries += len(again.Entries)
			}
		}
	}
	if entries == 0 || entries > 50 {
		t.Fatalf("%d entries in 50 heartbeats", entries)
	}
	g.hang(4, 2, 3)
	if g.acknowledge(2, 7); g.core.peer(2).state != Replicate {
		t.Fatalf("it took all: %v", g.core.Status())
	}
}

// The same below the window: what a probe needs of history is the mark before it.
func TestARepeatedProbeReadsLittleOfHistory(t *testing.T) {
	g, _ := stalledLeader(t)
	g.hang(10, 2, 3)
	p := g.core.peer(2)
	g.core.log.floor.Index = 6 // as if the rest had left memory
	defer func() { g.core.log.floor.Index = 0 }()
	g.core.Tick()
	g.core.Tick()
	m := Message{Kind: HeartbeatReply, From: 2, To: 1, Term: g.core.Term()}
	g.core.Step(&m)
	g.core.replicate(p)
	if len(g.core.fetches) != 1 || g.core.fetches[0].MaxBytes != 1 {
		t.Fatalf("%v", g.core.fetches)
	}
	g.core.fetches = nil
	g.core.Fetched(2, raftlog.Mark{Term: 2, Index: 2}, entriesOf(raftlog.Mark{Term: 2, Index: 2}, 2), false)
	sent := onlyTo(only(g.core.messages, Append), 2)
	if len(sent) != 1 || len(sent[0].Entries) != 0 {
		t.Fatalf("%v", sent)
	}
}

// P6: while a disk hangs, a promise that says no more than one on its way is no operation of its own.
func TestEqualPromisesShareAnOperation(t *testing.T) {
	g := newRig(t, 3, 1)
	previous := raftlog.Mark{Term: 1, Index: 1}
	full := Message{Kind: Append, From: 2, Term: 1, Previous: previous, Entries: entriesOf(previous, 1, 1)}
	empty := Message{Kind: Append, From: 2, Term: 1, Previous: previous}
	g.step(full)
	first := g.rd.Append
	for range 50 {
		for _, m := range []Message{empty, full} {
			if sent := append(g.step(m), g.rd.Append.Promises...); len(only(sent, AppendReply)) != 0 || g.rd.Append.Number != 0 {
				t.Fatalf("%v, %v", sent, g.rd.Append)
			}
		}
	}
	next := full
	next.Previous = raftlog.Mark{Term: 1, Index: 3}
	next.Entries = entriesOf(next.Previous, 1)
	if g.step(next); g.rd.Append.Number != first.Number+1 || g.rd.Append.Promises[0].Index != 4 {
		t.Fatalf("more is promised: %v", g.rd.Append)
	}
	second := g.rd.Append
	g.core.Appended(first.Number)
	if g.step(full); g.rd.Append.Number != 0 {
		t.Fatalf("the later promise is on its way: %v", g.rd.Append)
	}
	g.core.Appended(second.Number)
	if reply := g.one(g.step(full), AppendReply); reply.Index != 3 {
		t.Fatalf("%v", reply)
	}
	g.step(Message{Kind: Heartbeat, From: 2, Term: 2}) // a promise of another term says something else
	full.Term = 2
	if g.step(full); len(g.rd.Append.Promises) != 1 || g.rd.Append.Promises[0].Term != 2 {
		t.Fatalf("%v", g.rd.Append)
	}
}

// P6: at the limit operations wait in the core, as one.
func TestOperationsOnTheirWayAreBounded(t *testing.T) {
	g := newRig(t, 3, 1)
	last := raftlog.Mark{Term: 1, Index: 1}
	add := func() raftlog.OperationNumber {
		m := Message{Kind: Append, From: 2, To: 1, Term: 1, Previous: last, Entries: entriesOf(last, 1)}
		g.core.Step(&m)
		g.core.Ready(&g.rd)
		last.Index++
		return g.rd.Append.Number
	}
	for i := range maxFlyingOperations {
		if got := add(); got != raftlog.OperationNumber(i+1) {
			t.Fatalf("operation %d has number %d", i+1, got)
		}
	}
	for range 3 {
		if got := add(); got != 0 || len(g.rd.Append.Promises) != 0 {
			t.Fatalf("beyond the limit: %v", g.rd.Append)
		}
	}
	g.core.Appended(1)
	g.ready()
	op := g.rd.Append
	if op.Number != maxFlyingOperations+1 || len(op.Entries) != 3 || len(op.Promises) != 1 ||
		op.Promises[0].Index != last.Index {
		t.Fatalf("%v", op)
	}
	g.core.Appended(op.Number)
	if g.core.Durable() != last.Index || !g.core.disk.idle() {
		t.Fatalf("%v", g.core.Status())
	}
}
