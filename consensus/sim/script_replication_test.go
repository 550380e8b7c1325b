package sim

import (
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
)

// G9, H12: Write, kill the leader, read: the first thing that users try.
func TestWhatWasWrittenSurvivesItsLeader(t *testing.T) {
	scene(t, 3, func(s *script) {
		for round := range 5 {
			leader := s.elected()
			s.does(leader, "APPEND k x", []string{":1", ":2", ":3", ":4", ":5"}[round])
			s.kill(leader)
			s.until("another leader", func() bool { return s.leader() != nil })
			s.does(s.elected(), "GET k", []string{"$1\r\nx", "$2\r\nxx", "$3\r\nxxx", "$4\r\nxxxx", "$5\r\nxxxxx"}[round])
			leader.start()
			s.pass(time.Second)
		}
	})
}

// F12, H12: A cluster of one loses power again and again, right after it acknowledged.
func TestASingleNodeKeepsWhatItAcknowledged(t *testing.T) {
	scene(t, 1, func(s *script) {
		n := s.nodes[0]
		for round := range 8 {
			s.elected()
			r := s.ask(n, "INCR n", "GET n")
			s.until("end", func() bool { return r.ended })
			s.expect(r, done, ":"+string(rune('1'+round)))
			if round%2 == 0 {
				s.powerOff(n)
			} else {
				s.kill(n)
			}
			n.start()
		}
		s.elected()
		s.does(n, "GET n", "$1\r\n8")
	})
}

// B5, B6: The disks of the leader and of one follower hang. Two of three logs hold the entry, one disk does: not
// committed.
func TestAnEntryOnOneDiskIsNotCommitted(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		slow, fast := s.others(leader)[0], s.others(leader)[1]
		s.pass(200 * time.Millisecond)
		leader.stalled, slow.stalled = true, true
		r := s.ask(leader, "INCR n")
		last := leader.life.log.last().Index
		s.until("entry on one disk", func() bool { return fast.stable.log.last().Index == last+1 })
		s.stays(200*time.Millisecond, "silence", func() bool { return !r.ended && leader.life.commit == last })
		slow.stalled = false
		slow.life.beginGroup()
		s.expect(r, done, ":1")
		if leader.stable.log.last().Index != last {
			t.Fatal("the leader's disk did not hang")
		}
		leader.stalled = false
	})
}

// B3, B11: An append is delayed, its successors arrive and are acknowledged, then it arrives: it takes nothing back.
func TestADelayedAppendTakesNothingBack(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		f := s.others(leader)[0]
		late := s.tapped(func(m *engine.Message) bool { return between(m, leader, f) && len(m.Entries) > 0 })
		for range 5 {
			s.expect(s.ask(leader, "INCR n"), done)
		}
		s.until("acknowledged entries", func() bool { return f.stable.log.last() == leader.stable.log.last() })
		before := f.life.log.last()
		for range 3 {
			s.net.transmit(late)
			s.pass(10 * time.Millisecond)
		}
		if f.life.log.last() != before {
			t.Fatalf("the log ends at %v, before at %v", f.life.log.last(), before)
		}
		s.does(f, "GET n", "$1\r\n5")
	})
}

// B7: A new leader replaces entries whose sync is still under way on a follower. Their completion proves nothing about
// the new ones.
func TestASyncOfReplacedEntriesAcknowledgesNothing(t *testing.T) {
	scene(t, 5, func(s *script) {
		first := s.elected()
		f, next := s.others(first)[0], s.others(first)[1]
		s.does(first, "INCR n", ":1")
		s.pass(100 * time.Millisecond)
		s.filtered(func(m *engine.Message) verdict { return when(m.From == first.id && m.To != f.id, drop) })
		f.slowDiskUntil = s.now + 10*time.Second
		stale := s.ask(first, "INCR n")
		s.until("sync under way", func() bool { return f.life.group != nil })
		f.slowDiskUntil = 0
		group := f.life.group
		s.filtered(func(m *engine.Message) verdict { return when(m.From == first.id || m.To == first.id, drop) })
		s.lead(next)
		s.until("replaced entries", func() bool { return f.life.log.last().Term == next.life.term })
		if f.life.group == nil || &f.life.group[0] != &group[0] {
			t.Fatal("the sync of the old entries is done already")
		}
		s.elected()
		s.does(next, "GET n", "$1\r\n1")
		s.filtered(nil)
		s.expect(stale, done, ":2")
	})
}

// B14: An idle follower restarts with an empty disk cache of the leader's attention: without any new write it must come
// back to the whole log.
func TestAnIdleFollowerCatchesUpWithoutAWrite(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		f := s.others(leader)[0]
		s.cutOff(f)
		for range 30 {
			s.expect(s.ask(leader, "INCR n"), done)
		}
		s.powerOff(f)
		s.net.heal()
		f.start()
		s.until("whole log", func() bool {
			return f.life.applier.Applied() == leader.life.log.last().Index
		})
	})
}

