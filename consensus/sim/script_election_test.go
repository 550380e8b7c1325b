package sim

import (
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
)

// A1, A2, A4, F11: A voter dies right after its vote left and is asked by another candidate of the same term when it is
// back. The checker knows every vote; here the seeds make many of them.
func TestCrashesAroundVotesNeverMakeTwoLeaders(t *testing.T) {
	crashes := 0
	for seed := range uint64(10) {
		r := Run(draw(seed+5000, "votes"))
		report(t, r)
		crashes += r.Counts.Kills + r.Counts.PowerLosses
	}
	if crashes < 100 {
		t.Errorf("only %d crashes", crashes)
	}
}

// A6: The answer to a vote is lost; the candidate asks again and gets the same answer, or no node could ever be
// elected.
func TestALostVoteIsGivenAgain(t *testing.T) {
	scene(t, 3, func(s *script) {
		lost := 0
		s.filtered(func(m *engine.Message) verdict {
			if m.Kind == raft.VoteReply && lost < 4 {
				lost++
				return drop
			}
			return pass
		})
		s.elected()
		if lost != 4 {
			t.Fatalf("%d answers were lost", lost)
		}
	})
}

// A7: Nodes come back with terms that differ, in all orders; one of them is elected.
func TestNodesWithDifferentTermsElect(t *testing.T) {
	scene(t, 5, func(s *script) {
		leader := s.elected()
		for round := range 4 {
			n := s.others(leader)[round%3]
			s.cutOff(s.others(leader, n)[0])
			s.lead(n)
			leader = n
			s.net.heal()
			s.pass(200 * time.Millisecond)
		}
		for _, n := range s.nodes {
			s.kill(n)
		}
		for _, n := range s.nodes {
			n.start()
		}
		s.does(s.elected(), "SET k v", "+OK")
	})
}

// A8: A follower cannot be heard by the leader any more, only hears it. It neither deposes the leader nor does the
// leader wait for it.
func TestAFollowerThatOnlyHearsLeavesTheLeaderAlone(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		mute := s.others(leader)[0]
		s.isolate(mute, false, true)
		term := leader.life.term
		s.stays(3*time.Second, "leader and term", func() bool {
			return leader.life.role == raft.Leader && leader.life.term == term
		})
		s.does(leader, "SET k v", "+OK")
		s.isolate(mute, true, true)
		s.pass(time.Second)
		s.net.heal()
		s.stays(3*time.Second, "leader", func() bool { return leader.life.role == raft.Leader && leader.life.term == term })
	})
}

// A9: One node sees all others, the others only their own side: the bridge keeps a majority together.
func TestAcrossABridgeThereIsALeader(t *testing.T) {
	scene(t, 5, func(s *script) {
		leader := s.elected()
		rest := s.others(leader)
		s.cutBetween([]*node{leader, rest[0]}, []*node{rest[1], rest[2]})
		bridge := rest[3]
		s.pass(3 * time.Second)
		terms := len(s.checker.leaders)
		s.does(bridge, "SET k v", "+OK")
		s.pass(5 * time.Second)
		s.does(bridge, "GET k", "$1\r\nv")
		if now := len(s.checker.leaders); now > terms+1 {
			t.Fatalf("%d elections in 5 s behind a bridge", now-terms)
		}
	})
}

// A10: A node was alone for many election timeouts. When it is back no other node notices.
func TestANodeThatWasAloneDoesNotDisturbTheLeader(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		alone := s.others(leader)[0]
		s.cutOff(alone)
		s.pass(60 * time.Second)
		term := leader.life.term
		s.net.heal()
		s.stays(5*time.Second, "leader and term", func() bool {
			return leader.life.role == raft.Leader && leader.life.term == term
		})
		if alone.life.term != term {
			t.Fatalf("the node that was alone is in term %d, the leader in %d", alone.life.term, term)
		}
	})
}

// A15: All nodes draw the same election timeouts for ever; scheduling alone has to tell them apart.
func TestNodesWithTheSameSeedElect(t *testing.T) {
	for seed := range uint64(5) {
		o := draw(seed, "calm")
		o.SameSeeds, o.Safety = true, 30*time.Second
		report(t, Run(o))
	}
}

// S12: A candidate whose disk hangs does not lead: its own vote would be forgotten with the power. It does not even
// ask.
func TestACandidateWithAHangingDiskNeitherAsksNorLeads(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		slow, other := s.others(leader)[0], s.others(leader)[1]
		s.pass(200 * time.Millisecond)
		slow.stalled = true
		asked := false
		s.filtered(func(m *engine.Message) verdict {
			asked = asked || m.Kind == raft.Vote && m.From == slow.id
			return when(m.From == other.id && m.Kind == raft.PreVote, drop)
		})
		s.kill(leader)
		s.until("candidate", func() bool { return slow.life.role == raft.Candidate })
		s.stays(time.Second, "restraint", func() bool { return !asked && slow.life.role != raft.Leader })
		s.powerOff(slow)
		slow.stalled = false
		s.filtered(nil)
		slow.start()
		s.elected()
	})
}

// B4: A leader's disk fails while it appends. It dies at once, says nothing more, and when it is back it never uses an
// index of its old term for another entry.
func TestALeaderWhoseDiskFailsDies(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		leader.failDisk()
		r := s.ask(leader, "INCR n")
		s.until("leader to die", func() bool { return leader.life == nil })
		s.expect(r, unknown)
		next := s.elected()
		if next == leader {
			t.Fatal("the dead node leads")
		}
		s.does(next, "SET k v", "+OK")
		s.until("restart", func() bool { return leader.life != nil })
	}, func(o *Options) { o.Faults.Outage = 2 * time.Second })
}
