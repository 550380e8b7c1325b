package sim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/worlds"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// crashPointsMax is more than any of what is interrupted here does to a disk.
const crashPointsMax = 30

// atEachPoint runs a script once for each operation of the disk before which a process may die, by its own death and by
// power loss, until the script says that it survived.
func atEachPoint(t *testing.T, play func(s *script, point int) (survived bool), adjust ...func(*Options)) {
	t.Helper()
	for share, name := range []string{"killed", "without power"} {
		survived := false
		for point := 0; !survived; point++ {
			if point == crashPointsMax {
				t.Fatalf("it dies at operation %d still", point)
			}
			t.Run(fmt.Sprintf("%s/%d", name, point), func(t *testing.T) {
				scene(t, 3, func(s *script) {
					s.options.Faults.PowerLoss = float64(share)
					survived = play(s, point)
				}, adjust...)
			})
			if t.Failed() {
				return
			}
			if survived && point < 2 {
				t.Fatalf("there were only %d operations", point)
			}
		}
	}
}

// cutGroup lets a process die within the group commit that is under way, and starts it again.
func (s *script) cutGroup(n *node, point int) (survived bool) {
	group := n.life.group
	n.pending = group
	survived = !n.interrupted(point, func() error { return n.life.commitGroup(group) })
	if survived {
		n.makeStable(group)
		n.pending = nil
		if s.options.Faults.PowerLoss > 0 {
			n.losePower()
		}
	}
	n.die()
	n.start()
	return survived
}

// switching waits until a snapshot is about to come into force on a node: by an install, or one of its own.
func (s *script) switching(n *node, install bool) {
	s.t.Helper()
	s.until("switch", func() bool {
		g := n.life.group
		return g != nil && g[0].Switch != nil && g[0].Switch.Restart == install
	})
}

// S21, E1: The history of a node ends, a snapshot far beyond is installed, entries behind it are appended. Whatever
// operation a crash strikes, the node is left with the old log or with the new one, and goes on.
func TestACrashWhileASnapshotComesIntoForceLeavesOneOfTwoLogs(t *testing.T) {
	left := map[string]int{}
	atEachPoint(t, func(s *script, point int) bool {
		leader := s.elected()
		f := s.others(leader)[0]
		s.does(f, "SET k v", "+OK")
		s.left(f)
		end := f.stable.log.last()
		s.net.heal()
		s.switching(f, true)
		mark := f.life.group[0].Switch.Snapshot.Mark
		survived := s.cutGroup(f, point)
		switch last := f.stable.log.last(); {
		case f.stable.snapshot == nil && last == end:
			left["the old log"]++
		case f.stable.snapshot != nil && last.Index >= mark.Index && f.history().base == mark:
			left["the new log"]++
		default:
			t.Fatalf("the log ends at %v, before at %v, the snapshot is of %v", last, end, mark)
		}
		s.until("whole log", func() bool { return f.life.log.last() == leader.life.log.last() })
		s.does(f, "GET k", "$1\r\nv")
		return survived
	}, compactByHand)
	if left["the old log"] == 0 || left["the new log"] < 2 {
		t.Errorf("what crashes left: %v", left)
	}
}

// S21, E1: The first entries behind an installed snapshot are on their way to the disk when the process dies.
func TestACrashWhileTheFirstEntriesBehindASnapshotAreWritten(t *testing.T) {
	atEachPoint(t, func(s *script, point int) bool {
		leader := s.elected()
		f := s.others(leader)[0]
		s.does(f, "SET k v", "+OK")
		s.left(f)
		s.net.heal()
		s.until("installed snapshot", func() bool { return s.inForce(f) > 0 && f.life.group == nil })
		s.until("whole log", func() bool { return f.life.log.last() == leader.life.log.last() })
		behind := s.ask(leader, "INCR n")
		s.until("entries behind the snapshot", func() bool { return f.life.group != nil && len(f.life.group[0].Entries) > 0 })
		survived := s.cutGroup(f, point)
		if f.stable.log.last().Index < f.stable.snapshot.Index {
			t.Fatalf("the log ends at %v, the snapshot is of %v", f.stable.log.last(), f.stable.snapshot.Mark)
		}
		s.expect(behind, done, ":1")
		s.does(f, "GET n", "$1\r\n1")
		return survived
	}, compactByHand)
}

