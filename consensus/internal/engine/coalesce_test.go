package engine

import (
	"reflect"
	"testing"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

func TestCoalescedPromisesKeepTheLastAcknowledgementPerLeader(t *testing.T) {
	ack := func(to raftlog.NodeID, term raftlog.Term, index raftlog.Index) raft.Message {
		return raft.Message{Kind: raft.AppendReply, To: to, Term: term, Index: index}
	}
	reject := raft.Message{Kind: raft.AppendReply, To: 1, Term: 2, Reject: true}
	vote := raft.Message{Kind: raft.VoteReply, To: 3, Term: 3}
	got := CoalescePromises([]raft.AppendOperation{
		{Promises: []raft.Message{ack(1, 2, 5)}}, {Promises: []raft.Message{reject, ack(1, 2, 7)}},
		{Promises: []raft.Message{vote, ack(2, 3, 7)}},
	})
	want := []Message{{Message: ack(1, 2, 7)}, {Message: reject}, {Message: vote}, {Message: ack(2, 3, 7)}}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}

func TestAnEntryOfAnUnknownLevelStopsTheNode(t *testing.T) {
	tb := newTable(t, 3)
	s := tb.node(1)
	s.in.Messages = append(s.in.Messages, Message{Message: raft.Message{
		Kind: raft.Append, From: 2, To: 1, Term: 2, Previous: raftlog.Mark{Term: 1, Index: 1},
		Entries: []raftlog.Entry{{Index: 2, Term: 2, Kind: raftlog.EntryCommand, Level: Level + 1}},
	}})
	s.engine.Turn(&s.in, &s.out)
	if s.out.Fatal == nil {
		t.Fatal("the node took an entry that it cannot apply")
	}
}
