//go:build newer

package fsm

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/commands/data"
)

// laterFunctions are those of command.laterCommands.
var laterFunctions = []exec.Function{{Of: data.LevelProbe, Write: probe}}

func probe(w *exec.Writer, c exec.Call) []byte {
	key := c.Args[1]
	w.Put(w.Place(key), key, keyspace.NewEntry(key, []byte("of a later level")))
	return c.OK()
}
