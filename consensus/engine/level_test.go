package engine

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// newer is an entry that only a newer build can apply.
func newer(index raftlog.Index, term raftlog.Term) raftlog.Entry {
	e := raftlog.Entry{Index: index, Term: term, Kind: raftlog.EntryCommand, Level: Level + 1, Body: []byte("?")}
	e.Seal()
	return e
}

func expectLevelError(t *testing.T, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "upgrade this node") {
		t.Fatalf("the error is %v", err)
	}
}

// A directory that a newer build wrote to is opened by an older one.
func TestALogOfANewerBuildIsRefused(t *testing.T) {
	s := newTable(t, 1).node(1)
	_, err := New(s.engine.options, raft.Restored{Term: 1, Entries: append(s.log, newer(2, 1))}, 0)
	expectLevelError(t, err)
}

// The same, with the entry in history, from where the applier reads it.
func TestAHistoryOfANewerBuildStopsTheNode(t *testing.T) {
	s := newTable(t, 1).node(1)
	o := s.engine.options
	e, err := New(o, raft.Restored{
		Term: 1, Floor: raftlog.Mark{Term: 1, Index: 2}, Configuration: configurationOf(&s.log[0]), ConfigurationIndex: 1,
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	fatal := make(chan error, 1)
	log := newMemoryLog()
	log.history = append(s.log, newer(2, 1))
	r := Start(e, NewApplier(o, &journal{}, Base{}), Hands{
		Machine: &journal{}, Log: log, SnapshotLog: log, Transport: port{&hub{}, 1}, Logger: slog.New(slog.DiscardHandler),
		Tick: time.Millisecond, Clock: time.Now, Fatal: func(err error) { fatal <- err },
	})
	expectLevelError(t, await(t, fatal, "the end of the node"))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// A newer node forwards to an older leader, which must not append what it could not apply.
func TestALeaderAppendsNoBatchOfANewerBuild(t *testing.T) {
	tb := newTable(t, 3)
	tb.elect(1)
	leader := tb.node(1)
	last := leader.engine.core.Last()
	c := tb.submit(2, "x")
	c.Level = Level + 1
	tb.settle()
	if got := leader.engine.core.Last(); got != last {
		t.Fatalf("the log ends at %v, not at %v", got, last)
	}
	tb.ticks(DefaultOptions().UncertainTicks + 2*deadlineTicks)
	tb.expect(c, Unknown)
	y := tb.submitAndSettle(2, "y")
	tb.ticks(longestResendTicks)
	tb.expect(y, Done)
}
