package torture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Nodes runs the processes of a cluster, which are numbered from 0. It is used by one goroutine.
type Nodes interface {
	// Kill ends a process as kill -9 does, and returns when it is gone. The process may be paused.
	Kill(node int) error
	// Stop asks a process to end, and returns when it has; an error says that it did not, or not well.
	Stop(node int) error
	// Start starts a process that was killed or stopped, with the same command line, and does not wait until it serves.
	Start(node int) error
	// Pause stops a process, Continue lets it go on.
	Pause(node int) error
	Continue(node int) error
	// Check returns an error if a process has ended by itself; it says how.
	Check(node int) error
}

// Disks are the directories of the nodes. It is used by one goroutine.
type Disks interface {
	// Empty empties the directory of a node that does not run. When it is started again it belongs to no cluster, and
	// does nothing about it.
	Empty(node int) error
}

// nemesis brings faults about, and ends them.
type nemesis struct {
	nodes   Nodes
	network *Network
	disks   Disks
	members *members
	leader  func() (node int, known bool)
	// request asks a node for something, whatever comes of it.
	request func(node int, command ...string)
	// launch begins work that goes on by itself. The context ends with the run, or when stop is called, which waits for
	// the end of the work.
	launch func(work func(ctx context.Context)) (stop func())
	logger *slog.Logger
	// broken are the nodes that do not run.
	broken []bool
	// active are the faults that have begun and not ended.
	active []*effect
	counts [kinds]int
}

// effect is what a fault did.
type effect struct {
	fault    Fault
	victims  []int
	obstacle *obstacle
	// stop ends what the fault has launched.
	stop func()
}

// moment is when something happens to a fault.
type event struct {
	at    time.Duration
	fault int
	does  action
}

type action uint8

const (
	begins action = iota
	flips
	ends
)

// moments are those of an episode in their order. Of what happens at the same time, the fault that is drawn first is
// first.
func events(e Episode) []event {
	var all []event
	for i, f := range e {
		all = append(all, event{f.Begin, i, begins})
		for at := f.Begin + f.Period; f.Period > 0 && at < f.End; at += f.Period {
			all = append(all, event{at, i, flips})
		}
		all = append(all, event{f.End, i, ends})
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	return all
}

// play plays an episode. When it returns nothing is broken any more, whatever happened, unless a node cannot be mended.
func (n *nemesis) play(ctx context.Context, e Episode) (err error) {
	defer func() { err = errors.Join(err, n.heal()) }()
	began := time.Now()
	effects := make([]*effect, len(e))
	for i, f := range e {
		effects[i] = &effect{fault: f}
	}
	for _, m := range events(e) {
		if err := wait(ctx, m.at-time.Since(began)); err != nil {
			return err
		}
		if err := n.act(effects[m.fault], m.does); err != nil {
			return err
		}
	}
	return n.check()
}

func (n *nemesis) act(e *effect, does action) error {
	switch does {
	case begins:
		return n.begin(e)
	case flips:
		n.network.flip(e.obstacle)
		return nil
	}
	return n.end(e)
}

// begin brings a fault about. What it meets is settled now.
func (n *nemesis) begin(e *effect) error {
	order := e.fault.Order
	if leader, known := n.leader(); known && e.fault.Leader {
		order = slices.Concat([]int{leader}, slices.DeleteFunc(slices.Clone(order), func(v int) bool { return v == leader }))
	}
	if err := n.check(); err != nil {
		return err
	}
	n.active = append(n.active, e)
	n.counts[e.fault.Kind]++
	if e.fault.Kind.network() {
		e.obstacle = &obstacle{e.fault.ways(order), setting{e.fault.State, e.fault.Delay}}
		n.network.put(e.obstacle)
		n.logger.Info("begins", "fault", e.fault.Kind, "state", e.fault.State, "order", order)
		return nil
	}
	e.victims = e.fault.victims(order, func(node int) bool { return !n.broken[node] })
	n.logger.Info("begins", "fault", e.fault.Kind, "nodes", e.victims)
	for _, node := range e.victims {
		if err := n.strike(node, e); err != nil {
			return fmt.Errorf("%v node %d: %w", e.fault.Kind, node, err)
		}
	}
	return nil
}

// strike does to a node what a fault of processes does.
func (n *nemesis) strike(node int, e *effect) error {
	n.broken[node] = !e.fault.Kind.request()
	switch e.fault.Kind {
	case StopOne:
		return n.nodes.Stop(node)
	case PauseOne:
		return n.nodes.Pause(node)
	case MoveOne:
		n.request(node, "CLUSTER", "FAILOVER")
		return nil
	case SaveOne:
		n.request(node, "BGSAVE")
		return nil
	case LeaveOne:
		e.stop = n.launch(func(ctx context.Context) { n.members.leave(ctx, node) })
		return nil
	case LoseDisk:
		return n.empty(node)
	}
	return n.nodes.Kill(node)
}

// empty leaves a node dead and blank.
func (n *nemesis) empty(node int) error {
	if err := n.nodes.Kill(node); err != nil {
		return err
	}
	return n.disks.Empty(node)
}

// end undoes a fault.
func (n *nemesis) end(e *effect) error {
	n.active = slices.DeleteFunc(n.active, func(other *effect) bool { return other == e })
	n.logger.Info("ends", "fault", e.fault.Kind)
	if e.obstacle != nil {
		n.network.take(e.obstacle)
	}
	for _, node := range e.victims {
		if err := n.mend(node, e); err != nil {
			return fmt.Errorf("node %d after %v: %w", node, e.fault.Kind, err)
		}
	}
	return nil
}

// mend undoes strike. A request broke nothing: the fault that stopped its node meanwhile starts it again.
func (n *nemesis) mend(node int, e *effect) error {
	if e.fault.Kind.request() {
		return nil
	}
	n.broken[node] = false
	switch e.fault.Kind {
	case PauseOne:
		return n.nodes.Continue(node)
	case LeaveOne:
		e.stop()
		if err := errors.Join(n.nodes.Check(node), n.empty(node)); err != nil {
			return err
		}
	}
	if err := n.nodes.Start(node); err != nil {
		return err
	}
	if e.fault.Kind.membership() {
		n.members.expect(node)
		n.launch(func(ctx context.Context) { n.members.enter(ctx, node) })
	}
	return nil
}

// heal ends all faults that an aborted episode left.
func (n *nemesis) heal() (err error) {
	for _, e := range slices.Clone(n.active) {
		err = errors.Join(err, n.end(e))
	}
	return err
}

// check looks for nodes that have ended by themselves.
func (n *nemesis) check() error {
	for node, broken := range n.broken {
		if broken {
			continue
		}
		if err := n.nodes.Check(node); err != nil {
			return fmt.Errorf("node %d: %w", node, err)
		}
	}
	return nil
}

// wait waits for the time, or the end of the context, which it returns as an error.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
