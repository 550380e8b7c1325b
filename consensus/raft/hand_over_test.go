package raft

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// What the core hands over, and when: promises, pushes, memory.

// Two leaders' messages meet in one turn. The first one's entries never reach the disk, so no node may be told that
// they are there.
func TestAPromiseOfAnEarlierTermDoesNotOutliveItsTurn(t *testing.T) {
	g := newRig(t, 3, 1)
	first := raftlog.Mark{Term: 1, Index: 1}
	g.core.Step(&Message{Kind: Append, From: 2, To: 1, Term: 2, Previous: first, Entries: entriesOf(first, 2, 2)})
	g.core.Step(&Message{Kind: Append, From: 3, To: 1, Term: 3, Previous: first, Entries: entriesOf(first, 3)})
	g.ready()
	promises := g.rd.Append.Promises
	if len(promises) != 1 || promises[0].To != 3 || promises[0].Term != 3 || promises[0].Index != 2 {
		t.Fatalf("%v", promises)
	}
	if len(g.rd.Append.Entries) != 1 || g.rd.Append.Term != 3 {
		t.Fatalf("%v", g.rd.Append)
	}
}

func TestAcknowledgementsOfATurnCoalesce(t *testing.T) {
	g := newRig(t, 3, 1)
	at := raftlog.Mark{Term: 1, Index: 1}
	for range 5 {
		g.core.Step(&Message{Kind: Append, From: 2, To: 1, Term: 1, Previous: at, Entries: entriesOf(at, 1)})
		at.Index++
	}
	g.ready()
	promises := g.rd.Append.Promises
	if len(promises) != 1 || promises[0].Index != 6 || len(g.rd.Append.Entries) != 5 {
		t.Fatalf("%v", g.rd.Append)
	}
}

func TestACommitIsPushedToTheOriginOfItsEntries(t *testing.T) {
	g := newRig(t, 3, 1)
	g.lead()
	g.acknowledge(2, 2)
	if beats := only(g.acknowledge(3, 2), Heartbeat); g.core.Commit() != 2 || len(beats) != 0 {
		t.Fatalf("no client waits: commit %d, %v", g.core.Commit(), beats)
	}
	g.core.Propose([]Proposal{
		{Kind: raftlog.EntryCommand, Tag: raftlog.Tag{Origin: 2, Boot: 7, Sequence: 1}}, {Kind: raftlog.EntryCommand},
	})
	g.ready()
	g.sync()
	beat := g.one(g.acknowledge(2, 4), Heartbeat)
	if beat.To != 2 || beat.Commit != 4 {
		t.Fatalf("%v", beat)
	}
}

// A new leader must look for the origins of what it inherited.
func TestTheOriginOfAnInheritedEntryIsTold(t *testing.T) {
	g := newRig(t, 3, 1)
	at := raftlog.Mark{Term: 1, Index: 1}
	inherited := entriesOf(at, 1)
	inherited[0].Tag = raftlog.Tag{Origin: 3, Boot: 7, Sequence: 1}
	g.stepAndSync(Message{Kind: Append, From: 2, Term: 1, Previous: at, Entries: inherited})
	g.lead()
	g.acknowledge(3, 3)
	if p := g.core.peer(3); p.origin != 2 || p.notified < 2 || g.core.Commit() != 3 {
		t.Fatalf("origin %d, told %d, commit %d", p.origin, p.notified, g.core.Commit())
	}
}

