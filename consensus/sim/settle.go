package sim

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/raftredis/raftredis/consensus/sim/workload"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The liveness phase. A majority of the nodes, the core, is made whole: its links are healed, its nodes are started, no
// new fault begins. The nodes outside stay as they are, or worse: down for ever, cut off, or able to speak and not to
// hear. Then the core has to recover within a bound.

// settleElections is how many of the longest election timeouts the core may need, settleSlack what comes on top for
// starting nodes and connecting. The rest depends on how slow the disks, the network and the appliers of a world are:
// copyTime is for copying logs, applyTime for applying them, pieceTime for large bodies, askTime for answers at last.
const (
	settleElections = 20
	settleSlack     = 10 * time.Second
)

// settle runs the liveness phase.
func (w *world) settle() {
	w.calm, w.net.calm = true, true
	core := w.chooseCore()
	w.upgradeAll(core)
	for _, c := range w.clients {
		c.resting = true
	}
	o := &w.options
	ticks := settleElections*2*o.Engine.ElectionTicks + o.Engine.UncertainTicks
	bound := time.Duration(float64(ticks) * float64(o.Clock.Tick+o.Clock.Jitter) * (1 + o.Clock.RateError))
	deadline := w.now + bound + settleSlack + w.copyTime(core) + w.applyTime(core) + w.pieceTime() + w.askTime()
	w.await(deadline, "a leader, and an end of every request", core, func() bool {
		return w.coreLeader(core) != nil && w.served(core) && w.whole()
	})
	for _, c := range w.clients {
		w.proveService(deadline, core, c)
	}
	w.expose(deadline, core)
	w.await(deadline, "one log and one state", core, func() bool {
		return w.placesWritten(core) && w.converged(w.members(core))
	})
	w.settleLevel(w.now+bound+settleSlack, core)
	w.sendOff(w.now+bound+settleSlack, core)
}

// copyTime is what it may take to copy what the node of the core that is furthest behind lacks, when each entry travels
// alone, is fetched from history, and waits for a disk.
func (w *world) copyTime(core []*node) time.Duration {
	longest, shortest := 0, len(core[0].stable.log.prefixes)
	for _, n := range w.nodes {
		longest = max(longest, len(n.stable.log.prefixes))
	}
	for _, n := range core {
		shortest = min(shortest, len(n.stable.log.prefixes))
	}
	o := &w.options
	each := 2*(o.Disk.FetchDelay+o.Network.MaxDelay) + o.Disk.MaxSync
	return time.Duration(longest-shortest) * each
}

// applyTime is what it may take the node of the core that is furthest behind to apply what the others have, when each
// entry is applied alone. One that is down, or quarantined, begins at the snapshot that it has.
func (w *world) applyTime(core []*node) time.Duration {
	longest, applied := 0, raftlog.Index(math.MaxUint64)
	for _, n := range w.nodes {
		longest = max(longest, len(n.stable.log.prefixes))
	}
	for _, n := range core {
		from := raftlog.Index(0)
		if n.stable.snapshot != nil {
			from = n.stable.snapshot.Index
		}
		if n.life != nil && !n.life.engine.Core().Quarantined().On() {
			from = n.life.applier.Applied()
		}
		applied = min(applied, from)
	}
	return time.Duration(max(0, longest-int(applied))) * w.options.Disk.ApplyDelay
}

// askTime is what it may take until each client has an answer to a write and to a read, one after the other: each goes
// to the leader, from there to the others, and back, waits for the sync that is under way and for its own, and is
// applied behind what is being applied.
func (w *world) askTime() time.Duration {
	o := &w.options
	each := 4*o.Network.MaxDelay + 2*o.Disk.MaxSync + 2*o.Disk.ApplyDelay
	return 2 * time.Duration(len(w.clients)) * each
}

// pieceTime is what it may take until all of the large bodies is there that clients wait for: one body after the other,
// and of each one piece after the other, with a way to the leader, there and back, and two disks.
func (w *world) pieceTime() time.Duration {
	o := &w.options
	pieces, size := 0, o.Engine.PieceBytes
	for _, c := range w.clients {
		if r := c.current; r != nil && r.batch != nil && size > 0 && len(r.batch.Body) > size {
			pieces += 1 + len(r.batch.Body)/size
		}
	}
	return time.Duration(pieces) * (4*o.Network.MaxDelay + 2*o.Disk.MaxSync)
}

