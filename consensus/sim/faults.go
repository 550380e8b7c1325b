package sim

import (
	"time"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// planFaults sets everything in motion that goes wrong in the safety phase.
func (w *world) planFaults() {
	f := &w.options.Faults
	w.every(f.Crash, w.crashOne)
	w.every(f.Blackout, w.crashAll)
	w.every(f.Partition, w.partition)
	w.every(f.Break, w.breakOne)
	w.every(f.Pause, w.pauseOne)
	w.every(f.SlowDisk, func() {
		n := w.victim()
		n.slowDiskUntil = w.now + w.chance.around(2*time.Second)
		w.fault(n.id, "SLOW DISK")
	})
	w.every(f.DiskHang, func() {
		n := w.victim()
		n.hungUntil = w.now + min(w.chance.around(f.Hung), hungMax)
		w.fault(n.id, "DISK HANGS")
	})
	w.every(f.Transfer, w.transferOne)
	w.every(f.Depose, w.depose)
	w.every(f.FalseWord, w.sayFalsely)
	w.every(f.Stop, w.stopOne)
	w.every(f.Members, w.changeMembers)
	w.every(f.Move, w.moveSome)
	w.every(f.Upgrade, w.exchangeBuild)
	w.every(f.SlowApplier, func() {
		n := w.victim()
		n.slowApplierUntil = w.now + w.chance.around(2*time.Second)
		w.fault(n.id, "SLOW APPLIER")
	})
	w.every(f.FullHistory, func() {
		n := w.victim()
		n.fullUntil = w.now + w.chance.around(3*time.Second)
		w.fault(n.id, "FULL HISTORY")
	})
	w.every(f.ClockJump, func() {
		n := w.victim()
		n.offset += w.chance.between(-time.Hour, time.Hour)
		w.fault(n.id, "CLOCK JUMP")
	})
	w.every(f.SetClocks, w.setClocks)
	w.every(f.Rolling, w.strikeOne)
	w.every(f.Spoil, w.spoilOne)
	w.every(f.Snapshot, func() {
		if n := w.victim(); n.life != nil {
			n.life.in.TakeSnapshot = true
			n.life.wake()
		}
	})
	w.every(f.DiskError, func() {
		if n := w.victim(); n.life != nil {
			n.failDisk()
			w.fault(n.id, "DISK ERROR")
		}
	})
}

// every lets something happen again and again until the safety phase is over.
func (w *world) every(mean time.Duration, act func()) {
	if mean == 0 {
		return
	}
	w.after(w.chance.around(mean), func() {
		if w.calm {
			return
		}
		act()
		w.every(mean, act)
	})
}

func (w *world) fault(id raftlog.NodeID, name string) {
	w.trace.note(w.now, noteFault, id, hashBytes([]byte(name)), 0)
	w.tell(id, "%s", name)
}

// victim is a node that a fault strikes: the leader more often than the others.
func (w *world) victim() *node {
	if l := w.leader(); l != nil && w.chance.hits(w.options.Faults.LeaderShare) {
		return l
	}
	return w.nodes[w.chance.IntN(len(w.nodes))]
}

// leader is the node that leads the latest term, nil if there is none.
func (w *world) leader() *node {
	var leader *node
	for _, n := range w.nodes {
		if n.life != nil && n.life.role == raft.Leader && (leader == nil || n.life.term > leader.life.term) {
			leader = n
		}
	}
	return leader
}

// strikeNewLeader strikes leaders while their first entries travel: then logs come to differ, and what an old term left
// is neither committed nor gone.
func (w *world) strikeNewLeader(l *life) {
	f := &w.options.Faults
	if w.calm || !w.chance.hits(f.NewLeader) {
		return
	}
	n := l.node
	w.after(w.chance.between(0, f.NewLeaderWithin), func() {
		switch {
		case w.calm || l.dead:
		case w.chance.hits(0.3):
			n.crash(w.chance.hits(f.PowerLoss))
			n.restartLater()
		default:
			w.fault(n.id, "CUT off as a new leader")
			w.isolate(n, true, true)
			w.after(w.chance.around(f.Cut), func() { w.rejoin(n) })
		}
	})
}

// rejoin heals the links of one node.
func (w *world) rejoin(n *node) {
	if w.calm {
		return
	}
	w.net.eachPeer(n.id, func(from, to raftlog.NodeID) { w.net.setCut(from, to, false) })
	w.checker.times.disturbed = w.now
}

// hungMax bounds how long a disk hangs.
const hungMax = 15 * time.Second

// transferOne moves leadership: on the leader's own account, or because another node asks for it.
func (w *world) transferOne() {
	n := w.nodes[w.chance.IntN(len(w.nodes))]
	leader := w.leader()
	switch {
	case leader != nil && w.chance.hits(0.5):
		w.fault(leader.id, "HANDS OVER")
		leader.life.in.HandOver = true
		leader.life.wake()
	case n.life != nil:
		w.fault(n.id, "TAKES OVER")
		n.life.in.TakeOver = true
		n.life.wake()
	}
}

// stopPatience is how long a process that is to stop tries to hand over and to finish what its disk has in hand.
const stopPatience = time.Second

// stopOne stops a process as an operator does.
func (w *world) stopOne() {
	if n := w.victim(); n.life != nil {
		w.stop(n)
	}
}

// stop ends the process of a node in good order, and starts it again later.
func (w *world) stop(n *node) {
	l := n.life
	w.fault(n.id, "STOPS")
	l.in.HandOver = true
	l.wake()
	deadline := w.now + stopPatience
	var proceed func()
	proceed = func() {
		busy := l.role == raft.Leader || l.group != nil || len(l.operations) > 0
		switch {
		case busy && w.now < deadline:
			l.do(5*time.Millisecond, proceed)
		case busy:
			n.crash(false)
			n.restartLater()
		default:
			l.seal()
			if !l.dead {
				n.die()
				w.counts.Stops++
				n.restartLater()
			}
		}
	}
	l.do(5*time.Millisecond, proceed)
}

func (w *world) crashOne() {
	n := w.victim()
	if n.life == nil {
		return
	}
	n.crash(w.chance.hits(w.options.Faults.PowerLoss))
	n.restartLater()
}

// crashAll is a failure of power in the whole house, or an operator who restarts everything at once.
func (w *world) crashAll() {
	w.fault(0, "BLACKOUT")
	w.checker.stopTime()
	power := w.chance.hits(w.options.Faults.PowerLoss)
	for _, n := range w.nodes {
		if n.life != nil {
			n.crash(power)
			n.restartLater()
		}
	}
}

func (w *world) breakOne() {
	from, to := w.pair()
	w.fault(from, "BREAK")
	w.net.closeLink(from, to)
}

func (w *world) pair() (from, to raftlog.NodeID) {
	i := w.chance.IntN(len(w.nodes))
	k := w.chance.IntN(len(w.nodes) - 1)
	if k >= i {
		k++
	}
	return w.nodes[i].id, w.nodes[k].id
}

func (w *world) pauseOne() {
	n := w.victim()
	if n.life == nil {
		return
	}
	n.life.pausedUntil = w.now + w.chance.around(w.options.Faults.Paused)
	w.fault(n.id, "PAUSED")
}

// partition cuts links in one of the ways in which networks fail, and heals all cuts after a while.
func (w *world) partition() {
	cut := w.chance.around(w.options.Faults.Cut)
	switch kind := w.chance.IntN(7); kind {
	case 0:
		w.fault(0, "CUT into two")
		w.cutBetween(w.sides())
	case 1, 2:
		n := w.victim()
		w.fault(n.id, "CUT off")
		w.isolate(n, true, true)
	case 3:
		n := w.victim()
		w.fault(n.id, "CUT one way")
		in := w.chance.hits(0.5)
		w.isolate(n, in, !in)
	case 4:
		from, to := w.pair()
		w.fault(from, "CUT one link")
		w.net.setCut(from, to, true)
		if w.chance.hits(0.7) {
			w.net.setCut(to, from, true)
		}
	case 5:
		w.bridge()
	case 6:
		n := w.victim()
		w.fault(n.id, "FLAPS")
		w.flap(n, 8)
	}
	w.after(cut, func() {
		if !w.calm {
			w.tell(0, "HEALED")
			w.net.heal()
		}
	})
}

// sides divides the nodes by chance into two groups.
func (w *world) sides() (a, b []*node) {
	order := w.chance.Perm(len(w.nodes))
	size := w.chance.number(1, len(w.nodes)-1)
	for i, k := range order {
		if i < size {
			a = append(a, w.nodes[k])
		} else {
			b = append(b, w.nodes[k])
		}
	}
	return a, b
}

func (w *world) cutBetween(a, b []*node) {
	for _, m := range a {
		for _, n := range b {
			w.net.setCut(m.id, n.id, true)
			w.net.setCut(n.id, m.id, true)
		}
	}
}

// isolate cuts what comes in to a node, what goes out, or both.
func (w *world) isolate(n *node, in, out bool) {
	for _, m := range w.nodes {
		if m == n {
			continue
		}
		if in {
			w.net.setCut(m.id, n.id, true)
		}
		if out {
			w.net.setCut(n.id, m.id, true)
		}
	}
}

// bridge leaves two halves that see each other only through one node.
func (w *world) bridge() {
	w.fault(0, "CUT but for a bridge")
	order := w.chance.Perm(len(w.nodes))
	var halves [2][]*node
	for i, k := range order[1:] {
		halves[i%2] = append(halves[i%2], w.nodes[k])
	}
	w.cutBetween(halves[0], halves[1])
}

// flap cuts a node off and heals it, again and again.
func (w *world) flap(n *node, times int) {
	if times == 0 || w.calm {
		return
	}
	if times%2 == 0 {
		w.isolate(n, true, true)
	} else {
		w.net.heal()
	}
	w.after(w.chance.between(50*time.Millisecond, 500*time.Millisecond), func() { w.flap(n, times-1) })
}
