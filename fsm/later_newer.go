//go:build newer

package fsm

import (
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/command"
)

// laterFunctions are those of command.laterCommands.
var laterFunctions = []function{{of: command.LevelProbe, write: probe}}

func probe(m *Machine, c call) []byte {
	key := c.args[1]
	m.space.Put(m.space.Place(key), key, keyspace.NewEntry(key, []byte("of a later level")))
	return c.ok()
}