// E4, E7: A node dies while it writes a snapshot of its own. What it wrote is in force or gone; its log is whole.
func TestACrashWhileASnapshotIsTakenLosesNothing(t *testing.T) {
	atEachPoint(t, func(s *script, point int) bool {
		leader := s.elected()
		f := s.others(leader)[0]
		s.does(f, "SET k "+strings.Repeat("v", 100), "+OK")
		s.takes(f)
		before := s.inForce(f)
		s.does(f, "INCR n", ":1")
		s.options.Disk.SnapshotDelay = time.Hour
		f.life.in.TakeSnapshot = true
		f.life.wake()
		s.until("frozen state", func() bool { return f.life.frozen != nil })
		s.options.Disk.SnapshotDelay = time.Millisecond
		survived := !f.interrupted(point, func() error {
			_, err := f.life.writeSnapshot()
			return err
		})
		f.die()
		f.start()
		if s.inForce(f) != before {
			t.Fatalf("the snapshot of %d is in force, before it was that of %d", s.inForce(f), before)
		}
		s.does(f, "INCR n", ":2")
		s.takes(f)
		return survived
	}, compactByHand)
}

// E4: A file is there, and the journal is about to name it.
func TestACrashWhileAnOwnSnapshotComesIntoForceLosesNothing(t *testing.T) {
	atEachPoint(t, func(s *script, point int) bool {
		leader := s.elected()
		f := s.others(leader)[0]
		s.does(f, "INCR n", ":1")
		f.life.in.TakeSnapshot = true
		f.life.wake()
		s.switching(f, false)
		last := f.stable.log.last()
		survived := s.cutGroup(f, point)
		if f.stable.log.last().Index < last.Index {
			t.Fatalf("the log ends at %v, before at %v", f.stable.log.last(), last)
		}
		s.does(f, "INCR n", ":2")
		s.takes(f)
		return survived
	}, compactByHand)
}

// doesTimed is does for commands on keys that expire.
func (s *script) doesTimed(n *node, command string, reply string) {
	s.t.Helper()
	s.expect(s.give(n, worlds.Commands(command).Timed()), done, reply)
}

// S25: The clock of a fresh leader is a year ahead, and it has heard no other clock. No key expires, and its entries do
// not move time. When it hears the other clocks, time goes on, and keys expire when they should.
func TestAFreshLeaderWithAWrongClockExpiresNothing(t *testing.T) {
	const year = 365 * 24 * time.Hour
	scene(t, 3, func(s *script) {
		first := s.elected()
		next := s.others(first)[0]
		s.doesTimed(first, "SET k v", "+OK")
		s.doesTimed(first, "EXPIRE k 60", ":1")
		next.offset = year
		deaf := true
		s.filtered(func(m *engine.Message) verdict {
			if m.To == next.id && deaf {
				m.Clock = 0
			}
			for i := range m.Entries {
				if m.Entries[i].Stamp > epoch+raftlog.Stamp(s.now.Milliseconds())+50 {
					t.Fatalf("%v: entry %v is stamped with %d", s.now, m.Entries[i].Mark(), m.Entries[i].Stamp)
				}
			}
			return pass
		})
		s.lead(next)
		for range 20 {
			s.doesTimed(next, "EXISTS k", ":1")
			s.pass(50 * time.Millisecond)
		}
		deaf = false
		s.pass(50 * time.Second)
		s.doesTimed(next, "EXISTS k", ":1")
		if s.leader() != next {
			t.Fatalf("n%d leads", s.leader().id)
		}
		s.pass(12 * time.Second)
		s.doesTimed(next, "EXISTS k", ":0")
	}, compactByHand)
}
