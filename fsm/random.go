package fsm

import "github.com/raftredis/raftredis/fsm/keyspace"

// randomKey is RANDOMKEY. Chance comes from the connection, and from the moment and the place of the call in its run:
// one call differs from the next. The same chance picks the same key of the same content, whatever the layout in
// memory.
func randomKey(v view, c call) []byte {
	chance := keyspace.Sequence(v.random)
	chance ^= keyspace.Sequence(chance.Next() ^ uint64(v.now.Log))
	chance ^= keyspace.Sequence(chance.Next() ^ uint64(len(c.reply)+c.left()))
	key, ok := v.space.Pick(chance.Next())
	if !ok {
		return c.null()
	}
	return c.bulkString(key)
}
