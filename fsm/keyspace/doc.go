// Package keyspace is the key space of Redis: databases of keys with their values and deadlines, as trees that can be
// frozen.
//
// It knows no command and no reply. Package fsm executes commands on it; package value holds what a key can hold.
//
//	State: time, numbers, sessions, and the databases, each a Space
//
//	Space: 16,384 slots ──► tree by the bits of a keyed hash ──► Entry: key, value, deadline, version
//	  │                                                             │
//	  └── deadlines: an index by time                               └── the value: a string that lies with its key,
//	                                                                    or a value.Value apart from it
//
// See Space for the tree, Entry for the record of a key, and format.go for the image.
//
// Invariants:
//
//  1. What a freeze reaches never changes again. Nodes, and the chunks of long strings, carry the generation that made
//     them and are copied before a write if they are older; entries are replaced, never changed.
//  2. Values own their bytes: nothing of an entry of the log or of a client's buffer stays alive behind a call.
//  3. The image is a function of the content alone. How nodes were divided, whether a string lies with its key or
//     apart, and the index of deadlines are in no image.
//  4. The state hash is that of the content, kept up with each write in proportion to what the write touches.
//  5. The version of a key is the index of the entry of the log that made the key or last changed its value or
//     deadline. It is part of the content.
//
// Rejected:
//   - A Go map, or a map per slot: the whole would have to be copied at the first write after a freeze, its order is
//     not ours to choose, and 10 million keys are 10 million pointers more.
//   - A B-tree as the key space: three to six times the cost of a map per operation, for an order that no command
//     asks for.
//   - A hash table per slot, copied whole after a freeze: a million keys under one hash tag are one slot.
//   - The version of a key in its record: EXPIRE changes the version, and would copy the value.
//   - A faster hash without a key: clients choose the keys, and could choose a million that collide.
//   - Deadlines in a tree of their own besides the entries, frozen with them: the entry is where every command looks
//     anyway, and an index of names would keep old records alive and be touched by each INCR of a key that ends.
package keyspace
