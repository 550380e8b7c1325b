package sim

import (
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
)

func isForward(m *engine.Message) bool { return m.Own == engine.Forward }

// S1: The leader dies after it replicated a follower's batch to one more node. The batch lives on in that node's log,
// and the origin answers from there.
func TestABatchThatSurvivedItsLeaderIsAnsweredForReal(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		origin, other := s.others(leader)[0], s.others(leader)[1]
		s.does(origin, "INCR n", ":1")
		last := leader.life.log.last().Index
		s.filtered(func(m *engine.Message) verdict {
			lost := m.To == leader.id && m.Kind == raft.AppendReply || between(m, leader, origin) && m.Kind == raft.Append
			return when(lost, drop)
		})
		r := s.ask(origin, "INCR n")
		s.until("batch on the third node", func() bool { return s.has(other, last+1) })
		s.kill(leader)
		s.filtered(nil)
		s.lead(other)
		s.expect(r, done, ":2")
		s.does(origin, "GET n", "$1\r\n2")
	})
}

// S1, H1: As above, but the batch dies with its leader: the log of the next term proves it, and the origin proposes it
// again.
func TestABatchThatDiedWithItsLeaderIsDoneOnceInTheNextTerm(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		origin, other := s.others(leader)[0], s.others(leader)[1]
		s.does(origin, "INCR n", ":1")
		last := leader.life.log.last().Index
		s.filtered(func(m *engine.Message) verdict { return when(m.From == leader.id && m.Kind == raft.Append, drop) })
		r := s.ask(origin, "INCR n")
		s.until("batch at the leader", func() bool { return s.has(leader, last+1) })
		s.kill(leader)
		s.filtered(nil)
		s.lead(other)
		s.expect(r, done, ":2")
		s.does(origin, "GET n", "$1\r\n2")
		leader.start()
		s.pass(time.Second)
		s.does(origin, "GET n", "$1\r\n2")
	})
}

// S2: A late copy of a forwarded batch reaches the node it was meant for when that leads again, in another term.
func TestAForwardMeantForAnotherTermIsDropped(t *testing.T) {
	scene(t, 3, func(s *script) {
		first := s.elected()
		origin, other := s.others(first)[0], s.others(first)[1]
		late := s.tapped(isForward)
		s.does(origin, "INCR n", ":1")
		s.lead(other)
		s.elected()
		s.pass(200 * time.Millisecond)
		s.lead(first)
		s.elected()
		s.net.transmit(late)
		s.pass(100 * time.Millisecond)
		s.does(origin, "GET n", "$1\r\n1")
	})
}

// S3: A batch of the first term is overwritten on its leader, survives elsewhere, and commits two terms later. The
// first leader must not have judged it from the overwriting entry, which was never committed.
func TestAnOverwrittenBatchMayStillCommit(t *testing.T) {
	scene(t, 5, func(s *script) {
		a := s.elected()
		rest := s.others(a)
		b, c, d, e := rest[0], rest[1], rest[2], rest[3]
		s.does(a, "SET k v", "+OK")
		s.pass(100 * time.Millisecond)
		last := a.life.log.last().Index
		s.filtered(func(m *engine.Message) verdict { return when(m.From == a.id && m.To != b.id, drop) })
		x := s.ask(a, "INCR n")
		s.until("x on a and b", func() bool { return s.has(a, last+1) && s.has(b, last+1) })
		s.filtered(func(m *engine.Message) verdict {
			onlyToA := m.From == c.id && m.To != a.id && (m.Kind == raft.Append || m.Kind == raft.Heartbeat)
			return when(m.From == a.id || m.From == b.id || m.To == b.id || onlyToA, drop)
		})
		s.lead(c)
		s.until("a to hold c's entry instead of x", func() bool { return a.life.log.last().Term == c.life.term })
		later := s.ask(a, "APPEND k w") // meant for c's term; that alone proves nothing about x
		s.pass(5 * time.Millisecond)
		s.kill(c)
		s.filtered(func(m *engine.Message) verdict { return when(m.From == a.id || m.To == a.id, drop) })
		s.until("b to lead", func() bool { return b.life.role == raft.Leader })
		s.until("x committed", func() bool { return b.life.commit > last })
		if x.ended {
			t.Fatalf("judged too early: %v", x)
		}
		s.filtered(nil)
		s.expect(x, done, ":1")
		s.expect(later, done, ":2")
		s.does(d, "GET n", "$1\r\n1")
		s.does(e, "GET n", "$1\r\n1")
	})
}

// S5: A batch is lost with its term while younger ones of the next term are on their way already; it joins them under a
// new number.
func TestALostBatchJoinsTheSequenceOfTheNextTerm(t *testing.T) {
	scene(t, 3, func(s *script) {
		first := s.elected()
		origin, next := s.others(first)[0], s.others(first)[1]
		s.does(origin, "APPEND k a", ":1")
		s.filtered(func(m *engine.Message) verdict { return when(isForward(m), drop) })
		lost := s.ask(origin, "APPEND k b")
		s.pass(5 * time.Millisecond)
		s.campaign(next)
		s.until("origin to follow the new leader", func() bool { return origin.life.engine.Core().Leader() == next.id })
		noOp := next.life.engine.Core().NoOp()
		s.filtered(nil)
		young := []*request{s.ask(origin, "APPEND k c"), s.ask(origin, "APPEND k d")}
		s.until("younger batches to be sent", func() bool { return len(origin.life.in.Batches) == 0 })
		if origin.life.applier.Applied() >= noOp {
			t.Fatal("the new term's first entry was applied before the younger batches were sent")
		}
		s.expect(lost, done)
		for _, r := range young {
			s.expect(r, done)
		}
		s.does(next, "APPEND k e", ":5")
	})
}

