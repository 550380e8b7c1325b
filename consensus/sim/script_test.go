package sim

import (
	"flag"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/worlds"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// script is a world in which nothing happens by accident: a healthy cluster without clients, to which a test does one
// thing after the other. All checkers watch; at the end the cluster has to recover as in any other world.
type script struct {
	*world
	t *testing.T
}

// TestMain lets garbage pile up: worlds are small, many, and gone in a moment.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}

var weakenedFlag = flag.String("weakened", "", "guards that are down, by name, with commas (with -tags mutation)")

// draw makes the options of a seed for the key space. Scripts ask it what tells them most: a counter, a text that
// grows.
func draw(seed uint64, profile string) Options {
	o := Draw(seed, profile)
	o.Workload = worlds.KeySpace{}
	return o
}

// scene runs a script on a cluster of some nodes.
func scene(t *testing.T, nodes int, play func(s *script), adjust ...func(*Options)) {
	t.Helper()
	o := draw(1, "calm")
	o.Nodes, o.Blank, o.SameSeeds = nodes, false, false
	o.Engine.HeartbeatTicks, o.Engine.ElectionTicks, o.Engine.WaitTicks, o.Engine.UncertainTicks = 5, 30, 200, 400
	o.Engine.ResendTicks, o.Engine.ReadRetryTicks, o.Engine.MaxInflightMessages = 60, 30, 4
	o.Engine.MaxMessageBytes, o.Engine.MaxUnmetBytes, o.Engine.MaxSpanBytes = 4<<10, 16<<10, 64<<10
	o.Engine.PieceBytes, o.Engine.MaxPieceBytes = 1<<20, 4<<20
	o.Engine.MaxWaitingBatches, o.Engine.SnapshotLogBytes, o.Faults.TransferCut = 100, 0, 0
	o.Network = Network{
		MinDelay: time.Millisecond, MaxDelay: time.Millisecond, Ordered: true, MailboxMessages: 1000, MailboxForwards: 1000,
	}
	o.Disk.MinSync, o.Disk.MaxSync = 200*time.Microsecond, 300*time.Microsecond
	o.Disk.FillDelay, o.Disk.FetchDelay, o.Disk.ApplyDelay = time.Millisecond, time.Millisecond, 50*time.Microsecond
	o.Clock, o.Clients.Count = Clock{Tick: 10 * time.Millisecond}, 0
	o.Weakened = weakened(t)
	for _, f := range adjust {
		f(&o)
	}
	if testing.Verbose() {
		o.Trace = os.Stdout
	}
	s := &script{world: newWorld(o), t: t}
	defer func() {
		if broken := recover(); broken != nil {
			t.Fatalf("after %v: %v", s.now, violationOf(broken))
		}
	}()
	s.begin()
	play(s)
	s.net.filter = nil
	s.settle()
	s.checker.finish()
}

// weakened reads the flag of that name.
func weakened(t *testing.T) guard.Set {
	set, err := guard.Parse(*weakenedFlag)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// report fails if a run found a violation, and says how to repeat it.
func report(t *testing.T, r Result) {
	t.Helper()
	if r.Violation != nil {
		t.Errorf("%v\n  after %v; reproduce with\n%s", r.Violation, r.Simulated, r.Options.Reproduce("internal/worlds"))
	}
}

// pass lets time pass.
func (s *script) pass(d time.Duration) { s.run(s.now + d) }

// until lets time pass until something is true.
func (s *script) until(what string, ready func() bool) {
	s.t.Helper()
	for deadline := s.now + 20*time.Second; !ready(); s.pass(200 * time.Microsecond) {
		if s.now > deadline {
			s.t.Fatalf("%v: no %s; %s", s.now, what, s.describeNodes(s.nodes))
		}
	}
}

// elected waits until a node leads, and its first entry is committed.
func (s *script) elected() *node {
	s.t.Helper()
	s.until("leader", func() bool {
		l := s.leader()
		return l != nil && l.life.engine.Core().Commit() >= l.life.engine.Core().NoOp()
	})
	return s.leader()
}

// campaign makes a node stand for election at once, as if its leader had handed over to it.
func (s *script) campaign(n *node) {
	s.t.Helper()
	core := n.life.engine.Core()
	if core.Leader() == 0 {
		s.t.Fatalf("n%d has no leader that could hand over to it", n.id)
	}
	n.life.receive(&engine.Message{
		Message: raft.Message{Kind: raft.TimeoutNow, From: core.Leader(), To: n.id, Term: core.Term(), Previous: core.Last()},
	})
}

// lead makes a node the leader of a new term; its first entry need not be committed.
func (s *script) lead(n *node) {
	s.t.Helper()
	s.campaign(n)
	s.until("new leader", func() bool { return n.life.role == raft.Leader })
}

// others are all nodes but some.
func (s *script) others(but ...*node) (others []*node) {
	for _, n := range s.nodes {
		found := false
		for _, b := range but {
			found = found || b == n
		}
		if !found {
			others = append(others, n)
		}
	}
	return others
}

// ask submits commands as one request: "SET k v", "GET k".
func (s *script) ask(n *node, commands ...string) *request {
	s.t.Helper()
	return s.give(n, worlds.Commands(commands...))
}

// give submits a request.
func (s *script) give(n *node, asked workload.Request) *request {
	s.t.Helper()
	if n.life == nil {
		s.t.Fatalf("n%d is down", n.id)
	}
	r := &request{Request: asked}
	s.submit(n.life, r)
	return r
}

// replies are what the client of a request was answered.
func (r *request) replies() []string { return r.run.(*worlds.Run).Replies() }

// expect waits for the end of a request and compares its answers.
func (s *script) expect(r *request, o outcome, replies ...string) {
	s.t.Helper()
	s.until("end of "+r.String(), func() bool { return r.ended })
	if r.outcome != o {
		s.t.Fatalf("%v: %v, want %v", s.now, r, o)
	}
	for i, want := range replies {
		if got := strings.TrimSuffix(r.replies()[i], "\r\n"); got != want {
			s.t.Fatalf("%v: answer %d is %q, want %q: %v", s.now, i, got, want, r)
		}
	}
}

// does asks and expects in one.
func (s *script) does(n *node, command string, reply string) {
	s.t.Helper()
	s.expect(s.ask(n, command), done, reply)
}

// stays makes sure that something remains true for a while.
func (s *script) stays(d time.Duration, what string, holds func() bool) {
	s.t.Helper()
	for end := s.now + d; s.now < end; s.pass(time.Millisecond) {
		if !holds() {
			s.t.Fatalf("%v: %s no longer holds; %s", s.now, what, s.describeNodes(s.nodes))
		}
	}
}

// cutOff separates nodes from all others.
func (s *script) cutOff(nodes ...*node) { s.cutBetween(nodes, s.others(nodes...)) }

// kill ends a process and keeps what it wrote; powerOff loses what was not synced.
func (s *script) kill(n *node)     { n.crash(false) }
func (s *script) powerOff(n *node) { n.crash(true) }

// filtered drops, holds or passes messages as f says, until the next call.
func (s *script) filtered(f func(m *engine.Message) verdict) { s.net.filter = f }

// between reports whether a message travels from one node to another.
func between(m *engine.Message, from, to *node) bool { return m.From == from.id && m.To == to.id }

// when makes a verdict of a condition.
func when(condition bool, v verdict) verdict {
	if condition {
		return v
	}
	return pass
}

// tapped lets everything pass and returns where a copy of the first message will be that fits.
func (s *script) tapped(fits func(m *engine.Message) bool) *engine.Message {
	var tap engine.Message
	s.filtered(func(m *engine.Message) verdict {
		if tap.Kind == 0 && fits(m) {
			tap = copyMessage(m)
		}
		return pass
	})
	return &tap
}

// has reports whether a node's log holds the request's batch.
func (s *script) has(n *node, from raftlog.Index) bool { return n.life.log.last().Index >= from }
