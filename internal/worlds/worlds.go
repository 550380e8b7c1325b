// Package worlds runs simulated clusters of the key space. KeySpace is the workload that package sim runs: the machine
// of package fsm, clients that send it commands, and a model that knows the answers. The fixed seeds, the exploring of
// new ones, the mutations and the long runs of a busy cluster are the tests of this package.
package worlds

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/fsm"
	"github.com/raftredis/raftredis/internal/draw"
)

// KeySpace is the workload of the key space.
type KeySpace struct {
	// MaxValueBytes bounds values; 0 means the bound of package fsm. Drawn commands make large ones, and a simulated
	// disk is small.
	MaxValueBytes int
}

// machine is the machine of package fsm as package consensus takes it.
type machine struct{ *fsm.Machine }

// Freeze implements workload.StateMachine.
func (m machine) Freeze() workload.Image { return m.Machine.Freeze() }

// NewMachine implements workload.Workload.
func (k KeySpace) NewMachine() workload.StateMachine {
	return machine{fsm.New(fsm.Options{MaxValueBytes: k.MaxValueBytes})}
}

// Write implements workload.Workload.
func (KeySpace) Write() workload.Request { return Commands("INCR n.left") }

// NewClient implements workload.Workload.
func (KeySpace) NewClient(number int, chance *rand.Rand, mix workload.Mix) workload.Client {
	mixed := draw.NewMix(chance)
	mixed.Keys = drawnKeys
	return &client{number: number, chance: chance, mix: mix, mixed: mixed}
}

// client makes up commands.
type client struct {
	number int
	chance *rand.Rand
	mix    workload.Mix
	// mixed draws requests of every kind.
	mixed *draw.Mix
	// written counts writes.
	written int
}

// hits is true with probability p.
func (c *client) hits(p float64) bool { return p > 0 && c.chance.Float64() < p }

// Invent implements workload.Client.
func (c *client) Invent(now time.Duration, readsOnly bool) workload.Request {
	if !readsOnly && c.hits(c.mix.Crowds) {
		return c.crowd(now)
	}
	if c.hits(c.mix.Drawn) {
		return c.drawn(now, readsOnly)
	}
	if c.hits(c.mix.Timed) {
		return c.timed(now, readsOnly)
	}
	if readsOnly || c.hits(c.mix.Reads) {
		r := &Request{calls: []call{c.read(c.key(now))}, protocol: 2}
		if c.hits(0.2) {
			r.calls = append(r.calls, c.read(c.key(now)))
		}
		return r
	}
	key := c.key(now)
	r := &Request{calls: []call{c.write(key)}, protocol: 2}
	if c.hits(c.mix.Pipelines) {
		for range 1 + c.chance.IntN(3) {
			if c.hits(0.5) {
				r.calls = append(r.calls, c.read(key))
				continue
			}
			r.calls = append(r.calls, c.write(c.key(now)))
		}
	}
	return r
}

// timedKeys is how many keys that end are in use at a time.
const timedKeys = 6

// timed makes up a request on a key that ends: in some seconds, or at a moment of the clock. No two of them set the
// same value.
func (c *client) timed(now time.Duration, readsOnly bool) workload.Request {
	key := fmt.Sprintf("t%d", c.chance.IntN(timedKeys))
	if readsOnly || c.hits(0.7) {
		return ends("GET", key)
	}
	c.written++
	option, life := "PX", 1+c.chance.Int64N(4000)
	if c.hits(0.5) {
		option, life = "PXAT", life+workload.Epoch+now.Milliseconds()
	}
	return ends("SET", key, fmt.Sprintf("=%d", c.written*100+c.number), option, strconv.FormatInt(life, 10))
}

// Proof implements workload.Client.
func (c *client) Proof() (write, read workload.Request) {
	key := fmt.Sprintf("s.%d", c.number)
	return &Request{calls: []call{c.write(key)}, protocol: 2}, Commands("GET " + key)
}

// key picks one of the keys that are in use now. Its first letter says of which kind it is.
func (c *client) key(now time.Duration) string {
	age := int(now / c.mix.KeyLife)
	kind := kinds[c.chance.IntN(len(kinds))]
	key := fmt.Sprintf("%c%d.%d", kind, c.chance.IntN(c.mix.Keys), age)
	if kind == pairs && c.hits(0.5) {
		return key + twinMark
	}
	return key
}
