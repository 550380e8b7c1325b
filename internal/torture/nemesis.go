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
	// Start starts a process that was killed, with the same command line, and does not wait until it serves.
	Start(node int) error
	// Pause stops a process, Continue lets it go on.
	Pause(node int) error
	Continue(node int) error
	// Check returns an error that says how, if a process has ended that nobody killed.
	Check(node int) error
}

// nemesis brings faults about, and ends them.
type nemesis struct {
	nodes   Nodes
	network *Network
	leader  func() (node int, known bool)
	logger  *slog.Logger
	// broken are the nodes that are killed or paused.
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
}

// moment is when a fault begins or ends.
type moment struct {
	at    time.Duration
	fault int
	ends  bool
}

// moments are those of an episode in their order. A fault begins before others end at the same time.
func moments(e Episode) []moment {
	var all []moment
	for i, f := range e {
		all = append(all, moment{f.Begin, i, false}, moment{f.End, i, true})
	}
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	return all
}

// play plays an episode. When it returns nothing is broken any more, whatever happened, unless a node cannot be mended.
func (n *nemesis) play(ctx context.Context, e Episode) (err error) {
	defer func() { err = errors.Join(err, n.heal()) }()
	began := time.Now()
	effects := make([]*effect, len(e))
	for _, m := range moments(e) {
		if err := wait(ctx, m.at-time.Since(began)); err != nil {
			return err
		}
		if m.ends {
			if err := n.end(effects[m.fault]); err != nil {
				return err
			}
			continue
		}
		effects[m.fault] = &effect{fault: e[m.fault]}
		if err := n.begin(effects[m.fault]); err != nil {
			return err
		}
	}
	return n.check()
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
	act := n.nodes.Kill
	if e.fault.Kind == PauseOne {
		act = n.nodes.Pause
	}
	e.victims = e.fault.victims(order, func(node int) bool { return !n.broken[node] })
	n.logger.Info("begins", "fault", e.fault.Kind, "nodes", e.victims)
	for _, node := range e.victims {
		n.broken[node] = true
		if err := act(node); err != nil {
			return fmt.Errorf("%v node %d: %w", e.fault.Kind, node, err)
		}
	}
	return nil
}

// end undoes a fault.
func (n *nemesis) end(e *effect) error {
	n.active = slices.DeleteFunc(n.active, func(other *effect) bool { return other == e })
	n.logger.Info("ends", "fault", e.fault.Kind)
	if e.obstacle != nil {
		n.network.take(e.obstacle)
	}
	act := n.nodes.Start
	if e.fault.Kind == PauseOne {
		act = n.nodes.Continue
	}
	for _, node := range e.victims {
		n.broken[node] = false
		if err := act(node); err != nil {
			return fmt.Errorf("node %d after %v: %w", node, e.fault.Kind, err)
		}
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
