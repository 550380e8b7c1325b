package sim

import (
	"strings"
	"testing"
	"time"
)

// load asks for a write at each of some nodes as soon as the one before ended, and notes the longest time in which none
// of these nodes acknowledged any.
type load struct {
	s       *script
	acks    int
	latest  time.Duration
	longest time.Duration
	over    bool
}

func (s *script) load(nodes ...*node) *load {
	d := &load{s: s, latest: s.now}
	for _, n := range nodes {
		d.ask(n)
	}
	return d
}

// ask writes about 200 bytes, so that a small journal is soon full.
func (d *load) ask(n *node) {
	r := d.s.ask(n, "SET load "+strings.Repeat("x", 200))
	r.then = func() {
		if d.over {
			return
		}
		if r.outcome == done {
			d.acks++
			d.longest = max(d.longest, d.s.now-d.latest)
			d.latest = d.s.now
		}
		d.s.after(time.Millisecond, func() {
			if !d.over && n.life != nil {
				d.ask(n)
			}
		})
	}
}

// smallRoom lets the entries above the checkpoint of a journal be few.
func smallRoom(o *Options) { o.Engine.ProposalRoomBytes = 4 << 10 }

// electionTime is the election timeout of scripts.
func electionTime(o *Options) time.Duration {
	return time.Duration(o.Engine.ElectionTicks) * o.Clock.Tick
}

// hangTime is what is promised: a disk that hangs for so long costs leadership, one that hangs a little less does not.
const hangTime = 2 * time.Second

// F19: The disk of the leader hangs for 20 s under load. Its journal takes no more entries, so writes stop; then
// another node leads, and they go on. The node that hangs disturbs no other node, and catches up when its disk is back.
func TestAHungLeaderHoldsUpWritesForTwoSeconds(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		s.does(leader, "SET k v", "+OK")
		s.pass(200 * time.Millisecond)
		term := leader.life.term
		leader.hungUntil = s.now + 20*time.Second
		others := s.load(s.others(leader)...)
		own := s.load(leader)
		s.until("another leader", func() bool { return s.leader() != leader })
		s.pass(19 * time.Second)
		if limit := hangTime + electionTime(&s.options); others.longest > limit || s.now-others.latest > limit {
			t.Fatalf("no write was acknowledged for %v, the limit is %v", max(others.longest, s.now-others.latest), limit)
		}
		if others.acks < 1000 {
			t.Fatalf("only %d writes were acknowledged in 20 s", others.acks)
		}
		next := s.leader()
		if next == leader || next.life.term != term+1 || len(s.checker.leaders) != 2 {
			t.Fatalf("n%d leads term %d, and it was led by n%d in term %d: the node that hangs disturbs",
				next.id, next.life.term, leader.id, term)
		}
		others.over, own.over = true, true
		s.until("the disk back and the log caught up", func() bool {
			return s.now > leader.hungUntil && leader.stable.log.last() == next.life.log.last() &&
				leader.life.applier.Applied() == next.life.applier.Applied()
		})
		if len(s.checker.leaders) != 2 {
			t.Fatal("the disk is back, and another node was elected")
		}
		s.does(leader, "GET k", "$1\r\nv")
	}, smallRoom)
}

// F19, F20: The disk of the leader stands still for a little less than two seconds, as a disk may that writes large
// values. Nothing comes of it: writes wait, and the same node leads on in the same term.
func TestADiskThatIsBackWithinTwoSecondsCostsNoElection(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		s.does(leader, "SET k v", "+OK")
		term := leader.life.term
		load := s.load(s.nodes...)
		for range 5 {
			s.pass(300 * time.Millisecond)
			leader.hungUntil = s.now + hangTime - 100*time.Millisecond
			s.pass(hangTime)
			acks := load.acks
			s.until("writes going on", func() bool { return load.acks > acks })
		}
		load.over = true
		if s.leader() != leader || leader.life.term != term || len(s.checker.leaders) != 1 {
			t.Fatalf("n%d led term %d; now it is term %d, and %d have led",
				leader.id, term, leader.life.term, len(s.checker.leaders))
		}
	}, smallRoom)
}

// F19: The disk of a follower hangs, for as long as it likes. Only its own clients notice, who learn that no node
// knows, never anything wrong.
func TestAFollowerWhoseDiskHangsDisturbsNoOtherNode(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		hung := s.others(leader)[0]
		s.does(leader, "SET k v", "+OK")
		s.pass(200 * time.Millisecond)
		hung.hungUntil = s.now + 20*time.Second
		others, own := s.load(s.others(hung)...), s.load(hung)
		s.pass(19 * time.Second)
		if others.longest > electionTime(&s.options) || others.acks < 1000 || len(s.checker.leaders) != 1 {
			t.Fatalf("%d acknowledged, once none for %v, %d leaders", others.acks, others.longest, len(s.checker.leaders))
		}
		others.over, own.over = true, true
		s.until("the log caught up", func() bool {
			return hung.stable.log.last() == leader.life.log.last() && len(hung.life.serving) == 0
		})
		s.does(hung, "GET k", "$1\r\nv")
	}, smallRoom)
}

// F19: The leader's disk hangs, and then the leader loses power: what the others acknowledged is not lost with it.
func TestWhatWasAcknowledgedWhileTheDiskHungOutlivesTheLeader(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		leader.hungUntil = s.now + 20*time.Second
		s.does(leader, "INCR n", ":1")
		s.does(s.others(leader)[0], "INCR n", ":2")
		s.powerOff(leader)
		s.does(s.elected(), "INCR n", ":3")
		leader.hungUntil = s.now
		leader.start()
		s.until("connection", func() bool { return leader.life != nil && leader.life.engine.Core().Leader() != 0 })
		s.does(leader, "GET n", "$1\r\n3")
	})
}
