package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// How long a door is left alone between two slams, is mute before it is slammed, and stays shut.
const (
	shortestCalm   = 50 * time.Millisecond
	longestCalm    = 500 * time.Millisecond
	longestSilence = 50 * time.Millisecond
	longestShut    = 100 * time.Millisecond
)

// Doors are the ways from clients to nodes, one gate for each node. A run slams them: a node takes a command and does
// it, and the connection is gone before the reply is there.
type Doors struct {
	gates []*Gate
	// slams counts how often one was slammed.
	slams int
}

// NewDoors makes the doors of nodes whose addresses for clients are given.
func NewDoors(addresses []string) (*Doors, error) {
	d := &Doors{}
	for node, address := range addresses {
		gate, err := NewGate(address)
		if err != nil {
			d.Close()
			return nil, fmt.Errorf("door of node %d: %w", node, err)
		}
		d.gates = append(d.gates, gate)
	}
	return d, nil
}

// Addresses are where clients find the nodes, by number.
func (d *Doors) Addresses() (all []string) {
	for _, gate := range d.gates {
		all = append(all, gate.Address())
	}
	return all
}

// Close closes all doors.
func (d *Doors) Close() {
	for _, gate := range d.gates {
		gate.Close()
	}
}

// slam slams one door after the other until the context ends, and leaves all of them open.
//
//  1. The door is mute: what clients send arrives and is done, the replies stay behind it.
//  2. It is shut: all connections are reset, with the replies in them.
//  3. It opens.
//
// Now and then it opens after the silence, and replies arrive late.
func (d *Doors) slam(ctx context.Context, rng *rand.Rand) {
	for wait(ctx, between(rng, shortestCalm, longestCalm)) == nil {
		gate, lost := d.gates[rng.IntN(len(d.gates))], rng.IntN(4) > 0
		gate.Set(Mute, 0)
		_ = wait(ctx, between(rng, 0, longestSilence)) // the door opens all the same
		if lost {
			gate.Set(Refuse, 0)
			_ = wait(ctx, between(rng, 0, longestShut))
			d.slams++
		}
		gate.Set(Open, 0)
	}
}