func TestEntriesLeaveMemoryOnlyWhenCommittedDurableAndWritten(t *testing.T) {
	g := newRig(t, 3, 1)
	g.core.log.retainBytes = 0
	at := raftlog.Mark{Term: 1, Index: 1}
	m := Message{Kind: Append, From: 2, Term: 1, Previous: at, Entries: entriesOf(at, 1, 1, 1), Commit: 3}
	g.step(m)
	g.core.Written(4)
	if g.core.Floor().Index != 1 {
		t.Fatalf("floor %v, durable %d", g.core.Floor(), g.core.Durable())
	}
	g.sync()
	if g.core.Floor().Index != 3 || g.core.WindowBytes() != m.Entries[2].Size() {
		t.Fatalf("floor %v, commit %d, %d bytes", g.core.Floor(), g.core.Commit(), g.core.WindowBytes())
	}
	m.Entries, m.Previous, m.Commit = nil, raftlog.Mark{Term: 1, Index: 4}, 4
	g.step(m)
	if g.core.Floor().Index != 4 || g.core.WindowBytes() != 0 || g.core.FirstInMemory() != 5 {
		t.Fatalf("floor %v, commit %d, %d bytes", g.core.Floor(), g.core.Commit(), g.core.WindowBytes())
	}
}

// A node without others keeps no entries for them: it holds nothing that is applied and that history has. What is not
// applied stays within the same bytes as elsewhere: the applier would read it from the disk again. With others it keeps
// both.
func TestOnlyOtherNodesAreAReasonToKeepEntries(t *testing.T) {
	for voters, want := range map[int]raftlog.Index{1: 3, 2: 0} {
		g := newRig(t, voters, 1)
		if voters == 1 {
			g.core.Tick() // it needs no campaign
			g.ready()
			g.sync()
		} else {
			g.lead()
		}
		if g.propose("one"); voters > 1 {
			g.acknowledge(2, 3)
		}
		for applied := range raftlog.Index(3) {
			g.core.Applied(applied)
			g.core.Written(3)
			if got := g.core.Floor().Index; got != min(applied, want) {
				t.Errorf("%d nodes, %d applied: floor %d", voters, applied, got)
			}
		}
		g.core.Applied(3)
		if err := g.core.Check(); err != nil || g.core.Floor().Index != want || g.core.WindowBytes() != 0 {
			t.Errorf("%d nodes: floor %v, want %d; %d bytes; %v", voters, g.core.Floor(), want, g.core.WindowBytes(), err)
		}
		if want > 0 && g.core.log.deadBytes > minPinnedBytes {
			t.Errorf("%d bytes are pinned", g.core.log.deadBytes)
		}
	}
	for _, c := range []membership.Configuration{
		{Voters: []raftlog.NodeID{1, 2}}, {Voters: []raftlog.NodeID{1}, Learners: []raftlog.NodeID{2}},
		{Voters: []raftlog.NodeID{1}, Outgoing: []raftlog.NodeID{1, 2}},
	} {
		if c.IsAlone() {
			t.Errorf("%v is alone", &c)
		}
	}
}

// What a window pins that has let go of all entries is bounded, whether they are many or large.
func TestAnEmptyWindowPinsLittle(t *testing.T) {
	for _, bodyBytes := range []int{0, 1000, minPinnedBytes} {
		w := newWindow(raftlog.Mark{}, raftlog.Time{}, nil, 1<<20)
		for i := raftlog.Index(1); i <= 5000; i++ {
			w.append([]raftlog.Entry{modelEntry(i, 1, bodyBytes)})
			w.release(i, i)
			pinned := w.deadBytes > 0 || cap(w.entries) > 0
			if w.deadBytes > minPinnedBytes || bodyBytes == minPinnedBytes && pinned || cap(w.entries) > 4*minGrowEntries {
				t.Fatalf("behind entry %d of %d bytes: %d bytes, room for %d", i, bodyBytes, w.deadBytes, cap(w.entries))
			}
		}
	}
}

