package torture

import (
	"fmt"
	"time"
)

// Way is a direction between two nodes, which are numbered from 0.
type Way struct{ From, To int }

// Network is the gates between the nodes of a cluster, one for every way. Except for Address it is used by one
// goroutine at a time.
type Network struct {
	gates map[Way]*Gate
	// obstacles are those that stand, in any order; several may concern the same way.
	obstacles map[*obstacle]struct{}
}

// obstacle is what a fault does to some ways.
type obstacle struct {
	ways []Way
	setting
}

// setting is what a gate is told.
type setting struct {
	state State
	delay time.Duration
}

func (s setting) worse(than setting) bool {
	return s.state > than.state || s.state == than.state && s.delay > than.delay
}

// NewNetwork makes the gates to nodes whose addresses for each other are given. Each node must dial Address instead of
// what it knows of another one.
func NewNetwork(peers []string) (*Network, error) {
	n := &Network{gates: map[Way]*Gate{}, obstacles: map[*obstacle]struct{}{}}
	for to, target := range peers {
		for from := range peers {
			if from == to {
				continue
			}
			gate, err := NewGate(target)
			if err != nil {
				n.Close()
				return nil, fmt.Errorf("from node %d: %w", from, err)
			}
			n.gates[Way{from, to}] = gate
		}
	}
	return n, nil
}

// Address is where a node must dial to reach another one.
func (n *Network) Address(from, to int) string { return n.gates[Way{from, to}].Address() }

// Close closes all gates.
func (n *Network) Close() {
	for _, gate := range n.gates {
		gate.Close()
	}
}

// Isolate sets all ways from and to a node to a state, and later to another one: Open joins the node to the others
// again. It is for tests that break a cluster by hand, and not for use during a Run.
func (n *Network) Isolate(node int, state State) {
	for way, gate := range n.gates {
		if way.From == node || way.To == node {
			gate.Set(state, 0)
		}
	}
}

// Cut sets the way from one node to another to a state, and not the way back. It is for tests, as Isolate.
func (n *Network) Cut(from, to int, state State) { n.gates[Way{from, to}].Set(state, 0) }

// put puts an obstacle into its ways, take takes it away.
func (n *Network) put(o *obstacle) {
	n.obstacles[o] = struct{}{}
	n.set(o.ways)
}

func (n *Network) take(o *obstacle) {
	delete(n.obstacles, o)
	n.set(o.ways)
}

// flip does the one or the other.
func (n *Network) flip(o *obstacle) {
	if _, stands := n.obstacles[o]; stands {
		n.take(o)
	} else {
		n.put(o)
	}
}

// set sets the gates of some ways to the worst that stands in each.
func (n *Network) set(ways []Way) {
	for _, way := range ways {
		worst := setting{}
		for o := range n.obstacles {
			for _, w := range o.ways {
				if w == way && o.worse(worst) {
					worst = o.setting
				}
			}
		}
		n.gates[way].Set(worst.state, worst.delay)
	}
}
