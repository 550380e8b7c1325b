package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/worlds"
)

// How long a failover takes, as clients see it, with the default timeouts.

// Bounds of failoverTime over failoverSeeds seeds.
const (
	failoverSeeds  = 200
	failoverMax    = 2 * time.Second
	failoverMedian = 600 * time.Millisecond
)

// healthy is a cluster with the default timeouts in which nothing is slow.
func healthy(seed uint64) Options {
	o := draw(seed, "calm")
	o.Network.Refused = 0
	room, proposals := o.Engine.JournalRoomBytes, o.Engine.ProposalRoomBytes
	o.Engine = engine.DefaultOptions()
	o.Engine.JournalRoomBytes, o.Engine.ProposalRoomBytes = room, proposals
	o.Network.MinDelay, o.Network.MaxDelay = 100*time.Microsecond, 3*time.Millisecond
	o.Disk.MinSync, o.Disk.MaxSync = 100*time.Microsecond, 5*time.Millisecond
	o.Disk.FillDelay, o.Disk.FetchDelay, o.Disk.ApplyDelay = time.Millisecond, time.Millisecond, 100*time.Microsecond
	o.Clock.RateError, o.Clock.Jitter = 0.001, 5*time.Millisecond
	o.Clients.Count, o.Clients.Think, o.Clients.Patience = 3, 50*time.Millisecond, 10*time.Second
	return o
}

// failoverTime crashes the leader of a healthy cluster and returns how long the writes take that every other node is
// asked for at that moment: the longest of them.
func failoverTime(t *testing.T, o Options) (taken time.Duration) {
	t.Helper()
	w := newWorld(o)
	defer func() {
		if broken := recover(); broken != nil {
			t.Fatalf("seed %#x: after %v: %v", o.Seed, w.now, violationOf(broken))
		}
	}()
	w.begin()
	w.run(2*time.Second + w.chance.between(0, time.Second))
	leader := w.leader()
	if leader == nil {
		t.Fatalf("seed %#x: no node leads a healthy cluster after %v", o.Seed, w.now)
	}
	leader.crash(true)
	crashed := w.now
	var asked []*request
	for _, n := range w.nodes {
		if n.life != nil {
			r := &request{Request: worlds.Commands("INCR failover")}
			w.submit(n.life, r)
			asked = append(asked, r)
		}
	}
	for _, r := range asked {
		for !r.ended && w.now < crashed+time.Minute {
			w.run(w.now + time.Millisecond)
		}
		if r.outcome != done {
			t.Fatalf("seed %#x: %v", o.Seed, r)
		}
	}
	return w.now - crashed
}

// The leader dies, all else is healthy. No client sees an error, and each has its answer within the bound.
func TestAFailoverIsASlowReplyAndNoMore(t *testing.T) {
	var times []time.Duration
	for seed := range uint64(failoverSeeds) {
		taken := failoverTime(t, healthy(seed+1))
		if taken > failoverMax {
			t.Errorf("seed %#x: %v", seed+1, taken)
		}
		times = append(times, taken)
	}
	slices.Sort(times)
	median := times[len(times)/2]
	t.Logf("median %v, nine of ten within %v, all within %v", median, times[len(times)*9/10], times[len(times)-1])
	if median > failoverMedian {
		t.Errorf("the median is %v, the limit %v", median, failoverMedian)
	}
}

// suspectedMedian bounds the median where the survivors' systems say that the leader's process is gone.
const suspectedMedian = 200 * time.Millisecond

// Where a dead process's port refuses, clients do not wait for an election timeout.
func TestAFailoverAfterTheEndOfAProcessIsShort(t *testing.T) {
	var times []time.Duration
	for seed := range uint64(failoverSeeds) {
		o := healthy(seed + 1)
		o.Network.Refused, o.Lease = 1, Lease{} // voters that have promised one wait for its end
		taken := failoverTime(t, o)
		if taken > failoverMax {
			t.Errorf("seed %#x: %v", seed+1, taken)
		}
		times = append(times, taken)
	}
	slices.Sort(times)
	median := times[len(times)/2]
	t.Logf("median %v, nine of ten within %v, all within %v", median, times[len(times)*9/10], times[len(times)-1])
	if median > suspectedMedian {
		t.Errorf("the median is %v, the limit %v", median, suspectedMedian)
	}
}

// A leader that is told to stop hands over first: then no client waits for an election timeout.
func TestAHandOverTakesNoElectionTimeout(t *testing.T) {
	scene(t, 3, func(s *script) {
		leader := s.elected()
		load := s.load(s.nodes...)
		s.pass(time.Second)
		leader.life.in.HandOver = true
		leader.life.wake()
		s.until("another leader", func() bool { return s.leader() != leader })
		s.pass(time.Second)
		load.over = true
		if limit := electionTime(&s.options) / 3; load.longest > limit || s.now-load.latest > limit {
			t.Fatalf("no write was acknowledged for %v, the limit is %v", max(load.longest, s.now-load.latest), limit)
		}
	})
}

// A world whose disks, network and appliers are slow gets longer to recover, by what each answer then takes. One that
// does not recover breaks the rule all the same: here no node applies anything any more.
func TestTheBoundOfRecoveryAsksHowSlowAWorldIs(t *testing.T) {
	w := newWorld(healthy(1))
	w.begin()
	w.run(3 * time.Second)
	o, last := &w.options, len(w.nodes[0].stable.log.prefixes)
	const slower = 20 * time.Millisecond
	asked, applied := w.askTime(), w.applyTime(w.nodes)
	o.Network.MaxDelay, o.Disk.MaxSync, o.Disk.ApplyDelay =
		o.Network.MaxDelay+slower, o.Disk.MaxSync+slower, o.Disk.ApplyDelay+slower
	if got, want := w.askTime()-asked, 2*time.Duration(o.Clients.Count)*8*slower; got != want {
		t.Errorf("a slower world has %v longer to answer, want %v", got, want)
	}
	w.nodes[1].crash(false)
	if got, want := w.applyTime(w.nodes)-applied, time.Duration(last)*slower; last == 0 || got < want {
		t.Errorf("a node that is down has %v longer to apply %d entries, want %v", got, last, want)
	}
	w.nodes[1].start()
	for _, n := range w.nodes {
		n.life.applying = true
	}
	defer func() {
		if v := violationOf(recover()); v == nil || v.Rule != "liveness" {
			t.Errorf("a world that stands still: %v", v)
		}
	}()
	w.settle()
	t.Error("a world that stands still has recovered")
}
