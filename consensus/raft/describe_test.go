package raft

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// One line for everything that can appear in a log or a transcript.
func TestDescriptions(t *testing.T) {
	configuration := &membership.Configuration{
		Voters: []raftlog.NodeID{1, 2}, Outgoing: []raftlog.NodeID{3}, Learners: []raftlog.NodeID{4},
	}
	command := raftlog.Entry{Index: 4, Term: 2, Kind: raftlog.EntryCommand, Body: []byte("SET a 1")}
	for want, value := range map[string]interface{ String() string }{
		"1->2 Append term=3 previous=3/2 commit=1 epoch=5 entries=[4/2 \"SET a 1\"]": Message{
			Kind: Append, From: 1, To: 2, Term: 3, Previous: raftlog.Mark{Term: 2, Index: 3}, Commit: 1, Epoch: 5,
			Entries: []raftlog.Entry{command},
		},
		"2->1 AppendReply term=3 reject previous=3/2 hint=1/1": Message{
			Kind: AppendReply, From: 2, To: 1, Term: 3, Reject: true, Previous: raftlog.Mark{Term: 2, Index: 3},
			Hint: raftlog.Mark{Term: 1, Index: 1},
		},
		"1->2 Install term=3 snapshot=9/3": Message{
			Kind: Install, From: 1, To: 2, Term: 3, Snapshot: &raftlog.SnapshotMark{Mark: raftlog.Mark{Term: 3, Index: 9}},
		},
		"2->1 InstallReply term=3 index=9": Message{
			Kind: InstallReply, From: 2, To: 1, Term: 3, Index: 9,
		},
		"operation 2: term=2 vote=1 entries=[5/2 voters=[1 2] outgoing=[3] learners=[4]]": operationOf(
			2, 2, 1, configurationEntry(5, 2, configuration)),
		"6/2 no-op":    raftlog.Entry{Index: 6, Term: 2, Kind: raftlog.EntryNoOp},
		"7/2 17 bytes": raftlog.Entry{Index: 7, Term: 2, Kind: raftlog.EntryCommand, Body: make([]byte, 17)},
		"kind-9":       raftlog.EntryKind(9),
		"operation 3: term=2 vote=1 entries=[6/2 tick]": operationOf(3, 2, 1,
			raftlog.Entry{Index: 6, Term: 2, Kind: raftlog.EntryTick}),
		"operation 4: term=2 vote=0 promises=1": AppendOperation{
			Operation: raftlog.Operation{Number: 4, Term: 2}, Promises: make([]Message, 1),
		},
	} {
		if got := value.String(); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

func operationOf(
	number raftlog.OperationNumber, term raftlog.Term, vote raftlog.NodeID, entries ...raftlog.Entry,
) AppendOperation {
	return AppendOperation{Operation: raftlog.Operation{Number: number, Term: term, Vote: vote, Entries: entries}}
}
