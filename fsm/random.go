package fsm

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
)

// randomKey is RANDOMKEY. Chance comes from the connection, and from the moment and the place of the call in its run:
// one call differs from the next. The same chance picks the same key of the same content, whatever the layout in
// memory.
func randomKey(v exec.View, c exec.Call) []byte {
	chance := keyspace.Sequence(v.Random)
	chance ^= keyspace.Sequence(chance.Next() ^ uint64(v.Now.Log))
	chance ^= keyspace.Sequence(chance.Next() ^ uint64(c.Length()))
	key, ok := v.Space.Pick(chance.Next())
	if !ok {
		return c.Null()
	}
	return c.BulkString(key)
}