// chooseCore picks the core and makes it whole, and decides about the nodes outside.
func (w *world) chooseCore() []*node {
	order := w.chance.Perm(len(w.nodes))
	size := w.chance.number(len(w.nodes)/2+1, len(w.nodes))
	w.net.heal()
	var core []*node
	for i, k := range order {
		n := w.nodes[k]
		outside := i >= size
		if w.options.Faults.Members > 0 {
			outside = n.left // the others may all be needed: for the end of a change, or to become voters
		}
		if w.options.Faults.Spoil > 0 {
			outside = false // where two differ there is no quorum
		}
		if outside {
			w.leaveOutside(n)
			continue
		}
		core = append(core, n)
		n.slowDiskUntil, n.hungUntil, n.slowApplierUntil, n.fullUntil, n.stalled = w.now, w.now, w.now, w.now, false
		n.disk.SetFault(nil)
		if n.life == nil {
			w.after(0, n.start)
			continue
		}
		n.life.pausedUntil = w.now
		n.life.beginGroup()
	}
	names := make([]raftlog.NodeID, len(core))
	for i, n := range core {
		names[i] = n.id
	}
	w.tell(0, "SETTLE   core %v", names)
	return core
}

func (w *world) leaveOutside(n *node) {
	switch w.chance.IntN(4) {
	case 0:
		n.crash(true)
		n.abandoned = true
	case 1:
		w.isolate(n, true, true)
	case 2:
		w.isolate(n, true, false)
	case 3:
		w.isolate(n, false, true)
	}
	for _, c := range w.clients {
		if c.home == n && c.current != nil && n.life != nil {
			w.leave(n.life, c.current)
		}
	}
}

// await lets the world run until something is true, which has to be before the deadline.
func (w *world) await(deadline time.Duration, what string, core []*node, ready func() bool) {
	for !ready() {
		if w.now >= deadline {
			w.fail("liveness", "no %s by %v: %s", what, deadline, w.describeNodes(core))
		}
		w.run(w.now + 20*time.Millisecond)
	}
}

// coreLeader is the node of the core that leads, and that all of the core follow.
func (w *world) coreLeader(core []*node) *node {
	core = w.members(core)
	var leader *node
	for _, n := range core {
		if n.life == nil {
			return nil
		}
		if n.life.role == raft.Leader {
			leader = n
		}
	}
	for _, n := range core {
		if leader == nil || n.life.engine.Core().Leader() != leader.id {
			return nil
		}
	}
	return leader
}

// served reports whether no client waits for a node of the core any more.
func (w *world) served(core []*node) bool {
	for _, n := range core {
		if !n.left && n.life == nil || n.life != nil && len(n.life.serving) > 0 {
			return false
		}
	}
	return true
}

// proveService makes a client write at a node of the core and then read it at another one.
func (w *world) proveService(deadline time.Duration, core []*node, c *client) {
	write, read := c.source.Proof()
	for _, asked := range []workload.Request{write, read} {
		for succeeded := false; !succeeded; {
			n := w.members(core)[w.chance.IntN(len(w.members(core)))]
			if n.life == nil {
				w.run(w.now + 20*time.Millisecond)
				continue
			}
			r := &request{Request: asked}
			w.submit(n.life, r)
			w.await(deadline, "answer to "+r.String(), core, func() bool { return r.ended })
			succeeded = r.outcome == done
			if !succeeded && w.now >= deadline {
				w.fail("liveness", "no success by %v: %v", deadline, r)
			}
		}
	}
}

// converged reports whether all nodes of the core have the same log, know that all of it is committed, and have applied
// it to the same state.
func (w *world) converged(core []*node) bool {
	first := core[0].life
	for _, n := range core {
		l := n.life
		if l == nil {
			return false
		}
		last := l.log.last()
		if l.commit != last.Index || l.applier.Applied() != last.Index || l.group != nil || len(l.operations) > 0 {
			return false
		}
		if l.engine.Core().Quarantined().On() {
			return false
		}
		if last != first.log.last() || l.applier.StateHash() != first.applier.StateHash() {
			return false
		}
	}
	return true
}

func (w *world) describeNodes(nodes []*node) string {
	var s strings.Builder
	for _, n := range nodes {
		l := n.life
		if l == nil {
			fmt.Fprintf(&s, "n%d down; ", n.id)
			continue
		}
		core := l.engine.Core()
		fmt.Fprintf(&s, "n%d %v term %d leader %d log %v durable %d commit %d applied %d serving %d", n.id, core.Role(),
			core.Term(), core.Leader(), core.Last(), core.Durable(), core.Commit(), l.applier.Applied(), len(l.serving))
		if len(l.serving) > 0 {
			fmt.Fprintf(&s, " (%v)", l.serving[0])
		}
		for _, f := range core.Status().Followers {
			fmt.Fprintf(&s, " [n%d %v match %d next %d inflight %d]", f.ID, f.State, f.Match, f.Next, f.InflightMessages)
		}
		s.WriteString("; ")
	}
	return s.String()
}
