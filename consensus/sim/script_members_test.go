package sim

import (
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// membersByHand lets members come and go in a script, and only when it says so.
func membersByHand(o *Options) { o.Faults.Members = 1000 * time.Hour }

// change asks a leader for a change and waits until it is in its log.
func (s *script) change(leader *node, c membership.Change) {
	s.t.Helper()
	r := s.requestChange(leader.life, c)
	s.until("answer to the change", func() bool { return r.Accepted != nil || r.Err != nil })
	if r.Err != nil {
		s.t.Fatalf("%v: %v", s.now, r.Err)
	}
}

// machines waits until there are this many machines and all of them run.
func (s *script) machines(count int) {
	s.t.Helper()
	s.until("new machines", func() bool {
		for _, n := range s.nodes {
			if n.life == nil {
				return false
			}
		}
		return len(s.nodes) == count
	})
}

// configurationIn is the last configuration that a message carries, nil if there is none.
func (s *script) configurationIn(m *engine.Message) (c *membership.Configuration) {
	for i := range m.Entries {
		if m.Entries[i].Kind != raftlog.EntryConfiguration {
			continue
		}
		decoded, err := membership.Decode(m.Entries[i].Body)
		if err != nil {
			s.t.Fatal(err)
		}
		c = decoded
	}
	return c
}

// S24: {L,R,A} becomes {L,A,B}. The joint configuration is committed, its end reaches only R, whom it leaves out, L
// dies. R has the best log: it leads without counting itself, commits its own removal, and hands over.
func TestANodeThatIsLeftOutLeadsUntilThatIsCommitted(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		removed, stays := s.others(leader)[0], s.others(leader)[1]
		s.does(leader, "SET k v", "+OK")
		end := func(m *engine.Message) bool {
			c := s.configurationIn(m)
			return c != nil && !c.Joint() && len(c.Retire) == 0 && len(c.Learners) == 0 && len(c.Members) == 3 &&
				membership.LeftOut(c, removed.id)
		}
		s.filtered(func(m *engine.Message) verdict { return when(end(m) && m.To != removed.id, drop) })
		s.change(leader, membership.Change{Add: s.newMembers(1), Remove: []raftlog.NodeID{removed.id}})
		s.until("end of the change on the disk of the node that it leaves out", func() bool {
			return membership.LeftOut(leader.life.engine.Core().Configuration(), removed.id) &&
				removed.stable.log.last() == leader.life.log.last()
		})
		s.powerOff(leader)
		s.filtered(nil)
		s.until("lead of the node that is left out", func() bool {
			return s.leader() == removed
		})
		s.until("another leader", func() bool { return s.leader() != nil && s.leader() != removed })
		if !removed.left || s.leader() != stays && s.leader() != s.nodes[3] {
			t.Fatalf("n%d leads; n%d is out: %v", s.leader().id, removed.id, removed.left)
		}
		s.expect(s.ask(removed, "INCR n"), refused) // at once: its operator stops it in a moment
		s.does(s.nodes[3], "GET k", "$1\r\nv")
	}, membersByHand)
}

// D4: Two voters are replaced; of the joint configuration only one old voter hears, and then the leader dies. The new
// ones do not know that they are voters: they vote all the same, for without them no node could ever be elected.
func TestNewVotersVoteBeforeTheyKnowThatTheyAreVoters(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		knows, other := s.others(leader)[0], s.others(leader)[1]
		joint := func(m *engine.Message) bool { c := s.configurationIn(m); return c != nil && c.Joint() }
		s.filtered(func(m *engine.Message) verdict { return when(joint(m) && m.To != knows.id, drop) })
		s.change(leader, membership.Change{Add: s.newMembers(2), Remove: []raftlog.NodeID{knows.id, other.id}})
		s.until("joint configuration on one more disk", func() bool {
			c := leader.life.engine.Core().Configuration()
			return c.Joint() && knows.stable.log.last() == leader.life.log.last()
		})
		s.powerOff(leader)
		s.until("lead of who knows", func() bool { return s.leader() == knows })
		s.filtered(nil)
		s.until("end of the change", func() bool { return s.whole() && knows.left && other.left })
		s.does(s.nodes[3], "INCR n", ":1")
	}, membersByHand)
}

// D8: All voters are replaced by others while clients write. The leader, which is among them, hands over when its part
// is done: no client waits for an election timeout.
func TestReplacingAllVotersHoldsUpNoClient(t *testing.T) {
	scene(t, 3, func(s *script) {
		old := s.others()
		leader := s.elected()
		load := s.load(old...)
		s.pass(time.Second)
		s.change(leader, membership.Change{Add: s.newMembers(3), Remove: []raftlog.NodeID{1, 2, 3}})
		s.machines(6)
		for _, n := range s.nodes[3:] {
			load.ask(n)
		}
		s.until("end of the change", func() bool {
			return s.whole() && old[0].left && s.leader() != nil && s.leader().id > 3
		})
		s.pass(2 * time.Second)
		load.over = true
		if limit := electionTime(&s.options); load.longest > limit || s.now-load.latest > limit {
			t.Fatalf("no write was acknowledged for %v, the limit is %v", max(load.longest, s.now-load.latest), limit)
		}
		if len(s.checker.leaders) != 2 {
			t.Fatalf("%d leaders for one change", len(s.checker.leaders))
		}
	}, membersByHand)
}

// D9, S8: A node is removed while it is cut off. When it is back it learns of its removal: the log proves of what its
// clients wanted that it was not done, whether it was sent or not. From then on it refuses at once, and disturbs no
// other node.
func TestANodeRemovedInItsAbsenceDisturbsNoOther(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		removed := s.others(leader)[0]
		s.does(removed, "INCR n", ":1")
		s.cutOff(removed)
		sent := s.ask(removed, "INCR n") // and lost
		s.until("loss of the leader", func() bool { return removed.life.engine.Core().Leader() == 0 })
		parked := s.ask(removed, "INCR n")
		s.change(leader, membership.Change{Remove: []raftlog.NodeID{removed.id}})
		s.until("removal", func() bool { return removed.left })
		if sent.ended || parked.ended {
			t.Fatalf("nothing is known yet of %v and %v", sent, parked)
		}
		s.net.heal()
		s.expect(sent, refused)
		s.expect(parked, refused)
		s.until("news of it", func() bool {
			c, _ := removed.life.engine.Core().CommittedConfiguration()
			return membership.LeftOut(c, removed.id)
		})
		asked := s.now
		s.expect(s.ask(removed, "INCR n"), refused)
		if s.now > asked+10*time.Millisecond {
			t.Fatalf("it took %v to refuse", s.now-asked)
		}
		s.pass(30 * time.Second)
		if len(s.checker.leaders) != 1 {
			t.Fatalf("%d leaders: the node that was removed disturbs", len(s.checker.leaders))
		}
		s.does(leader, "GET n", "$1\r\n1")
	}, membersByHand)
}
