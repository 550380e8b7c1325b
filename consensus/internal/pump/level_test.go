package pump

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// An older build opens a directory whose history holds an entry of a newer one, and finds it when it applies it.
func TestAHistoryOfANewerBuildStopsTheNode(t *testing.T) {
	d := newDisks(1)[0]
	c, err := membership.Decode(d.first.Body)
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(d.options, raft.Restored{
		Term: 1, Floor: raftlog.Mark{Term: 1, Index: 2}, Configuration: c, ConfigurationIndex: 1,
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	newer := raftlog.Entry{Index: 2, Term: 1, Kind: raftlog.EntryCommand, Level: engine.Level + 1, Body: []byte("?")}
	newer.Seal()
	fatal := make(chan error, 1)
	log := newMemoryLog()
	log.history = []raftlog.Entry{d.first, newer}
	r := Start(e, engine.NewApplier(d.options, &diary{}, engine.SnapshotState{}), Effects{
		Machine: &diary{}, Log: log, SnapshotLog: log, Transport: port{&hub{}, 1}, Logger: slog.New(slog.DiscardHandler),
		Tick: time.Millisecond, Clock: time.Now, Fatal: func(err error) { fatal <- err },
	})
	if err := await(t, fatal, "the end of the node"); !strings.Contains(err.Error(), "upgrade this node") {
		t.Fatalf("the error is %v", err)
	}
	if err := r.Close(); !errors.Is(err, r.Err()) {
		t.Fatal(err)
	}
}
