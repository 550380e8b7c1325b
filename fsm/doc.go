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
// Limits: a value has at most Options.MaxValueBytes. A key and an entry have no limit here; whoever proposes entries
// bounds them.
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
//  5. The image is a function of the state alone. How nodes were divided, and whether a string lies with its key or
//     apart, is in no image and influences no reply.
//  6. The state hash is that of the content, kept up with each write in proportion to what the write touches.
//  7. Query changes nothing, so any number may run at once.
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
package fsm
