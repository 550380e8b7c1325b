package server

import (
	"io"
	"sync/atomic"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/fsm"
)

// machine is the key space in the words of the library.
type machine struct {
	*fsm.Machine
	// applied is the index of the last entry applied, for readers without the lock of the state.
	applied atomic.Uint64
}

func newMachine() *machine { return &machine{Machine: fsm.New(fsm.Options{})} }

// Apply is that of the key space. It notes the index before the clients of the entry are woken.
func (m *machine) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	result := m.Machine.Apply(index, stamp, data, local)
	m.applied.Store(index)
	return result
}

// Restore is that of the key space.
func (m *machine) Restore(seed uint64, r io.Reader) error {
	err := m.Machine.Restore(seed, r)
	m.applied.Store(m.Index())
	return err
}

// Freeze is that of the key space.
func (m *machine) Freeze() consensus.Image { return m.Machine.Freeze() }
