package raft

import "testing"

// The node's own snapshots: when one counts, and which.

// withLog makes the log of the only voter these entries long, committed and durable: n entries of term 2 behind entry 1.
func withLog(t *testing.T, last Index) *rig {
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

func snapshotAt(index Index, term Term) SnapshotMark {
	return SnapshotMark{Mark: Mark{Term: term, Index: index}, FileHash: uint64(index), FileBytes: 100}
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
