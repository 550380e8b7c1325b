package sim

import (
	"time"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Leases: a leader that a quorum has promised to help no other one answers reads at once. The profile leases looks for
// the moment in which another node leads already. Clocks run at rates that differ by nearly as much as leases allow;
// some nodes promise less than others, or nothing, and not the same in each life.

// rateSpread is by how much a clock may be too fast or too slow so that any two differ by less than a tenth.
const rateSpread = 0.047

// leases deposes leaders that have a lease, in all the ways there are.
func leases(c chance, o *Options) {
	o.Nodes, o.Blank, o.Safety = oneOf(c, 3, 3, 5), false, 60*time.Second
	o.Engine.HeartbeatTicks, o.Engine.ElectionTicks = c.number(2, 4), c.number(20, 25)
	o.Clock.Drift = oneOf(c, rateSpread, rateSpread, 0)
	o.Clock.RateError = oneOf(c, 0, 0.2, 0.4)
	// A promise may outlast the patience of voters here, so that nothing but the promise keeps them.
	o.Lease = Lease{Promise: oneOf[time.Duration](c, 1, 2) * o.longestLease(), Less: oneOf(c, 0, 0.3), Late: 0.1}
	o.Faults = Faults{
		Depose: c.between(700*time.Millisecond, 2*time.Second), LeaderShare: 0.8, PowerLoss: 0.5,
		Outage: c.between(time.Millisecond, 50*time.Millisecond), Cut: c.between(300*time.Millisecond, time.Second),
		Crash:    c.sometimes(0.3, 4*time.Second, 10*time.Second),
		Transfer: c.sometimes(0.5, 500*time.Millisecond, 3*time.Second),
		Stop:     c.sometimes(0.3, 2*time.Second, 6*time.Second),
		Pause:    c.sometimes(0.5, 2*time.Second, 6*time.Second), Paused: 300 * time.Millisecond,
	}
	if c.hits(0.4) {
		o.Faults.Members = c.between(time.Second, 3*time.Second)
		o.Faults.Rift, o.Faults.RiftWithin = 0.5, oneOf(c, time.Millisecond, 20*time.Millisecond)
	}
	o.Network.Loss, o.Network.SlowShare, o.Network.SlowDelay = oneOf(c, 0, 0.02), oneOf(c, 0, 0.02), 500*time.Millisecond
	o.Network.MaxDelay = o.Network.MinDelay + c.between(0, time.Millisecond)
	o.Network.MailboxMessages, o.Network.MailboxForwards = 1000, 1000
	o.Disk.MaxSync, o.Disk.ApplyDelay = 300*time.Microsecond, 20*time.Microsecond
	o.Engine.MaxUnmetBytes, o.Engine.LargestUnmetBytes, o.Engine.MaxWaitingBatches = 16<<10, 16<<10, 100
	o.Clients.Count, o.Clients.Think, o.Clients.Patience = 6, 150*time.Millisecond, 300*time.Millisecond
	o.Clients.Reads, o.Clients.Pipelines, o.Clients.Probe = 0.6, 0.1, false
	o.Clients.KeyLife = 5 * time.Second
	o.Faults.FalseWord = c.sometimes(0.5, 100*time.Millisecond, time.Second) // of a leader that has promises
}

// longestLease is the longest promise with which elections take no longer.
func (o *Options) longestLease() time.Duration {
	return time.Duration(o.Engine.ElectionTicks-o.Engine.HeartbeatTicks) * o.Clock.Tick
}

// drawLease lets the leaders of some ordinary worlds have leases.
func (o *Options) drawLease(c chance) {
	if c.hits(0.2) {
		o.Lease = Lease{Promise: o.longestLease(), Less: oneOf(c, 0, 0.2), Late: 0.02}
		o.Clock.Drift = oneOf(c, 0, rateSpread)
	}
}

// drawPromise is for how long a process promises to help no other leader, and what its leases rest on.
func (n *node) drawPromise() raftlog.Stamp {
	k := &n.w.options.Lease
	millis := raftlog.Stamp(k.Promise.Milliseconds())
	if millis > 0 && n.w.chance.hits(k.Less) {
		return oneOf(n.w.chance, 0, millis/2, millis-30)
	}
	return millis
}

// promise notes on the disk what a process may promise, and returns what those before it may have promised. A smaller
// value comes to the disk when no earlier promise can last any more.
func (l *life) promise(own raftlog.Stamp) (before raftlog.Stamp) {
	n := l.node
	before = n.promised
	if n.promised = max(before, own); own < before {
		l.do(2*time.Duration(before)*time.Millisecond, func() { n.promised = own })
	}
	return before
}

// hurryFor is how long clients ask one thing after the other when a leader is deposed.
const hurryFor = 700 * time.Millisecond

// hurry has clients ask one thing after the other for a while, and half of them read from a leader.
func (w *world) hurry(leader *node) {
	w.hurryUntil = w.now + hurryFor
	for _, c := range w.clients {
		if c.isReader() && c.current == nil {
			c.home = leader
		}
	}
}

// depose lets some voters lose the leader, so many that they elect another one with one of those that are left to it.
// When they have begun to campaign it strikes what the leader's lease rests on.
func (w *world) depose() {
	leader := w.leader()
	if leader == nil || w.checker.configuration == nil {
		return
	}
	var others []*node
	for _, id := range w.checker.configuration.Voters {
		if id != leader.id && int(id) <= len(w.nodes) {
			others = append(others, w.node(id))
		}
	}
	if len(others) < 2 {
		return
	}
	order := w.chance.Perm(len(others))
	rivals, holders := order[:len(others)/2], order[len(others)/2:]
	w.fault(leader.id, "LOST by some")
	for _, at := range rivals {
		w.net.setCut(leader.id, others[at].id, true)
		w.net.setCut(others[at].id, leader.id, true)
	}
	election := time.Duration(w.options.Engine.ElectionTicks) * w.options.Clock.Tick
	w.after(w.chance.between(election/2, 2*election), func() {
		if !w.calm && leader.life != nil && leader.life.role == raft.Leader {
			w.hurry(leader)
			w.unseat(leader, others[holders[0]])
		}
	})
	w.after(2*election+w.chance.around(w.options.Faults.Cut), func() {
		if !w.calm {
			w.tell(0, "HEALED")
			w.net.heal()
		}
	})
}

// unseat takes from a leader the voter that it needs, in one of several ways.
func (w *world) unseat(leader, holder *node) {
	isolated := func() {
		w.fault(leader.id, "CUT off")
		w.isolate(leader, true, true)
	}
	switch w.chance.IntN(5) {
	case 0, 1:
		isolated()
	case 2:
		isolated()
		holder.crash(w.chance.hits(w.options.Faults.PowerLoss))
		w.after(w.chance.between(time.Millisecond, 20*time.Millisecond), holder.start)
	case 3:
		w.fault(leader.id, "HANDS OVER")
		leader.life.in.HandOver = true
		leader.life.wake()
		w.after(w.chance.between(0, 10*time.Millisecond), func() {
			if !w.calm {
				isolated()
			}
		})
	case 4:
		w.fault(leader.id, "PAUSED")
		leader.life.pausedUntil = w.now + w.chance.between(100*time.Millisecond, 600*time.Millisecond)
	}
}

// isHurried reports whether clients ask one thing after the other now.
func (w *world) isHurried() bool { return w.now < w.hurryUntil }

// lateRead is how long a process may be held up between the moment at which a read may be executed and its execution.
const lateRead = 400 * time.Millisecond

// holdsUp reports whether a read is executed late, where there are leases.
func (l *life) holdsUp(r *request) bool {
	if r.late || l.w.calm || !l.w.chance.hits(l.w.options.Lease.Late) {
		return false
	}
	r.late = true
	l.do(l.w.chance.between(0, lateRead), func() { l.w.readEnded(l, r) })
	return true
}
