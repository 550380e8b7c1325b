// Package fsm is the state machine: the key space of Redis, and the commands that read and change it.
//
// It knows neither Raft nor sockets. It is handed the entries of a log, every one in order, and gives the same state
// and the same replies for the same log on every node, for ever.
//
//	Apply(index, stamp, data, run) ──► commands of the entry ──► key space ◄── Query(stamp, run)
//	                                                                │
//	                                                Freeze() ───────┘──► Image ──WriteTo──► bytes ──► Restore
//
// Package keyspace is the key space, package value is what keys hold; here are the commands, by family, and time.
//
// Time moves only by the log: the state time is the highest stamp of all entries. A key whose deadline it has reached
// is absent for every command at once; an entry removes some of those that are still stored, so that no entry pays for
// all that one moment ends. A read made for a later moment asks for an entry with that stamp if a key that it looks at
// ends in between: what one read does not find, no later read finds, on any node.
//
// Limits: a value has at most Options.MaxValueBytes. An entry removes at most sweepPerEntry overdue keys, and
// sweepPerWrite more for each of its commands; a SCAN looks at maxScanKeys keys at most. A key and an entry have no
// limit here; the connection that makes entries bounds them.
//
// Invariants:
//
//  1. The state after an entry is a function of the state before it, the entry, and Options. There is no clock, no
//     randomness, no address, no order of a Go map, and no setting besides in it.
//  2. Apply is total: any bytes have the same effect, and get the same reply, everywhere. Nothing a client sends
//     panics.
//  3. What keyspace promises of freezes, images and hashes. How it lies in memory influences no reply, but for that of
//     MEMORY USAGE, which tells of that and of nothing else.
//  4. Query changes nothing, so any number may run at once. What takes long can be put to an image instead.
//  5. Existence never runs backwards: once a read did not find a key that ended, no read finds it until a write.
//
// The commands' functions are attached in table.go to the ids of package command; everything else about a command is in
// the table there.
//
// Rejected:
//   - To remove a key when a read finds it overdue, or all that are overdue at once: the first is a write outside the
//     log, the second an entry that takes a second.
package fsm
