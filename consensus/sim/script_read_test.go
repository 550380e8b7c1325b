package sim

import (
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
)

// C1: A leader is cut off and does not know it. Its reads must not deny what the others write meanwhile.
func TestADeposedLeaderAnswersNoRead(t *testing.T) {
	scene(t, 3, func(s *script) {
		old := s.elected()
		s.does(old, "SET k old", "+OK")
		s.pass(100 * time.Millisecond)
		next := s.others(old)[0]
		s.cutOff(old)
		s.campaign(next)
		s.until("new leader", func() bool { return next.life.role == raft.Leader })
		s.does(next, "SET k new", "+OK")
		if old.life.role != raft.Leader {
			t.Fatal("the old leader knows already")
		}
		r := s.ask(old, "GET k")
		s.stays(100*time.Millisecond, "silence", func() bool { return !r.ended })
		s.net.heal()
		s.expect(r, done, "$3\r\nnew")
	})
}

// S10, C2: A new leader knows less of what is committed than its predecessor told clients. Its reads wait for its first
// entry.
func TestANewLeadersReadsWaitForItsFirstEntry(t *testing.T) {
	scene(t, 3, func(s *script) {
		first := s.elected()
		b, c := s.others(first)[0], s.others(first)[1]
		s.does(first, "SET k old", "+OK")
		s.pass(100 * time.Millisecond)
		known := b.life.commit
		s.filtered(func(m *engine.Message) verdict {
			return when(m.From == first.id && m.Commit > known, drop)
		})
		s.does(first, "SET k new", "+OK")
		if b.life.commit != known || c.life.commit != known {
			t.Fatal("the followers know of the commit")
		}
		s.kill(first)
		s.filtered(func(m *engine.Message) verdict { return when(m.Kind == raft.AppendReply, hold) })
		s.lead(b)
		s.until("c to follow", func() bool { return c.life.engine.Core().Leader() == b.id })
		local, remote := s.ask(b, "GET k"), s.ask(c, "GET k")
		s.stays(100*time.Millisecond, "silence", func() bool { return !local.ended && !remote.ended })
		s.filtered(nil)
		s.net.release()
		s.expect(local, done, "$3\r\nnew")
		s.expect(remote, done, "$3\r\nnew")
	})
}

// S11: Echoes of messages that left before a read came in arrive after it. They say nothing about it.
func TestOldEchoesDoNotConfirmAYoungRead(t *testing.T) {
	scene(t, 3, func(s *script) {
		old := s.elected()
		s.does(old, "SET k old", "+OK")
		s.does(old, "GET k", "$3\r\nold")
		next := s.others(old)[0]
		s.filtered(func(m *engine.Message) verdict { return when(m.To == old.id, hold) })
		early := s.ask(old, "GET k")
		s.pass(20 * time.Millisecond)
		s.filtered(func(m *engine.Message) verdict { return when(m.To == old.id || m.From == old.id, drop) })
		s.campaign(next)
		s.until("new leader", func() bool { return next.life.role == raft.Leader })
		s.does(next, "SET k new", "+OK")
		young := s.ask(old, "GET k")
		s.pass(5 * time.Millisecond)
		if old.life.role != raft.Leader {
			t.Fatal("the old leader knows already")
		}
		s.net.release()
		s.pass(5 * time.Millisecond)
		if !early.ended || young.ended {
			t.Fatalf("early %v, young %v", early, young)
		}
		s.filtered(nil)
		s.expect(young, done, "$3\r\nnew")
	})
}

// C3, C4, C5: The leader changes while a follower's read is on its way, and the answer to its first attempt arrives
// late.
func TestALateReadIndexAnswersNoOtherAttempt(t *testing.T) {
	scene(t, 3, func(s *script) {
		first := s.elected()
		f, next := s.others(first)[0], s.others(first)[1]
		s.does(first, "SET k old", "+OK")
		s.pass(100 * time.Millisecond)
		s.filtered(func(m *engine.Message) verdict {
			return when(m.Own == engine.ReadIndexReply && m.From == first.id, hold)
		})
		r := s.ask(f, "GET k")
		s.pass(20 * time.Millisecond)
		if r.ended {
			t.Fatalf("answered without an index: %v", r)
		}
		s.lead(next)
		s.elected()
		s.expect(r, done, "$3\r\nold")
		s.does(next, "SET k new", "+OK")
		s.filtered(func(m *engine.Message) verdict { return when(m.Own == engine.ReadIndex, drop) })
		young := s.ask(f, "GET k")
		s.pass(5 * time.Millisecond)
		s.net.release()
		s.stays(50*time.Millisecond, "silence", func() bool { return !young.ended })
		s.filtered(nil)
		s.expect(young, done, "$3\r\nnew")
	})
}

// S9: Commands of one pipeline see each other, whatever happens to the batch on its way.
func TestAPipelineSeesItsOwnWrites(t *testing.T) {
	scene(t, 3, func(s *script) {
		first := s.elected()
		f, next := s.others(first)[0], s.others(first)[1]
		s.filtered(func(m *engine.Message) verdict { return when(isForward(m), drop) })
		r := s.ask(f, "SET a 1", "GET a", "INCR a", "GET a", "DEL a", "GET a")
		s.pass(10 * time.Millisecond)
		s.lead(next)
		s.filtered(nil)
		s.expect(r, done, "+OK", "$1\r\n1", ":2", "$1\r\n2", ":1", "$-1")
	})
}
