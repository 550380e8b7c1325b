package fsm

import "github.com/raftredis/raftredis/fsm/exec"

// randomKey is RANDOMKEY. Chance comes from the connection, and from the moment and the place of the call in its run:
// one call differs from the next. The same chance picks the same key of the same content, whatever the layout in
// memory.
func randomKey(v exec.View, c exec.Call) []byte {
	chance := v.Chance()
	key, ok := v.Space.Pick(chance.Word())
	if !ok {
		return c.Null()
	}
	return c.BulkString(key)
}
