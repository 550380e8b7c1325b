package engine

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// One line for every message that can appear in a log or a transcript.
func TestMessagesInOneLine(t *testing.T) {
	heartbeat := raft.Message{Kind: raft.Heartbeat, From: 2, To: 1, Term: 3}
	up := raft.Message{From: 2, To: 1, Term: 3}
	down := raft.Message{From: 1, To: 2, Term: 3}
	reply := down
	reply.Index = 6
	for want, m := range map[string]Message{
		"2->1 Heartbeat term=3 commit=0":               {Message: heartbeat},
		"2->1 ReadIndex term=3 request=8":              {Own: ReadIndex, Message: up, Request: 8},
		"1->2 ReadIndexReply term=3 request=8 index=6": {Own: ReadIndexReply, Message: reply, Request: 8},
		"2->1 Forward term=3 boot=ff batches=2": {
			Own: Forward, Message: up, Boot: 255, Batches: make([]ForwardedBatch, 2),
		},
		"2->1 Notice term=3 bytes=5": {Own: Notice, Message: up, Notice: []byte("hello")},
		"2->1 AskTransfer term=3":    {Own: AskTransfer, Message: up},
		"1->2 Presence term=3 request=8 absent=[3 4]": {
			Own: Presence, Message: down, Request: 8, Absent: []raftlog.NodeID{3, 4},
		},
	} {
		if got := m.String(); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

// A request for the lead that comes from an earlier term is void: the leader of that term may have answered it.
func TestAnEarlierRequestForTheLeadIsVoid(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	core := tb.node(1).engine.core
	for _, ask := range []struct {
		term raftlog.Term
		want raftlog.NodeID
	}{{core.Term() - 1, 0}, {core.Term(), 2}} {
		m := Message{Own: AskTransfer, Message: raft.Message{From: 2, To: 1, Term: ask.term}}
		tb.node(1).in.Messages = append(tb.node(1).in.Messages, m)
		tb.node(1).engine.Turn(&tb.node(1).in, &tb.node(1).out)
		tb.node(1).in.Reset()
		if got := core.Status().Transferee; got != ask.want {
			t.Errorf("asked in term %d of term %d: leadership goes to %d", ask.term, core.Term(), got)
		}
	}
}