// B9, B16: A follower is so far behind that its entries are in history only.
func TestAFollowerBehindTheWindowIsServedFromHistory(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		f := s.others(leader)[0]
		s.cutOff(f)
		for range 80 {
			s.expect(s.ask(leader, "APPEND k 0123456789"), done)
		}
		s.until("entries to leave memory", func() bool { return leader.life.engine.Core().FirstInMemory() > 40 })
		s.net.heal()
		s.until("whole log", func() bool { return f.life.applier.Applied() == leader.life.log.last().Index })
		s.does(f, "GET k", "$800\r\n"+string(repeat("0123456789", 80)))
	}, func(o *Options) { o.Engine.MaxMessageBytes, o.Engine.MaxInflightMessages = 200, 1 })
}

func repeat(s string, times int) (all []byte) {
	for range times {
		all = append(all, s...)
	}
	return all
}

// B10: Windows of one message, and many of them lost: no follower is forgotten.
func TestLostMessagesDoNotLeakTheWindow(t *testing.T) {
	for seed := range uint64(5) {
		o := draw(seed, "mixed")
		o.Faults = Faults{}
		o.Engine.MaxInflightMessages, o.Network.Loss, o.Network.Duplicate = int(seed)%2+1, 0.25, 0.25
		o.Network.Ordered, o.Network.SlowShare, o.Network.SlowDelay = false, 0.2, 100*time.Millisecond
		report(t, Run(o))
	}
}

// B1, B2, B12, B13, B17, B18, H4: Old entries on a majority are not committed by that (figure 8 of the Raft paper); the
// commit index stays within log and applied index; whatever waits is woken for its own entry.
func TestLeadersStruckAsTheyBeginCommitNothingWrong(t *testing.T) {
	changes := 0
	for seed := range uint64(10) {
		r := Run(draw(seed+5000, "figure8"))
		report(t, r)
		changes += r.Counts.LeaderChanges
	}
	if changes < 100 {
		t.Errorf("only %d leader changes", changes)
	}
}

// S13: A node is killed between write and sync of an entry that it never acknowledged, reads it from the page cache
// when it is back, acknowledges it, and loses power.
func TestWhatCameFromThePageCacheIsSyncedBeforeItIsAcknowledged(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		f, other := s.others(leader)[0], s.others(leader)[1]
		s.pass(200 * time.Millisecond)
		s.kill(other)
		last := leader.life.log.last().Index
		f.slowDiskUntil = s.now + time.Second
		r := s.ask(leader, "INCR n")
		s.until("sync under way", func() bool { return f.life.group != nil })
		f.slowDiskUntil = 0
		group := f.life.group
		if !f.interrupted(1, func() error { return f.life.journal.Append(raft.Operations(nil, group)) }) {
			t.Fatal("the process survived")
		}
		f.pending = group
		f.die()
		f.start()
		if f.stable.log.last().Index != last+1 {
			t.Fatalf("the page cache held the log up to %v, want %d", f.stable.log.last(), last+1)
		}
		s.expect(r, done, ":1")
		s.powerOff(f)
		s.powerOff(leader)
		f.start()
		other.start()
		s.does(s.elected(), "GET n", "$1\r\n1")
	})
}

// S20: An old leader holds entries that no other node has, restarts with a history that ends before them, and meets a
// leader that replaces them.
func TestReplacedEntriesWereNeverInHistory(t *testing.T) {
	scene(t, 3, func(s *script) {
		old := s.elected()
		next := s.others(old)[0]
		s.does(old, "SET k v", "+OK")
		s.pass(100 * time.Millisecond)
		s.cutOff(old)
		var stale []*request
		for range 5 {
			stale = append(stale, s.ask(old, "INCR n"))
		}
		s.until("stale entries on disk", func() bool {
			return old.life.log.last().Index >= 5 && old.stable.log.last() == old.life.log.last()
		})
		s.until("another leader", func() bool { return s.leader() != nil && s.leader() != old })
		s.does(next, "SET n 100", "+OK")
		s.powerOff(old)
		old.start()
		s.net.heal()
		s.until("one log", func() bool { return s.converged(s.nodes) })
		for _, r := range stale {
			s.expect(r, unknown)
		}
		s.does(old, "GET n", "$3\r\n100")
	})
}

// S18: History takes nothing for a while on all nodes. Batches wait when the journals are full; votes do not.
func TestWithoutSpaceForHistoryVotesAreStillMade(t *testing.T) {
	scene(t, 3, func(s *script) {
		s.elected()
		for _, n := range s.nodes {
			n.fullUntil = s.now + 10*time.Second
		}
		leader := s.leader()
		var all []*request
		for range 60 {
			all = append(all, s.ask(leader, "APPEND k 0123456789012345678901234567890123456789"))
		}
		s.pass(500 * time.Millisecond)
		waiting := 0
		for _, r := range all {
			if !r.ended {
				waiting++
			}
		}
		if waiting == 0 {
			t.Fatal("the journals never filled")
		}
		next := s.others(leader)[0]
		s.lead(next)
		s.pass(200 * time.Millisecond)
		s.does(next, "GET missing", "$-1")
		for _, n := range s.nodes {
			n.fullUntil = s.now
		}
		for _, r := range all {
			s.until("end", func() bool { return r.ended })
		}
		s.does(s.elected(), "SET k v", "+OK")
	}, func(o *Options) { o.Engine.ProposalRoomBytes = 4 << 10 })
}
