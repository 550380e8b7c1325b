// Package worlds runs simulated clusters of the key space. KeySpace is the workload that package sim runs: the machine
// of package fsm, clients that send it commands, and a model that knows the answers. The fixed seeds, the exploring of
// new ones, the mutations and the long runs of a busy cluster are the tests of this package.
package worlds

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/fsm"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/draw"
)

// KeySpace is the workload of the key space.
type KeySpace struct {
	// MaxValueBytes bounds values; 0 means the bound of package fsm. Drawn commands make large ones, and a simulated
	// disk is small.
	MaxValueBytes int
	// Sizes are from which lengths on values and bodies count as long; Met counts what was met, if it is not nil.
	Sizes Sizes
	Met   *Met
	// LongBytes is how many bytes the values of long requests have, at least, in worlds with Sizes.
	LongBytes int
}

// Sizes are lengths in bytes from which on a node treats what it has in another way, so that half a gigabyte does not
// stop it. The values of a world are a million times shorter: without smaller sizes no world would get there. 0 is what
// a node has, but for SummedBytes: then nothing is compared by sums.
type Sizes struct {
	// AheadBytes is that of arguments that are cut and hashed before their body is whole: see fsm.Options.
	AheadBytes int
	// LeftOutBytes is that of values that connections copy into replies: see command.Run.LateBytes. 0 is for none.
	LeftOutBytes int
	// SummedBytes is that of bodies which are compared by their sums: see command.Run.Summarize.
	SummedBytes int
}

// Met counts what was long in worlds, and what happened between databases.
type Met struct {
	// Ahead counts parts of bodies that a machine took before the whole, Summed runs that were compared by their sums,
	// LeftOut runs that lacked a part of a value, Frozen those of them that were put to a frozen state.
	Ahead, Summed, LeftOut, Frozen atomic.Int64
	// Moved counts movers that changed their database alone, Swapped databases that changed places, Refused transactions
	// of which a watched key had changed.
	Moved, Swapped, Refused atomic.Int64
}

// machine is the machine of package fsm as package consensus takes it, with what connections and the server do to runs.
type machine struct {
	*fsm.Machine
	sizes Sizes
	met   *Met
}

// Prepare implements workload.StateMachine.
func (m machine) Prepare(body []byte, totalBytes int) {
	if m.sizes.AheadBytes > 0 && len(body) >= m.sizes.AheadBytes {
		m.met.Ahead.Add(1)
	}
	m.Machine.Prepare(body, totalBytes)
}

// Apply implements workload.StateMachine. A run got its sum when it was submitted, and its body has not changed since.
func (m machine) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	run, ok := local.(*command.Run)
	if !ok {
		return m.Machine.Apply(index, stamp, data, local)
	}
	if run.LateBytes = m.sizes.LeftOutBytes; m.sizes.SummedBytes > 0 {
		run.Summarize(m.sizes.SummedBytes)
	}
	result := m.Machine.Apply(index, stamp, data, local)
	m.count(run)
	return result
}

// Query implements workload.StateMachine: it puts a run to a frozen state if the present one will not do.
func (m machine) Query(stamp int64, local any) (needTick bool) {
	run := local.(*command.Run)
	run.LateBytes = m.sizes.LeftOutBytes
	if needTick = m.Machine.Query(stamp, run); run.WantsFreeze {
		run.WantsFreeze = false
		image := m.Machine.Freeze()
		defer image.Release()
		needTick = image.Query(stamp, run)
		m.met.Frozen.Add(1)
	}
	m.count(run)
	return needTick
}

// count counts what was long in a run.
func (m machine) count(run *command.Run) {
	if run.Summed {
		m.met.Summed.Add(1)
	}
	if run.Long.Bytes() > 0 {
		m.met.LeftOut.Add(1)
	}
}

// Freeze implements workload.StateMachine.
func (m machine) Freeze() workload.Image { return m.Machine.Freeze() }

// NewMachine implements workload.Workload.
func (k KeySpace) NewMachine() workload.StateMachine {
	met := k.Met
	if met == nil {
		met = &Met{}
	}
	return machine{
		fsm.New(fsm.Options{MaxValueBytes: k.MaxValueBytes, AheadBytes: k.Sizes.AheadBytes}), k.Sizes, met,
	}
}

// Write implements workload.Workload.
func (KeySpace) Write() workload.Request { return Commands("INCR n.left") }

// NewClient implements workload.Workload.
func (k KeySpace) NewClient(number int, chance *rand.Rand, mix workload.Mix) workload.Client {
	mixed := draw.NewMix(chance)
	mixed.Keys = drawnKeys
	return &client{
		number: number, chance: chance, mix: mix, mixed: mixed, layouts: k.Sizes.AheadBytes > 0,
		longBytes: k.LongBytes, attempts: map[string]attempt{},
	}
}

// client makes up commands.
type client struct {
	number int
	chance *rand.Rand
	mix    workload.Mix
	// mixed draws requests of every kind.
	mixed *draw.Mix
	// layouts says that short values lie in memory in several ways: then there are commands that answer differently for
	// one state.
	layouts bool
	// longBytes is KeySpace.LongBytes.
	longBytes int
	// written counts writes.
	written int
	// attempts are the latest ones at locks, by their names.
	attempts map[string]attempt
	// watched is what the next transaction depends on, nil if the client watches nothing.
	watched []command.Watched
}

// hits is true with probability p.
func (c *client) hits(p float64) bool { return p > 0 && c.chance.Float64() < p }

// Invent implements workload.Client.
func (c *client) Invent(now time.Duration, readsOnly bool) workload.Request {
	if c.layouts && c.hits(longShare) {
		return c.long(readsOnly)
	}
	if !readsOnly && c.hits(c.mix.Crowds) {
		return c.crowd(now)
	}
	if c.hits(c.mix.Drawn) {
		return c.drawn(now, readsOnly)
	}
	if c.hits(c.mix.Timed) {
		return c.timed(now, readsOnly)
	}
	if c.hits(transactionShare) {
		return c.transact(now, readsOnly)
	}
	if c.hits(moverShare) {
		return c.move(now, readsOnly)
	}
	if readsOnly || c.hits(c.mix.Reads) {
		r := &Request{calls: []call{c.read(c.key(now))}, database: c.database(), protocol: 2}
		if c.hits(0.2) {
			r.calls = append(r.calls, c.read(c.key(now)))
		}
		return r
	}
	key := c.key(now)
	r := &Request{calls: []call{c.write(key)}, database: c.database(), protocol: 2}
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

// timed makes up a request on a lock, or on a key that ends: in some seconds, or at a moment of the clock. No two of
// them set the same value.
func (c *client) timed(now time.Duration, readsOnly bool) workload.Request {
	if c.hits(0.4) {
		return c.locking(readsOnly)
	}
	number := c.chance.IntN(timedKeys)
	key, database := fmt.Sprintf("t%d", number), number%modelDatabases
	if readsOnly || c.hits(0.7) {
		return ends(database, "GET", key)
	}
	c.written++
	option, life := "PX", 1+c.chance.Int64N(4000)
	if c.hits(0.5) {
		option, life = "PXAT", life+workload.Epoch+now.Milliseconds()
	}
	return ends(database, "SET", key, fmt.Sprintf("=%d", c.written*100+c.number), option, strconv.FormatInt(life, 10))
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
