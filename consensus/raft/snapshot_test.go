package raft

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// The node's own snapshots: when one counts, and which.

// withLog makes the log of the only voter these entries long, committed and durable: entries of term 2 behind entry 1.
func withLog(t *testing.T, last raftlog.Index) *rig {
	t.Helper()
	g := newRig(t, 1, 1)
	g.core.Tick()
	g.ready()
	g.sync()
	g.sync()
	for g.core.Last().Index < last {
		g.propose("x")
	}
	if g.core.Commit() != last || g.core.Durable() != last {
		t.Fatalf("%v", g.core.Status())
	}
	return g
}

func snapshotAt(index raftlog.Index, term raftlog.Term) raftlog.SnapshotMark {
	return raftlog.SnapshotMark{Mark: raftlog.Mark{Term: term, Index: index}, FileHash: uint64(index), FileBytes: 100}
}

func TestASnapshotIsInForceWhenTheOperationThatNamesItIsDurable(t *testing.T) {
	g := withLog(t, 5)
	g.core.SnapshotTaken(snapshotAt(4, 2))
	g.ready()
	s := g.rd.Append.Switch
	if s == nil || s.Snapshot.Index != 4 || s.Retained != nil || s.Restart {
		t.Fatalf("%v", g.rd.Append)
	}
	if inForce, _ := g.core.Snapshot(); inForce != nil {
		t.Fatalf("in force before it is durable: %v", inForce)
	}
	g.sync()
	if inForce, retained := g.core.Snapshot(); inForce == nil || inForce.Index != 4 || retained != nil {
		t.Fatalf("in force %v, retained %v", inForce, retained)
	}
	if g.rd.Append.Switch != nil {
		t.Fatalf("said twice: %v", g.rd.Append)
	}
	g.core.SnapshotTaken(snapshotAt(5, 2))
	g.ready()
	g.sync()
	if inForce, retained := g.core.Snapshot(); inForce.Index != 5 || retained == nil || retained.Index != 4 {
		t.Fatalf("in force %v, retained %v", inForce, retained)
	}
}

// E3.
func TestASnapshotThatIsNotBeyondTheNewestIsIgnored(t *testing.T) {
	g := withLog(t, 5)
	g.core.SnapshotTaken(snapshotAt(4, 2))
	g.ready() // on its way to the disk
	for _, i := range []raftlog.Index{3, 4} {
		g.core.SnapshotTaken(snapshotAt(i, 2))
		if g.core.switching != nil {
			t.Fatalf("a snapshot at %d replaces one at 4", i)
		}
	}
}

// E10.
func TestTwoSnapshotsInOneTurnAreOneSwitch(t *testing.T) {
	g := withLog(t, 5)
	g.core.SnapshotTaken(snapshotAt(3, 2))
	g.ready()
	g.sync()
	g.core.SnapshotTaken(snapshotAt(4, 2))
	g.core.SnapshotTaken(snapshotAt(5, 2))
	g.ready()
	if s := g.rd.Append.Switch; s.Snapshot.Index != 5 || s.Retained.Index != 3 {
		t.Fatalf("retained is what a record names: %v", g.rd.Append)
	}
	g.sync()
}

func TestASnapshotThatCannotBeEndsTheProcess(t *testing.T) {
	for name, mark := range map[string]raftlog.SnapshotMark{
		"of another term":      snapshotAt(3, 1),
		"beyond what is there": snapshotAt(7, 2),
		"above the durable":    snapshotAt(6, 2),
	} {
		g := withLog(t, 5)
		if _, ok := g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand}}); !ok {
			t.Fatal("refused")
		}
		g.ready()
		if !panics(func() { g.core.SnapshotTaken(mark) }) {
			t.Errorf("%s: accepted", name)
		}
	}
}

// What a snapshot stands for is committed, even where the node remembers less: history was behind.
func TestARestartKnowsThatItsSnapshotIsCommitted(t *testing.T) {
	mark := snapshotAt(3, 1)
	entries := []raftlog.Entry{configurationEntry(1, 1, threeVoters)}
	entries = append(entries, entriesOf(raftlog.Mark{Term: 1, Index: 1}, 1, 1, 1)...)
	core := New(testOptions(1), Restored{Term: 1, Entries: entries, Snapshot: &mark})
	if inForce, retained := core.Snapshot(); core.Commit() != 3 || !inForce.Same(&mark) || retained != nil {
		t.Fatalf("%v, in force %v, retained %v", core.Status(), inForce, retained)
	}
	if err := core.Check(); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]Restored{
		"beyond the log":        {Term: 1, Entries: entries[:2], Snapshot: &mark},
		"one retained alone":    {Term: 1, Entries: entries, Retained: &mark},
		"the retained is later": {Term: 1, Entries: entries, Snapshot: &mark, Retained: &mark},
	} {
		if !panics(func() { New(testOptions(1), s) }) {
			t.Errorf("%s: accepted", name)
		}
	}
}
