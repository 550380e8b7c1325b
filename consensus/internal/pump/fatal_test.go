package pump

import (
	"errors"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A node that finds an entry it cannot understand stops in the middle of a turn. What that turn had taken from clients
// still ends when the node is closed.
func TestBatchesOfTheTurnThatFailsEndToo(t *testing.T) {
	_, nodes := startCluster(t, 1)
	n := nodes[0]
	n.propose(t, "first")
	var ended []chan struct{}
	submit := func() {
		for range 200 {
			done := make(chan struct{})
			ended = append(ended, done)
			n.Submit(&engine.Batch{Body: []byte("x"), Level: engine.Level, Wake: func() { close(done) }})
			read := make(chan struct{})
			ended = append(ended, read)
			n.SubmitRead(&engine.Read{Wake: func() { close(read) }})
		}
	}
	submit()
	n.Receive(2, []engine.Message{{Message: raft.Message{
		Kind: raft.Append, From: 2, To: 1, Term: 1,
		Entries: []raftlog.Entry{{Index: 1, Term: 1, Kind: raftlog.EntryCommand, Level: engine.Level + 1}},
	}}})
	submit()
	if err := await(t, n.fatal, "the end of the node"); err == nil {
		t.Fatal("no reason was given")
	}
	if err := n.Close(); !errors.Is(err, n.Err()) {
		t.Fatal(err)
	}
	for _, done := range ended {
		await(t, done, "the end of a batch or read")
	}
}
