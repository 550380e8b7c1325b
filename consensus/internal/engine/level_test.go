package engine

import (
	"strings"
	"testing"

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
