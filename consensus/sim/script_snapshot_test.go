package sim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// compactByHand lets snapshots be taken in a script only when it says so; what they make dispensable goes at once.
func compactByHand(o *Options) {
	o.Engine.MaxHistoryBytes, o.Engine.UncertainTicks = 1, 6000
	o.Disk.SnapshotDelay, o.Disk.PieceBytes = time.Millisecond, 1<<10
}

// takes makes a node take a snapshot and waits until it is in force.
func (s *script) takes(n *node) {
	s.t.Helper()
	before := s.inForce(n)
	n.life.in.TakeSnapshot = true
	n.life.wake()
	s.until("snapshot", func() bool { return s.inForce(n) > before })
}

// inForce is the index of the snapshot that a node's journal names.
func (s *script) inForce(n *node) raftlog.Index {
	if n.stable.snapshot == nil {
		return 0
	}
	return n.stable.snapshot.Index
}

// compact makes nodes forget what is committed now: their journals have to take up the other file for that, and two
// snapshots have to cover it.
func (s *script) compact(nodes ...*node) {
	s.t.Helper()
	covered := nodes[0].life.commit
	forgotten := func() bool {
		for _, n := range nodes {
			if !n.history().compacted(covered) {
				return false
			}
		}
		return true
	}
	for end := s.now + 20*time.Second; !forgotten(); s.pass(1100 * time.Millisecond) {
		if s.now > end {
			s.t.Fatalf("%v: entry %d is still there", s.now, covered)
		}
		for range 8 {
			s.does(nodes[0], "SET compact "+strings.Repeat("x", 3<<10), "+OK")
		}
		s.does(nodes[0], "DEL compact", ":1")
		last := nodes[0].life.applier.Applied()
		for _, n := range nodes {
			s.until("application", func() bool { return n.life.applier.Applied() >= last })
			s.takes(n)
		}
	}
}

// left separates a node from the others, who go on without it until it cannot be served from any log.
func (s *script) left(n *node) {
	s.t.Helper()
	s.cutOff(n)
	s.until("leader of the others", func() bool { return s.leader() != nil && s.leader() != n })
	s.compact(s.others(n)...)
}

// S4: A batch is committed, but its origin hears nothing of it until a snapshot covers it. Whether it was done can no
// longer be found out there: it says so, though the first entry behind the snapshot is of a later term, and does not
// send it again.
func TestABatchInTheGapOfASnapshotIsUnknownAndDoneOnce(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		origin, other := s.others(leader)[0], s.others(leader)[1]
		s.does(origin, "INCR n", ":1")
		s.filtered(func(m *engine.Message) verdict { return when(m.To == origin.id, drop) })
		lost := s.ask(origin, "INCR n")
		s.until("commit", func() bool { return lost.index != 0 })
		s.compact(leader, other)
		s.lead(other)
		if lost.ended {
			t.Fatalf("too early: %v", lost)
		}
		s.filtered(nil)
		s.expect(lost, unknown)
		if s.counts.Installed != 1 {
			t.Fatalf("%d snapshots installed", s.counts.Installed)
		}
		s.does(origin, "GET n", "$1\r\n2")
	}, compactByHand)
}

// E2: A leader is cut off with entries that no other node has. Meanwhile the others commit other entries at their
// indexes and forget them. The snapshot that it is given voids what it holds.
func TestALogThatWentAnotherWayIsDroppedForASnapshot(t *testing.T) {
	scene(t, 3, func(s *script) {
		old := s.elected()
		s.does(old, "SET n 10", "+OK")
		s.cutOff(old)
		var stale []*request
		for range 90 {
			stale = append(stale, s.ask(old, "INCR n"))
		}
		s.left(old)
		if mark := s.others(old)[0].stable.snapshot.Mark; old.stable.log.last().Index <= mark.Index {
			t.Fatalf("the old log ends at %v, the snapshot is of %v", old.stable.log.last(), mark)
		}
		s.net.heal()
		for _, r := range stale {
			s.until("end of "+r.String(), func() bool { return r.ended })
			if r.outcome == done {
				t.Fatal(r)
			}
		}
		s.does(old, "GET n", "$2\r\n10")
		if s.counts.Installed != 1 {
			t.Fatalf("%d snapshots installed", s.counts.Installed)
		}
	}, compactByHand)
}

