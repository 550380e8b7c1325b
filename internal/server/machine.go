package server

import (
	"io"
	"sync/atomic"

	"github.com/raftredis/raftredis/fsm"
	"github.com/raftredis/raftredis/internal/spoil"
)

// machine is the key space in the words of the library.
type machine struct {
	*fsm.Machine
	// applied is the index of the last entry applied, for readers without the lock of the state.
	applied atomic.Uint64
	// held is about how many bytes the keys and values occupy, for readers without the lock.
	held atomic.Int64
	// sessions and sessionBytes are the sessions and about what they occupy, for readers without the lock.
	sessions, sessionBytes atomic.Int64
	// seed is the cluster's, for Restore.
	seed uint64
}

func newMachine() *machine { return &machine{Machine: fsm.New(fsm.Options{Parallel: inParallel})} }

// Apply gives the key space an entry, and with a command of this node the run that it belongs to. It notes the index
// before the clients of the entry are woken.
func (m *machine) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	if own, is := local.(*submission); is {
		local = &own.request.Run
	}
	data, local = spoil.Entry(data, local)
	result := m.Machine.Apply(index, stamp, data, local)
	m.note(index)
	return result
}

// Seed comes before each Restore.
func (m *machine) Seed(seed uint64) { m.seed = seed }

// Restore is that of the key space.
func (m *machine) Restore(r io.Reader) error {
	m.Discard() // a Restore that fails ends the node
	m.held.Store(0)
	m.noteSessions()
	err := m.Machine.Restore(m.seed, r)
	m.note(m.Index())
	return err
}

// note lets others see how far the machine has come, and what it holds.
func (m *machine) note(index uint64) {
	m.held.Store(int64(m.HeldBytes()))
	m.noteSessions()
	m.applied.Store(index)
}

// noteSessions stores what has changed: reading costs an entry less.
func (m *machine) noteSessions() {
	count, bytes := m.Sessions()
	if m.sessions.Load() != int64(count) {
		m.sessions.Store(int64(count))
	}
	if m.sessionBytes.Load() != int64(bytes) {
		m.sessionBytes.Store(int64(bytes))
	}
}

// Freeze is that of the key space.
func (m *machine) Freeze() io.WriterTo { return m.Machine.Freeze() }