// The end of a joint configuration needs fewer echoes: a read that waited for the old half must not wait for ever.
func TestAReadThatWaitedForTheOldHalfIsConfirmedByTheEnd(t *testing.T) {
	g := newRig(t, 2, 1)
	g.lead()
	g.acknowledge(2, 2)
	joint := &membership.Configuration{Voters: []raftlog.NodeID{1}, Outgoing: []raftlog.NodeID{1, 2}}
	if _, err := g.core.ProposeConfiguration(withMembers(joint)); err != nil {
		t.Fatal(err)
	}
	g.ready()
	g.sync()
	g.step(Message{Kind: AppendReply, From: 2, Term: 2, Index: 3})
	epoch, _, _ := g.core.Read()
	if g.core.confirmed != 0 || g.rd.Propose == nil {
		t.Fatalf("confirmed %d, proposed %v", g.core.confirmed, g.rd.Propose)
	}
	if _, err := g.core.ProposeConfiguration(g.rd.Propose); err != nil {
		t.Fatal(err)
	}
	if g.ready(); g.rd.Confirmed != epoch {
		t.Fatalf("confirmed %d, want %d", g.rd.Confirmed, epoch)
	}
}

func TestNothingToDoIsSaidPlainly(t *testing.T) {
	g := newRig(t, 3, 1)
	if g.core.Ready(&g.rd) {
		t.Fatalf("%v", g.rd)
	}
	g.core.Tick()
	if g.core.Ready(&g.rd) || g.rd.Append.Number != 0 || len(g.rd.Messages) != 0 {
		t.Fatalf("%v", g.rd)
	}
}

func TestMessagesThatCannotBeForThisNodeAreDropped(t *testing.T) {
	at := raftlog.Mark{Term: 1, Index: 1}
	gap := entriesOf(at, 2, 2)
	gap[1].Index = 9
	fromTheFuture := entriesOf(at, 7)
	for name, m := range map[string]Message{
		"to another":          {Kind: Heartbeat, From: 2, To: 3, Term: 5},
		"from itself":         {Kind: Heartbeat, From: 1, To: 1, Term: 5},
		"from no node":        {Kind: Heartbeat, To: 1, Term: 5},
		"entries with a gap":  {Kind: Append, From: 2, To: 1, Term: 5, Previous: at, Entries: gap},
		"entries later terms": {Kind: Append, From: 2, To: 1, Term: 5, Previous: at, Entries: fromTheFuture},
	} {
		g := newRig(t, 3, 1)
		g.core.Step(&m)
		if g.core.Ready(&g.rd) || g.core.Term() != 1 || g.core.Last() != at {
			t.Errorf("%s: %v", name, g.core.Status())
		}
	}
}

func TestOptionsAndPastsThatCannotBeAreRefused(t *testing.T) {
	good := testOptions(1)
	for name, spoil := range map[string]func(*Options, *Restored){
		"no id":               func(o *Options, _ *Restored) { o.ID = 0 },
		"no heartbeat":        func(o *Options, _ *Restored) { o.HeartbeatTicks = 0 },
		"impatient":           func(o *Options, _ *Restored) { o.ElectionTicks = o.HeartbeatTicks },
		"negative patience":   func(o *Options, _ *Restored) { o.HungTicks = -1 },
		"no window":           func(o *Options, _ *Restored) { o.MaxInflightMessages = 0 },
		"no bytes":            func(o *Options, _ *Restored) { o.MaxMessageBytes = 0 },
		"log after term":      func(_ *Options, s *Restored) { s.Term = 0; s.Entries = entriesOf(raftlog.Mark{}, 1) },
		"configuration above": func(_ *Options, s *Restored) { s.ConfigurationIndex = 1 },
		"floor without index": func(_ *Options, s *Restored) { s.Term = 2; s.Floor.Term = 2 },
		"gap above the floor": func(_ *Options, s *Restored) {
			s.Term, s.Entries = 2, entriesOf(raftlog.Mark{Term: 1, Index: 5}, 2)
		},
		"an undecoded configuration": func(_ *Options, s *Restored) {
			s.Term, s.Entries = 1, []raftlog.Entry{{Index: 1, Term: 1, Kind: raftlog.EntryConfiguration}}
		},
	} {
		o, s := good, Restored{}
		spoil(&o, &s)
		if !panics(func() { New(o, s) }) {
			t.Errorf("%s: accepted", name)
		}
	}
	if o := good; panics(func() { New(o, Restored{}) }) || o.Weakened != (guard.Set{}) {
		t.Fatal("a blank node is refused")
	}
}
