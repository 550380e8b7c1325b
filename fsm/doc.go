// Package fsm is the state machine: the key space of Redis, and the commands that read and change it.
//
// It knows neither Raft nor sockets. It is handed the entries of a log, every one in order, and gives the same state
// and the same replies for the same log on every node, for ever.
//
//	Apply(index, stamp, data, run) ──► commands of the entry ──► key space ◄── Query(stamp, run)
//	                                                                │
//	                                                Freeze() ───────┘──► Image ──WriteTo──► bytes ──► Restore
//
// The key space is a directory of the Redis cluster's 16,384 slots, each a tree of small nodes by the bits of a hash
// that the cluster's first entry seeded. See space for the picture, entry for how values lie in memory, and format.go
// for the image.
//
// Time moves only by the log: the state time is the highest stamp of all entries. A key whose deadline it has reached
// is absent for every command at once; an entry removes some of those that are still stored, so that no entry pays for
// all that one moment ends. A read made for a later moment asks for an entry with that stamp if a key that it looks at
// ends in between: what one read does not find, no later read finds, on whatever node.
//
// Limits: a value has at most Options.MaxValueBytes. An entry removes at most sweepPerEntry overdue keys, and
// sweepPerWrite more for each of its commands; a SCAN looks at scanMostKeys keys at most. A key and an entry have no
// limit here; whoever proposes entries bounds them.
//
// Invariants:
//
//  1. The state after an entry is a function of the state before it, the entry, and Options. There is no clock, no
//     randomness, no address, no order of a Go map, and no setting besides in it.
//  2. Apply is total: any bytes have the same effect, and get the same reply, everywhere. Nothing a client sends
//     panics.
//  3. What a freeze can reach never changes again. Nodes, and the chunks of long strings, carry the generation that
//     made them and are copied before a write if they are older; entries are replaced, never changed.
//  4. Values own their bytes: nothing of an entry or of a client's buffer stays alive after Apply.
//  5. The image is a function of the state alone. How nodes were divided, whether a string lies with its key or apart,
//     and the index of deadlines are in no image and influence no reply, but for that of MEMORY USAGE, which tells of
//     them and of nothing else.
//  6. The state hash is that of the content, kept up with each write in proportion to what the write touches.
//  7. Query changes nothing, so any number may run at once. What takes long can be put to an image instead.
//  8. Existence never runs backwards: a key that ended is found by nobody until somebody writes it.
//
// The commands' functions are attached in table.go to the ids of package command; everything else about a command is in
// the table there.
//
// Rejected:
//   - A Go map, or a map per slot: the whole would have to be copied at the first write after a freeze, its order is
//     not ours to choose, and 10 million keys are 10 million pointers more.
//   - A B-tree as the key space: three to six times the cost of a map per operation, for an order nobody asks for.
//   - A hash table per slot, copied whole after a freeze: a million keys under one hash tag are one slot.
//   - A faster hash without a key: clients choose the keys, and could choose a million that collide.
//   - Deadlines in a tree of their own besides the entries, frozen with them: the entry is where every command looks
//     anyway, and an index of names would keep old records alive and be touched by each INCR of a key that ends.
//   - To remove a key when a read finds it overdue, or all that are overdue at once: the first is a write outside the
//     log, the second an entry that takes a second.
package fsm
