package fsm

import (
	"fmt"

	"github.com/raftredis/raftredis/fsm/keyspace"
)

// DefaultMaxValueBytes is the default of Options.MaxValueBytes: Redis's proto-max-bulk-len.
const DefaultMaxValueBytes = 512 << 20

// maxMaxValueBytes is the largest limit: the section of an image that holds one value counts its bytes in 32 bits.
const maxMaxValueBytes = 1 << 30

// Options are the settings on which the effect of commands depends. They must be the same on all nodes of a cluster;
// they enter the state hash, so a node that differs is found as one whose state differs.
type Options struct {
	// MaxValueBytes is the most bytes of a string, from 1 to 1 GiB; 0 means DefaultMaxValueBytes.
	MaxValueBytes int
}

// Machine is the state machine. It has no lock: the caller keeps these rules. One goroutine at a time calls Restore,
// Apply or Freeze. During Restore and Apply no other goroutine reads; otherwise any number may call Query, Due, Hash and
// Stats. A read-write lock does that, with a second lock for goroutines that freeze while they hold the first for reading.
type Machine struct {
	maxValueBytes int
	// ready is set by Restore, without which there is no seed.
	ready bool
	space keyspace.Space
	// expired counts the keys that were swept, for Stats: it is no part of the state.
	expired uint64
	// arguments and scratch are kept between calls of Apply so that each need not allocate its own.
	arguments [][]byte
	scratch   []byte
}

// New makes a machine that awaits its Restore. Options out of range are a programmer's error, and panic.
func New(o Options) *Machine {
	if o.MaxValueBytes == 0 {
		o.MaxValueBytes = DefaultMaxValueBytes
	}
	if o.MaxValueBytes < 1 || o.MaxValueBytes > maxMaxValueBytes {
		panic(fmt.Sprintf("fsm: MaxValueBytes is %d, not between 1 and %d", o.MaxValueBytes, maxMaxValueBytes))
	}
	return &Machine{maxValueBytes: o.MaxValueBytes}
}

// advance moves the machine to the next index and its time to the stamp, if that is later. Every index comes here, in
// order and once: an index out of turn means that the log was not applied as it is, and ends the process.
func (m *Machine) advance(index uint64, stamp int64) {
	if !m.ready {
		panic("fsm: Apply before Restore")
	}
	if index != m.space.Index()+1 {
		panic(fmt.Sprintf("fsm: entry %d applied after entry %d", index, m.space.Index()))
	}
	m.space.Advance(index, stamp)
}

// Ready reports whether there is a state: whether Restore was called.
func (m *Machine) Ready() bool { return m.ready }

// Index is the index of the last entry applied.
func (m *Machine) Index() uint64 { return m.space.Index() }

// Due is the earliest deadline of a stored key in milliseconds since 1970 UTC, and 0 if no key has one. While the state
// time has reached it, there are keys to be removed, which every entry does: also an empty one.
func (m *Machine) Due() int64 {
	if !m.ready {
		return 0
	}
	return m.space.Due()
}

// Hash is the hash of the state: of every key with its value and deadline, the state time, and the options. It is the
// same on all nodes that applied the same entries, however they came to do so, and costs the same however much is
// stored.
func (m *Machine) Hash() uint64 {
	return m.space.StateHash()
}
