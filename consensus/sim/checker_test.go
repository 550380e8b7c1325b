package sim

import (
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/worlds"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// violates makes sure that something breaks a rule.
func violates(t *testing.T, rule string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		v, ok := recover().(*Violation)
		if !ok || v.Rule != rule {
			t.Errorf("violation %v, want one of %q", v, rule)
		}
	}()
	f()
}

// still is a world that has not begun: what a checker is told about it is all that it knows.
func still() *world {
	o := draw(1, "calm")
	o.Nodes = 3
	return newWorld(o)
}

func TestEventsHappenInOrderOfTimeAndThenOfPlanning(t *testing.T) {
	var s schedule
	var happened strings.Builder
	for _, e := range []struct {
		after time.Duration
		name  string
	}{{5, "e"}, {1, "a"}, {3, "c"}, {1, "b"}, {3, "d"}, {9, "x"}} {
		s.after(e.after, func() { happened.WriteString(e.name) })
	}
	s.at(2, func() { s.after(0, func() { happened.WriteString("-") }) })
	for s.step(8) {
	}
	if happened.String() != "ab-cde" || s.now != 8 {
		t.Fatalf("happened: %s, now %v", happened.String(), s.now)
	}
}

func entryOf(i raftlog.Index, term raftlog.Term, body string) raftlog.Entry {
	e := raftlog.Entry{Index: i, Term: term, Kind: raftlog.EntryCommand, Body: []byte(body)}
	e.Seal()
	return e
}

func TestMirrorsAreEqualWhereLogsAre(t *testing.T) {
	var a, b mirror
	a.add([]raftlog.Entry{entryOf(1, 1, "x"), entryOf(2, 1, "y"), entryOf(3, 1, "z")})
	b.add([]raftlog.Entry{entryOf(1, 1, "x"), entryOf(2, 1, "other")})
	if a.at(1) != b.at(1) || a.at(2) == b.at(2) {
		t.Fatal("equal at 2, or not at 1")
	}
	b.add([]raftlog.Entry{entryOf(2, 1, "y"), entryOf(3, 2, "z")})
	if a.at(2) != b.at(2) || a.at(3) == b.at(3) || b.last() != (raftlog.Mark{Term: 2, Index: 3}) {
		t.Fatalf("after the replacement: %v", b)
	}
	if b.add([]raftlog.Entry{entryOf(5, 2, "gap")}) {
		t.Fatal("a gap was taken")
	}
	changed := entryOf(1, 1, "x")
	changed.Body[0] = 'w' // by a holder of the same bytes: the CRC stays
	if hashOf(&changed) == hashOf(&[]raftlog.Entry{entryOf(1, 1, "x")}[0]) {
		t.Fatal("a changed body has the same hash")
	}
}

func TestHistoryLosesWhatWasNotSynced(t *testing.T) {
	var h history
	h.write([]raftlog.Entry{entryOf(1, 1, "x"), entryOf(2, 1, "y")})
	if through, err := h.Sync(); through != 2 || err != nil {
		t.Fatalf("synced through %d: %v", through, err)
	}
	h.write([]raftlog.Entry{entryOf(3, 1, "z"), entryOf(4, 1, "z")})
	h.losePower(func(int) int { return 1 })
	if len(h.entries) != 3 {
		t.Fatalf("%d entries are left", len(h.entries))
	}
	if h.cut(4) || !h.cut(2) || len(h.entries) != 2 {
		t.Fatalf("cut to 2: %d entries", len(h.entries))
	}
	if previous, entries := h.read(2, 1); previous.Index != 1 || len(entries) != 1 {
		t.Fatalf("read %d entries after %v", len(entries), previous)
	}
	violates(t, "history", func() { h.write([]raftlog.Entry{entryOf(9, 1, "gap")}) })
}

func TestTheCheckerFindsABatchThatIsInTheLogTwice(t *testing.T) {
	body := func(number int) string { return string(worlds.Commands("SET k v").Begin(number).Body()) }
	w := still()
	w.checker.requests = []*request{{}, {ended: true, outcome: refused}}
	first, again := entryOf(2, 1, body(0)), entryOf(3, 1, body(0))
	first.Tag, again.Tag = raftlog.Tag{Origin: 1, Boot: 1, Sequence: 1}, raftlog.Tag{Origin: 1, Boot: 1, Sequence: 2}
	w.checker.readEntry(&first)
	violates(t, "batch twice", func() { w.checker.readEntry(&first) })
	w.checker.readEntry(&again)
	for i := range w.checker.requests {
		w.checker.requests[i].run, w.checker.requests[i].writes = worlds.Commands("SET k v").Begin(i), true
	}
	deliver := func(data string) func() {
		return func() { w.checker.delivers(w.nodes[0], w.checker.delivered+1, []byte(data)) }
	}
	deliver(body(0))()
	violates(t, "batch twice", deliver(body(0)))
	violates(t, "not done, yet done", deliver(body(1)))
	violates(t, "unknown batch", deliver(body(7)))
	violates(t, "unknown batch", deliver(body(1)[:20]))
	violates(t, "torn batch", deliver(strings.Replace(body(1), "v", "w", 1)))
}

func TestTheCheckerFindsTwoVotesAndTwoStates(t *testing.T) {
	w := still()
	w.checker.votesIn(1, 5, 2)
	w.checker.votesIn(1, 5, 2)
	w.checker.votesIn(1, 6, 3)
	violates(t, "one vote per term", func() { w.checker.votesIn(1, 5, 3) })
	w.checker.states = []hashes{{}}
	w.checker.reaches(w.nodes[0], 1, hashes{77, 80})
	w.checker.reaches(w.nodes[1], 1, hashes{77, 80})
	violates(t, "state", func() { w.checker.reaches(w.nodes[2], 1, hashes{78, 80}) })
	violates(t, "state", func() { w.checker.reaches(w.nodes[2], 1, hashes{77, 81}) })
}

// A disk that forgets what was synced does not go unnoticed, nor one that knows what was never written.
func TestTheCheckerComparesEachRestartWithWhatWasDurable(t *testing.T) {
	for _, forge := range []func(n *node){
		func(n *node) { n.stable.vote = 3 },
		func(n *node) { n.stable.term++ },
		func(n *node) { n.stable.log.add([]raftlog.Entry{entryOf(2, 1, "lost")}) },
		func(n *node) { n.stable.log = mirror{} },
	} {
		w := still()
		n := w.nodes[0]
		n.start()
		n.crash(true)
		forge(n)
		violates(t, "durability", n.start)
	}
}
