package raft

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// leaderOfThree is a leader in the steady state, with a follower that acknowledges what the benchmark says.
func leaderOfThree(t *testing.T) *rig {
	g := newRig(t, 3, 1)
	g.core.options.MaxMessageBytes = 1 << 20
	g.lead()
	g.acknowledge(2, 2)
	g.acknowledge(3, 2)
	return g
}

// turnOf proposes a batch, reads, and plays disk and followers until both are done.
func (g *rig) turnOf(proposals []Proposal, rd *Ready) {
	first, _ := g.core.Propose(proposals)
	last := first + raftlog.Index(len(proposals)) - 1
	epoch, _, _ := g.core.Read()
	g.core.Ready(rd)
	g.core.Appended(rd.Append.Number)
	for _, from := range [...]raftlog.NodeID{2, 3} {
		g.core.Step(&Message{Kind: HeartbeatReply, From: from, To: 1, Term: 2, Epoch: epoch})
		g.core.Step(&Message{Kind: AppendReply, From: from, To: 1, Term: 2, Index: last, Epoch: epoch})
	}
	g.core.Ready(rd)
	g.core.Written(last)
}

// The entries of a turn are made in one allocation, and the window's array grows now and then: nothing else.
func TestASteadyTurnOfALeaderAllocatesAlmostNothing(t *testing.T) {
	g := leaderOfThree(t)
	var rd Ready
	proposals := []Proposal{{Kind: raftlog.EntryCommand, Body: make([]byte, 100)}}
	allocations := testing.AllocsPerRun(1000, func() { g.turnOf(proposals, &rd) })
	if commit := g.core.Commit(); commit < 1000 || allocations > 6 {
		t.Fatalf("%v allocations a turn, commit %d", allocations, commit)
	}
}

func BenchmarkLeaderTurnOf32Entries(b *testing.B) {
	g := leaderOfThree(&testing.T{})
	var rd Ready
	proposals := make([]Proposal, 32)
	for i := range proposals {
		proposals[i] = Proposal{Kind: raftlog.EntryCommand, Body: make([]byte, 100)}
	}
	b.ReportAllocs()
	for b.Loop() {
		g.turnOf(proposals, &rd)
	}
}

// BenchmarkLeaderTurnOf1Entry is a turn in which one client waits; one of 32 entries shares what a turn costs.
func BenchmarkLeaderTurnOf1Entry(b *testing.B) {
	g := leaderOfThree(&testing.T{})
	var rd Ready
	proposals := []Proposal{{Kind: raftlog.EntryCommand, Body: make([]byte, 100)}}
	b.ReportAllocs()
	for b.Loop() {
		g.turnOf(proposals, &rd)
	}
}

// benchmarkFollower is a turn of a follower in the steady state: a message with n entries, its append, the disk's word,
// the acknowledgement.
func benchmarkFollower(b *testing.B, n int) {
	g := newRig(&testing.T{}, 3, 1)
	var rd Ready
	entries := make([]raftlog.Entry, n)
	previous := raftlog.Mark{Term: 1, Index: 1}
	b.ReportAllocs()
	for b.Loop() {
		for i := range entries {
			entries[i] = raftlog.Entry{
				Index: previous.Index + raftlog.Index(i) + 1, Term: 1, Kind: raftlog.EntryCommand, Body: benchmarkBody,
			}
		}
		last := raftlog.Mark{Term: 1, Index: previous.Index + raftlog.Index(n)}
		g.core.Step(&Message{
			Kind: Append, From: 2, To: 1, Term: 1, Previous: previous, Commit: previous.Index, Entries: entries,
		})
		g.core.Ready(&rd)
		g.core.Appended(rd.Append.Number)
		g.core.Ready(&rd)
		g.core.Written(last.Index)
		previous = last
	}
	if g.core.Commit() != previous.Index-raftlog.Index(n) {
		b.Fatalf("commit %d, last %d", g.core.Commit(), previous.Index)
	}
}

var benchmarkBody = make([]byte, 100)

func BenchmarkFollowerTurnOf1Entry(b *testing.B)    { benchmarkFollower(b, 1) }
func BenchmarkFollowerTurnOf32Entries(b *testing.B) { benchmarkFollower(b, 32) }
