package fsm

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/command"
)

// Weigh is how much work it is to go through the value at a key of a database, 0 without a state. It may be called
// where Query may.
func (m *Machine) Weigh(database int, key []byte) int {
	if !m.ready {
		return 0
	}
	return m.state.Space(database).Weigh(key)
}

// lookBeside answers a call that needs no entry, while one is applied.
func (m *Machine) lookBeside(v exec.View, called *command.Call, c exec.Call) []byte {
	if called.Spec == nil {
		return look(v, called, c)
	}
	return m.readBeside(v, called.Spec, c.Reading(called.Args))
}

// readBeside executes a read while an entry is applied. One that is much work is put off.
func (m *Machine) readBeside(v exec.View, spec *command.Spec, c exec.Call) []byte {
	var counted command.Lookups
	if v.Lookups != nil {
		counted = *v.Lookups
	}
	made := read(v, spec, c)
	if c.IsPutOff() {
		if v.Lookups != nil { // they count when it is executed
			*v.Lookups = counted
		}
		return c.PutOff(reads[spec.ID()], v, m.state.Freeze())
	}
	return made
}