// S6: What an origin sent before it restarted arrives once more after it.
func TestForwardsOfAnOldBootAreNotAppendedTwice(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		origin := s.others(leader)[0]
		late := s.tapped(isForward)
		s.does(origin, "INCR n", ":1")
		s.powerOff(origin)
		origin.start()
		s.until("connection", func() bool { return s.net.link(origin.id, leader.id).up })
		s.net.transmit(late)
		s.pass(50 * time.Millisecond)
		s.does(origin, "INCR n", ":2")
		s.net.transmit(late)
		s.pass(50 * time.Millisecond)
		s.does(leader, "GET n", "$1\r\n2")
	})
}

// S7: The leader's mailbox for forwards is full. The stream is closed and sent again, in order; the other streams do
// not notice.
func TestAFullMailboxForForwardsClosesTheStreamOnly(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		origin, other := s.others(leader)[0], s.others(leader)[1]
		s.pass(200 * time.Millisecond)
		stream, unrelated := s.net.link(origin.id, leader.id), s.net.link(other.id, leader.id)
		before, beforeUnrelated := stream.connection, unrelated.connection
		leader.life.pausedUntil = s.now + 30*time.Millisecond
		var all []*request
		for range 10 {
			all = append(all, s.ask(origin, "INCR n"))
			s.pass(time.Millisecond)
		}
		own := s.ask(leader, "INCR m")
		s.expect(own, done, ":1")
		for _, r := range all {
			s.expect(r, done)
		}
		if stream.connection == before || unrelated.connection != beforeUnrelated {
			t.Fatalf("connections: stream %d after %d, other %d after %d", stream.connection, before,
				unrelated.connection, beforeUnrelated)
		}
		s.does(origin, "GET n", "$2\r\n10")
	}, func(o *Options) { o.Network.MailboxForwards = 3 })
}

// G8: A node that is asked to append a batch and does not lead drops it: nothing is forwarded twice.
func TestForwardsAreNotForwarded(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		origin, other := s.others(leader)[0], s.others(leader)[1]
		tap := s.tapped(isForward)
		s.does(origin, "INCR n", ":1")
		forwards := 0
		s.filtered(func(m *engine.Message) verdict {
			if isForward(m) {
				forwards++
			}
			return pass
		})
		stray := copyMessage(tap)
		stray.To = other.id
		s.net.transmit(&stray)
		s.pass(500 * time.Millisecond)
		if forwards != 0 {
			t.Fatalf("%d forwards", forwards)
		}
		s.does(origin, "GET n", "$1\r\n1")
	})
}

// S31: A majority dies in the very moment in which the survivor, a leader, has one batch in its log and another in its
// hands for which its stream has no room; a third one comes when it no longer leads. What is in the log is of unknown
// fate: done if the majority returns in time. What never left the survivor is definitely not done, whichever
// node returns.
func TestWithoutAMajorityOnlyAppendedBatchesAreUnknown(t *testing.T) {
	for _, returns := range []bool{false, true} {
		scene(t, 3, func(s *script) {
			leader := s.elected()
			for _, n := range s.others(leader) {
				s.kill(n)
			}
			last := leader.life.log.last().Index
			appended, queued := s.ask(leader, "INCR n"), s.ask(leader, "INCR n")
			s.until("batch in the log", func() bool { return s.has(leader, last+1) })
			s.until("leader to step down", func() bool { return leader.life.role != raft.Leader })
			if s.has(leader, last+2) {
				t.Fatal("both batches are in the log")
			}
			late := s.ask(leader, "INCR n")
			s.expect(queued, refused)
			s.expect(late, refused)
			if appended.ended {
				t.Fatalf("nothing is known of it yet: %v", appended)
			}
			if returns {
				for _, n := range s.others(leader) {
					n.start()
				}
				s.expect(appended, done, ":1")
				s.does(leader, "GET n", "$1\r\n1")
				return
			}
			s.expect(appended, unknown)
		}, func(o *Options) { o.Engine.MaxUnmetBytes = 1 })
	}
}

// S32: The client of a batch that was never sent goes away and asks again elsewhere. The first batch is dropped.
func TestAParkedBatchWithoutItsClientIsDropped(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		origin := s.others(leader)[0]
		s.does(origin, "INCR n", ":1")
		s.cutOff(origin)
		s.until("origin to lose its leader", func() bool { return origin.life.engine.Core().Leader() == 0 })
		parked := s.ask(origin, "INCR n")
		s.pass(20 * time.Millisecond)
		s.leave(origin.life, parked)
		s.does(leader, "INCR n", ":2")
		s.net.heal()
		s.expect(parked, refused)
		s.pass(time.Second)
		s.does(origin, "GET n", "$1\r\n2")
	})
}

// S32: The same behind a stream that is full: the first batch was sent and takes effect though its client is gone, the
// second was not. The same command, asked elsewhere, happens once.
func TestABatchBehindAFullStreamIsDroppedWithItsClient(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		origin := s.others(leader)[0]
		s.does(origin, "APPEND k a", ":1")
		s.filtered(func(m *engine.Message) verdict { return when(isForward(m), hold) })
		sent, parked := s.ask(origin, "APPEND k b"), s.ask(origin, "APPEND k c")
		s.until("first batch on its way", func() bool { return len(s.net.held) == 1 })
		s.leave(origin.life, sent)
		s.leave(origin.life, parked)
		s.expect(parked, refused)
		s.does(leader, "APPEND k c", ":2")
		s.filtered(nil)
		s.net.release()
		s.expect(sent, done, ":3")
		s.pass(time.Second)
		s.does(origin, "GET k", "$3\r\nacb")
	}, func(o *Options) { o.Engine.MaxUnmetBytes = 1 })
}
