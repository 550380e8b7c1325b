package raft

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

var differs = raftlog.Quarantine{Differs: 8, Agreed: 4}

// S30: A quarantine travels with the next operation, once, and a node that starts with one has it.
func TestAQuarantineTravelsWithAnOperation(t *testing.T) {
	g := newRig(t, 3, 1, 1)
	g.core.Quarantine(differs)
	g.ready()
	if q := g.rd.Append.Quarantine; q == nil || *q != differs || g.core.Quarantined() != differs {
		t.Fatalf("the operation says %v, the core %+v", q, g.core.Quarantined())
	}
	g.sync()
	if g.rd.Append.Quarantine != nil {
		t.Fatalf("said twice: %v", g.rd.Append.Quarantine)
	}
	g.core.Quarantine(raftlog.Quarantine{})
	g.ready()
	if q := g.rd.Append.Quarantine; q == nil || q.On() {
		t.Fatalf("its end is %v", q)
	}
	again := New(testOptions(1), Restored{Term: 1, Quarantine: differs, Entries: g.core.Entries(1, 2, maxInt)})
	if again.Quarantined() != differs {
		t.Fatalf("a start finds %+v", again.Quarantined())
	}
}

// S30: A quarantined node does not campaign while others may, nor at its leader's word. It does in the end.
func TestAQuarantinedNodeCampaignsLast(t *testing.T) {
	g := newRig(t, 3, 1, 1)
	g.stepAndSync(Message{Kind: Heartbeat, From: 2, Term: 2})
	g.core.Quarantine(differs)
	g.ready()
	g.sync()
	g.stepAndSync(Message{Kind: TimeoutNow, From: 2, Term: 2, Previous: g.core.Last()})
	g.sync()
	if g.core.Role() != Follower {
		t.Fatalf("at its leader's word it is %v", g.core.Role())
	}
	election := g.core.options.ElectionTicks
	for tick := 1; g.core.Role() == Follower; tick++ {
		g.core.Tick()
		g.ready()
		if g.core.Role() != Follower && tick <= quarantineElections*election {
			t.Fatalf("it campaigns after %d ticks", tick)
		}
		if tick > (quarantineElections+2)*election {
			t.Fatalf("it never campaigns")
		}
	}
}

// S30: The state is reinstalled by a snapshot that is not before the newest one; the log stays.
func TestReinstallKeepsTheLog(t *testing.T) {
	g := withLog(t, 9)
	g.core.SnapshotTaken(snapshotAt(6, 2))
	g.ready()
	g.sync()
	g.core.Quarantine(differs)
	g.ready()
	g.sync()
	if g.core.Reinstall(snapshotAt(5, 2)) {
		t.Fatal("an earlier snapshot than the one in force was taken")
	}
	if !g.core.Reinstall(snapshotAt(8, 2)) {
		t.Fatal("it was refused")
	}
	g.ready()
	op := g.rd.Append
	if op.Switch == nil || op.Switch.Restart || op.Switch.Snapshot.Index != 8 || op.Switch.Retained != nil ||
		op.Quarantine == nil || op.Quarantine.Reinstalled != 8 || op.Quarantine.Stateless() {
		t.Fatalf("the operation is %+v, with %+v", op.Operation, op.Quarantine)
	}
	g.sync()
	if inForce, _ := g.core.Snapshot(); inForce.Index != 8 || g.core.Last().Index != 9 {
		t.Fatalf("in force is %v, the log ends at %v", inForce, g.core.Last())
	}
	g.core.SnapshotTaken(snapshotAt(9, 2)) // of a state that was not compared yet
	g.ready()
	if g.rd.Append.Switch != nil {
		t.Fatalf("its own snapshot comes into force: %v", g.rd.Append.Switch)
	}
}
