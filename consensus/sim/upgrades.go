package sim

import (
	"errors"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Nodes are upgraded and set back. In worlds with Faults.Upgrade nodes run builds of two feature levels, and each start
// may be with the other one. Connections begin with a handshake there, in which both ends tell their levels. No node
// may meet what its build does not know, but in its own log when it starts: then it is refused, and its operator
// upgrades it.

const (
	olderBuild uint8 = 1
	newerBuild uint8 = 2
)

// upgrades lets nodes change their builds, at first to and fro, later towards the newer one, so that the level of the
// cluster is raised in the middle of many runs, and some nodes come back with the older build after that.
func upgrades(c chance, o *Options) {
	o.Faults = Faults{
		Upgrade: c.between(time.Second, 4*time.Second), Outage: c.between(50*time.Millisecond, 2*time.Second),
		Crash: c.sometimes(0.5, 5*time.Second, 15*time.Second), PowerLoss: 0.5, LeaderShare: oneOf(c, 0.3, 0.6),
		Partition: c.sometimes(0.4, 4*time.Second, 15*time.Second), Cut: c.between(200*time.Millisecond, 2*time.Second),
		Break:     c.sometimes(0.4, 500*time.Millisecond, 5*time.Second),
		NewLeader: c.Float64() * 0.3, NewLeaderWithin: 500 * time.Millisecond,
		Transfer: c.sometimes(0.5, time.Second, 10*time.Second),
		Members:  c.sometimes(0.3, 3*time.Second, 10*time.Second),
		Snapshot: c.sometimes(0.5, time.Second, 5*time.Second),
	}
	o.Network.LateShare = 0 // no message outlives the handshake of its connection
	o.Engine.AbsentTicks = c.number(20, 100)
	o.Clients.Think = 200 * time.Millisecond
}

// drawBuild chooses the build of a node's next process.
func (w *world) drawBuild() uint8 {
	newer := 0.4
	if w.now > w.options.Safety/3 {
		newer = 0.9
	}
	if w.calm || w.chance.hits(newer) {
		return newerBuild
	}
	return olderBuild
}

// exchangeBuild stops a node, in order or not, and starts it with a build that is drawn anew.
func (w *world) exchangeBuild() {
	n := w.victim()
	if n.life == nil {
		return
	}
	n.build = w.drawBuild()
	if w.chance.hits(0.5) {
		w.stop(n)
		return
	}
	n.crash(w.chance.hits(w.options.Faults.PowerLoss))
	n.restartLater()
}

// refuses reports whether a process could not begin because its log is a later build's. Its operator starts the node
// with that build.
func (n *node) refuses(err error) bool {
	if !errors.Is(err, raftlog.ErrLaterBuild) || n.build >= newerBuild {
		return false
	}
	n.w.tell(n.id, "refused  %v", err)
	n.w.counts.Refused++
	n.build = newerBuild
	return true
}

// shakeHands has both ends of a new connection take the other's hello, first the one that was dialled. A refused one is
// tried again later. The connection is up when both have taken it and are still there.
func (net *network) shakeHands(from, to raftlog.NodeID, up func()) {
	w := net.w
	sender, receiver := w.node(from).life, w.node(to).life
	refused := func(err error) {
		w.tell(from, "refused  by n%d or refuses it: %v", to, err)
		w.counts.Refused++
		w.after(w.chance.between(50*time.Millisecond, 500*time.Millisecond), func() { net.reconnect(from, to) })
	}
	callers, answerers := sender.hello(), receiver.hello()
	receiver.admit(callers, func(err error) {
		if err != nil {
			refused(err)
			return
		}
		w.after(w.chance.between(0, w.options.Network.MaxDelay), func() {
			if sender.dead {
				return
			}
			sender.admit(answerers, func(err error) {
				switch l := net.link(from, to); {
				case err != nil:
					refused(err)
				case !sender.dead && !receiver.dead && !l.up && !l.cut:
					up()
				}
			})
		})
	})
}

// hello is how a process introduces itself: by what its disk holds.
func (l *life) hello() engine.Arrival {
	return engine.Arrival{
		From: l.id, Boot: l.boot, Incarnation: uint64(l.id), Start: uint64(l.boots), Level: l.runs,
		Term: l.stable.term, Durable: l.stable.log.last().Index, DurableTerm: l.stable.log.last().Term,
	}
}

// admit gives a hello to the engine. It may be older than what came meanwhile by other connections. No disk of a world
// forgets what was synced, so that no node is rolled back.
func (l *life) admit(hello engine.Arrival, answered func(error)) {
	a := &hello
	a.Wake = func() {
		if errors.Is(a.Err, engine.ErrRolledBack) {
			l.w.fail("rolled back", "n%d refuses n%d, which is healthy: %v", l.id, a.From, a.Err)
		}
		answered(a.Err)
	}
	l.in.Arrivals = append(l.in.Arrivals, a)
	l.wake()
}

// SetLevel checks that no node applies what its build does not know.
func (m machine) SetLevel(level uint8) {
	if level > m.level {
		m.node.w.fail("level", "n%d applies entries of level %d, its build knows %d", m.node.id, level, m.level)
	}
	if inner, ok := m.StateMachine.(interface{ SetLevel(level uint8) }); ok {
		inner.SetLevel(level)
	}
}

// Upcoming passes the commands on that come next.
func (m machine) Upcoming(commands [][]byte) {
	if inner, ok := m.StateMachine.(interface{ Upcoming(commands [][]byte) }); ok {
		inner.Upcoming(commands)
	}
}

// upgradeAll starts the nodes of the core with the newer build.
func (w *world) upgradeAll(core []*node) {
	if w.options.Faults.Upgrade == 0 {
		return
	}
	for _, n := range core {
		n.build = newerBuild
		if n.life != nil && n.life.runs < newerBuild {
			n.crash(false)
			w.after(0, n.start)
		}
	}
}

// settleLevel waits until the level of the cluster is raised, if all members are there for it.
func (w *world) settleLevel(deadline time.Duration, core []*node) {
	c := w.checker.configuration
	if w.options.Faults.Upgrade == 0 || c == nil || len(w.members(core)) < len(c.Members) {
		return
	}
	w.await(deadline, "raise of the level", core, func() bool {
		return w.checker.configuration.FeatureLevel() == newerBuild
	})
}
