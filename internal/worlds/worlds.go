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
)

// KeySpace is the workload of the key space.
type KeySpace struct{}

// machine is the machine of package fsm as package consensus takes it.
type machine struct{ *fsm.Machine }

// Freeze implements workload.StateMachine.
func (m machine) Freeze() workload.Image { return m.Machine.Freeze() }

// NewMachine implements workload.Workload.
func (KeySpace) NewMachine() workload.StateMachine { return machine{fsm.New(fsm.Options{})} }

// Write implements workload.Workload.
func (KeySpace) Write() workload.Request { return Commands("INCR n.left") }

// NewClient implements workload.Workload.
func (KeySpace) NewClient(number int, chance *rand.Rand, mix workload.Mix) workload.Client {
	return &client{number: number, chance: chance, mix: mix}
}

// client makes up commands.
type client struct {
	number int
	chance *rand.Rand
	mix    workload.Mix
	// written counts writes.
	written int
}

// hits is true with probability p.
func (c *client) hits(p float64) bool { return p > 0 && c.chance.Float64() < p }

// Invent implements workload.Client.
func (c *client) Invent(now time.Duration, readsOnly bool) workload.Request {
	if c.hits(c.mix.Timed) {
		return c.timed(now, readsOnly)
	}
	if readsOnly || c.hits(c.mix.Reads) {
		r := &Request{calls: []call{{name: "GET", key: c.key(now)}}}
		if c.hits(0.2) {
			r.calls = append(r.calls, call{name: "GET", key: c.key(now)})
		}
		return r
	}
	key := c.key(now)
	r := &Request{calls: []call{c.write(key)}}
	if c.hits(c.mix.Pipelines) {
		for range 1 + c.chance.IntN(3) {
			if c.hits(0.5) {
				r.calls = append(r.calls, call{name: "GET", key: key})
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
		return ends(call{name: "GET", key: key})
	}
	c.written++
	set := call{name: "SET", key: key, value: fmt.Sprintf("=%d", c.written*100+c.number), option: "PX"}
	life := 1 + c.chance.Int64N(4000)
	if c.hits(0.5) {
		set.option, life = "PXAT", life+workload.Epoch+now.Milliseconds()
	}
	set.end = strconv.FormatInt(life, 10)
	return ends(set)
}

// Proof implements workload.Client.
func (c *client) Proof() (write, read workload.Request) {
	key := fmt.Sprintf("s.%d", c.number)
	return &Request{calls: []call{c.write(key)}}, &Request{calls: []call{{name: "GET", key: key}}}
}

// key picks one of the keys that are in use now. The first half of them holds numbers.
func (c *client) key(now time.Duration) string {
	age := int(now / c.mix.KeyLife)
	kind := [...]string{"n", "s"}[c.chance.IntN(2)]
	return fmt.Sprintf("%s%d.%d", kind, c.chance.IntN(c.mix.Keys), age)
}

// write makes up a write. No two writes of a world say the same, so that a value tells which client wrote it.
func (c *client) write(key string) call {
	c.written++
	unique := strconv.Itoa(c.written*100 + c.number)
	pick := c.chance.IntN(20)
	switch {
	case pick == 0:
		return call{name: "DEL", key: key}
	case key[0] == 'n' && pick == 1:
		return call{name: "SET", key: key, value: unique}
	case key[0] == 'n':
		return call{name: "INCR", key: key}
	case pick < 8:
		return call{name: "APPEND", key: key, value: "+" + unique}
	default:
		return call{name: "SET", key: key, value: "=" + unique}
	}
}
