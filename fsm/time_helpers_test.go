package fsm

import (
	"math"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// doAt executes calls at a moment as a node does: writes as an entry with that stamp, reads as a query that is put
// again behind an entry without commands if it asks for that.
func doAt(t testing.TB, m *Machine, stamp int64, calls ...[][]byte) string {
	t.Helper()
	return doAtIn(t, m, 2, stamp, calls...)
}

// doAtIn is doAt for a client that speaks the given protocol.
func doAtIn(t testing.TB, m *Machine, protocol int, stamp int64, calls ...[][]byte) string {
	t.Helper()
	return runAt(t, m, newRun(protocol, calls...), stamp)
}

// runAt executes a run at a moment.
func runAt(t testing.TB, m *Machine, run *command.Run, stamp int64) string {
	t.Helper()
	if run.HasWrite() {
		m.Apply(m.Index()+1, stamp, run.Body(nil, argv.Append), run)
		return string(run.Reply)
	}
	run.MayFill = true
	if m.Query(stamp, run) {
		if len(run.Reply) != 0 {
			t.Fatalf("%+v: a query that needs a tick answers %q", run.Calls, run.Reply)
		}
		tick(m, stamp)
		if m.Query(stamp, run) {
			t.Fatalf("%+v: after the tick it asks for another", run.Calls)
		}
	}
	if run.WantsFill {
		fill(m, stamp, run)
	}
	return string(run.Reply)
}

// fill executes a run of reads anew as an entry in which those that may fill a cache are writes.
func fill(m *Machine, stamp int64, run *command.Run) {
	run.Reply, run.Lookups, run.Left, run.WantsFill = nil, command.Lookups{}, 0, false
	for i := range run.Calls {
		run.Calls[i].Filling = run.Calls[i].Fills()
	}
	m.Apply(m.Index()+1, stamp, run.Body(nil, argv.Append), run)
}

// tick applies an entry that holds nothing but a moment.
func tick(m *Machine, stamp int64) { m.Apply(m.Index()+1, stamp, nil, nil) }

// scriptAt is script, with every line at the same moment.
func scriptAt(t testing.TB, m *Machine, stamp int64, lines ...string) string {
	t.Helper()
	var replies strings.Builder
	for _, line := range lines {
		replies.WriteString(doAt(t, m, stamp, words(line)))
	}
	return strings.TrimSpace(strings.ReplaceAll(replies.String(), "\r\n", " "))
}

// checkDeadlines compares what the machine says of deadlines with the entries.
func checkDeadlines(t testing.TB, m *Machine) {
	t.Helper()
	var first, next int64
	var keys, overdue int
	now := m.state.Now()
	look := func(_ keyspace.Position, e *keyspace.Entry) bool {
		if e.Deadline == 0 {
			return true
		}
		keys++
		ends := max(now.Log+e.Deadline.Left(now), 1)
		if e.Expired(now) {
			overdue++
		} else if next == 0 || ends < next {
			next = ends
		}
		if first == 0 || ends < first {
			first = ends
		}
		return true
	}
	m.state.Each(func(_ int, space *keyspace.Space) { space.Scan(0, look) })
	got := m.Stats()
	if got.Deadlines != keys-overdue || got.Overdue != overdue || m.Due() != first ||
		next != 0 && (m.state.EndsBy(next-1) || !m.state.EndsBy(next)) || next == 0 && m.state.EndsBy(math.MaxInt64) {
		t.Fatalf("the index has %d keys, %d overdue, first %d; the entries %d, %d, %d, next %d",
			got.Deadlines+got.Overdue, got.Overdue, m.Due(), keys, overdue, first, next)
	}
}