// E3: A node writes its own snapshot for a long time. Before it is done it falls behind, and installs a newer one of
// others. Its own one is worth nothing then.
func TestAnOwnSnapshotDoesNotReplaceANewerOne(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		f := s.others(leader)[0]
		s.does(f, "SET k v", "+OK")
		s.options.Disk.SnapshotDelay = time.Hour
		f.life.in.TakeSnapshot = true
		f.life.wake()
		s.until("frozen state", func() bool { return f.life.frozen != nil })
		own := f.life.frozen.Mark.Index
		s.options.Disk.SnapshotDelay = time.Millisecond
		s.left(f)
		s.net.heal()
		s.until("installed snapshot", func() bool { return s.inForce(f) > own })
		installed := s.inForce(f)
		s.until("state", func() bool { return f.life.applier.Applied() >= installed })
		f.life.finishSnapshot()
		s.stays(500*time.Millisecond, "installed snapshot", func() bool { return s.inForce(f) == installed })
		s.kill(f)
		f.start()
		s.elected()
		s.does(f, "GET k", "$1\r\nv")
	}, compactByHand)
}

// E8: The receiver of a snapshot dies after each piece, again and again. It always goes on with what it has.
func TestAReceiverThatDiesAfterEachPieceArrives(t *testing.T) {
	for _, power := range []bool{false, true} {
		t.Run(fmt.Sprintf("power loss %v", power), func(t *testing.T) {
			scene(t, 3, func(s *script) {
				leader := s.elected()
				f := s.others(leader)[0]
				s.does(leader, "SET k "+strings.Repeat("v", 500), "+OK")
				s.left(f)
				s.net.heal()
				deaths := 0
				for s.inForce(f) == 0 {
					s.until("piece", func() bool {
						x := f.life.transfer
						return s.inForce(f) > 0 || x != nil && x.receiver != nil && x.receiver.Offset() >= int64(200*(deaths+1))
					})
					if s.inForce(f) > 0 {
						break
					}
					deaths++
					f.crash(power)
					f.start()
				}
				if deaths < 3 || !power && s.counts.Resumed < deaths-1 { // the last one may have struck a whole file
					t.Fatalf("it died %d times and went on %d times", deaths, s.counts.Resumed)
				}
				s.until("whole log", func() bool { return f.life.log.last() == leader.life.log.last() })
			}, compactByHand, func(o *Options) { o.Disk.PieceBytes = 100 })
		})
	}
}

// E12, E14: While a snapshot is on its way the leader takes two more: the file is kept no longer. The transfer ends,
// and the newest one is fetched in its place.
func TestSnapshotsTakenDuringATransferDoNotHoldItUp(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		f := s.others(leader)[0]
		s.does(leader, "SET k "+strings.Repeat("v", 2000), "+OK")
		s.left(f)
		s.net.heal()
		s.until("transfer", func() bool { x := f.life.transfer; return x != nil && x.receiver != nil })
		first := f.life.transfer.request.Snapshot.Mark
		for range 2 {
			s.expect(s.ask(leader, "INCR n"), done)
			s.takes(leader)
		}
		s.until("snapshot", func() bool { return f.stable.snapshot != nil })
		if got := f.stable.snapshot.Mark; got.Index <= first.Index {
			t.Fatalf("the snapshot at %v was fetched, %v was retired before", got, first)
		}
		s.until("whole log", func() bool { return f.life.log.last() == leader.life.log.last() })
	}, compactByHand, func(o *Options) { o.Disk.PieceBytes = 1 }) // it takes some seconds
}
