package fsm

import (
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
)

// DefaultMaxValueBytes is the default of Options.MaxValueBytes: Redis's proto-max-bulk-len.
const DefaultMaxValueBytes = 512 << 20

// maxMaxValueBytes is the largest limit that a cluster can have.
const maxMaxValueBytes = 1 << 30

// Options are the settings on which the effect of commands depends, and AheadBytes, Parallel and Encodings. The
// settings must be the same on all nodes of a cluster. The state hash covers them, so that it tells a node with other
// options.
type Options struct {
	// MaxValueBytes bounds the bytes of a string, from 1 to 1 GiB; 0 means DefaultMaxValueBytes.
	MaxValueBytes int
	// AheadBytes is how long an argument of a body is that Prepare cuts and hashes: 0 means 16 KiB, tests set less, 21 at
	// least. The effect of commands does not depend on it.
	AheadBytes int
	// Parallel, if not nil, lets Restore use several processors. The effect of commands does not depend on it.
	Parallel keyspace.Parallel
	// Encodings, if not nil, tells the limits of encodings that this node has at the moment; nil: the defaults of Redis.
	// Any goroutine may call it. Only reads that show them depend on it, and their specs say OfNode.
	Encodings func() value.EncodingLimits
	// ByFrequency, if not nil, reports whether this node counts how often keys are used, as Redis does with a policy of
	// LFU, instead of when they were last. Any goroutine may call it. Only OBJECT IDLETIME and OBJECT FREQ depend on it.
	ByFrequency func() bool
}

// Machine is the state machine. It has no lock: the caller keeps these rules. One goroutine at a time calls Restore,
// Apply or Freeze. During Restore and Apply no other goroutine reads; otherwise, and so beside a Freeze, any number may
// call Query, Due, Hash and Stats. A read-write lock does that, with a second lock for goroutines that freeze while
// they hold the first for reading. Prepare runs beside all of these but Restore and Apply.
type Machine struct {
	maxValueBytes int
	aheadBytes    int
	parallel      keyspace.Parallel
	own           ownSettings
	// newReader, if not nil, makes the readers of values in images: tests bring kinds of their own.
	newReader func(value.Kind) value.Reader
	// ready says that Restore was called, which brings the seed.
	ready bool
	// writes are the functions of commands: RAFT.ONCE, which is one of them, calls the others.
	writes []exec.Write
	// level is the feature level of the cluster at the last entry: what came in a later one does not happen.
	level uint8
	state keyspace.State
	// writer is what commands write with: to state.
	writer exec.Writer
	// expired counts the keys that this node swept, for Stats. It is no part of the state.
	expired uint64
	// arguments and scratch are buffers of Apply, which it keeps between calls.
	arguments [][]byte
	scratch   []byte
	// keeping is that of the command of RAFT.ONCE which is being executed, record the buffer of a reply that is kept, kept
	// how many bytes of replies to the commands of this entry are.
	keeping exec.Keeping
	record  []byte
	kept    int
	// ahead is what was done for a body in pieces that is not whole yet.
	ahead ahead
	// coming is what was fetched for the commands that come next.
	coming upcoming
}

// New makes a machine, which is ready after a Restore. It panics if an option is out of range.
func New(o Options) *Machine {
	if o.MaxValueBytes == 0 {
		o.MaxValueBytes = DefaultMaxValueBytes
	}
	if o.MaxValueBytes < 1 || o.MaxValueBytes > maxMaxValueBytes {
		panic(fmt.Sprintf("fsm: MaxValueBytes is %d, not between 1 and %d", o.MaxValueBytes, maxMaxValueBytes))
	}
	if o.AheadBytes == 0 {
		o.AheadBytes = defaultAheadBytes
	}
	if o.AheadBytes < minAheadBytes {
		panic(fmt.Sprintf("fsm: AheadBytes is %d, less than %d", o.AheadBytes, minAheadBytes))
	}
	m := &Machine{
		maxValueBytes: o.MaxValueBytes, aheadBytes: o.AheadBytes, parallel: o.Parallel,
		own:    ownSettings{encodings: o.Encodings, byFrequency: o.ByFrequency},
		writes: slices.Clone(writes), state: keyspace.New(0, o.MaxValueBytes),
	}
	m.writes[data.RaftOnce.ID()], m.writes[node.Select.ID()] = m.once, m.choose
	m.writer = exec.WriterOf(&m.state)
	return m
}

// advance moves the machine to the next index and its time to the stamp, if that is later. Every index comes once and
// in order. Another one means that the caller does not apply the log as it is, and advance panics.
func (m *Machine) advance(index uint64, stamp int64) {
	if !m.ready {
		panic("fsm: Apply before Restore")
	}
	if index != m.state.Index()+1 {
		panic(fmt.Sprintf("fsm: entry %d applied after entry %d", index, m.state.Index()))
	}
	m.state.CountUses(m.own.countsUses())
	m.state.Advance(index, stamp)
}

// ownSettings are those of this node, which no write sees.
type ownSettings struct {
	encodings   func() value.EncodingLimits
	byFrequency func() bool
}

// countsUses reports whether the node counts how often keys are used.
func (s ownSettings) countsUses() bool { return s.byFrequency != nil && s.byFrequency() }

// Discard lets go of the state before a Restore that replaces it, so that two states need not be in memory together.
// Only Restore may follow, and without it there is no state.
func (m *Machine) Discard() {
	m.state.Replace(keyspace.New(0, m.maxValueBytes))
	m.writer.Begin(nil) // it held a database of the old state
	m.ready, m.ahead = false, ahead{}
	m.coming.drop()
}

// Ready reports whether there is a state: whether Restore was called.
func (m *Machine) Ready() bool { return m.ready }

// HeldBytes is about how many bytes of this node's memory the keys and their values occupy. It may be called where
// Apply may, and differ between nodes.
func (m *Machine) HeldBytes() int { return m.state.HeldBytes() }

// Index is the index of the last entry applied.
func (m *Machine) Index() uint64 { return m.state.Index() }

// SetOffset is the offset of the entries from the next one on: stamp + offset is wall time, in milliseconds since 1970
// UTC, by which keys with absolute deadlines end. It is 0 before the first call, and part of an image.
func (m *Machine) SetOffset(millis int64) {
	if !m.ready {
		panic("fsm: SetOffset before Restore")
	}
	m.state.SetOffset(millis)
}

// SetLevel is the feature level of the cluster from the next entry on. It is no part of an image: the owner tells it
// after each Restore from one. Commands of a higher level are refused, by each node in the same way.
func (m *Machine) SetLevel(level uint8) { m.level = level }

// Due is the log time of the earliest deadline of a stored key in milliseconds, and 0 if no key has one. While the
// state time has reached it there are keys to remove; every entry removes some, also an empty one.
func (m *Machine) Due() int64 {
	if !m.ready {
		return 0
	}
	return m.state.Due()
}

// Hash is the hash of the state: of every key with its value and deadline, the state time, and the options. It is the
// same on all nodes that applied the same entries, also through images, and costs O(1).
func (m *Machine) Hash() uint64 {
	return m.state.StateHash()
}
