// Package fsm is the state machine: the key space of Redis, and the commands that read and change it.
//
// It knows neither Raft nor sockets. It applies the entries of a log in order. The same log gives the same state and
// the same replies on every node.
//
//	Apply(index, stamp, data, run) ──► commands of the entry ──► key space ◄── Query(stamp, run)
//	                                                                │
//	                                                Freeze() ───────┘──► Image ──WriteTo──► bytes ──► Restore
//
// Package keyspace is the key space, package value is what keys hold. Package exec is what a command sees; families of
// commands are packages beside it. Here are the machine, time, and the commands on keys, strings, locks and topics.
//
// Time moves only by the log: log time is the highest stamp of all entries, and wall time is log time plus the offset
// that entries carry. Relative deadlines are moments of log time, absolute ones of wall time. A key whose deadline it
// has reached is absent for every command at once. Each entry removes a bounded number of such keys, so that no entry
// pays for all keys that end together. A read has a stamp of its own. If a key that it looks at ends between state
// time and stamp, it asks for an entry with that stamp first: what one read does not find, no later read finds, on any
// node.
//
// Limits: a value has at most Options.MaxValueBytes. An entry removes at most sweepPerEntry overdue keys, and
// sweepPerWrite more for each of its commands; a SCAN looks at some ten thousand keys at most. A key and an entry have
// no limit here; the connection that makes entries bounds them.
//
// Invariants:
//
//  1. The state after an entry is a function of the state before it, the entry, and Options. No clock, randomness,
//     address, order of a Go map or other setting has an influence.
//  2. Apply is total: any bytes have the same effect, and get the same reply, everywhere. Nothing a client sends
//     panics.
//  3. Freezes, images and hashes are as package keyspace promises. The layout in memory shows in the reply to MEMORY
//     USAGE only.
//  4. Query changes nothing, so any number may run at once. An image can answer what takes long.
//  5. Existence never runs backwards: once a read did not find a key that ended, no read finds it until a write.
//
// Each family attaches its functions to the commands of package commands, which has everything else about them.
//
// Rejected:
//   - To remove a key when a read finds it overdue, or all that are overdue at once: the first is a write outside the
//     log, the second an entry that takes a second.
package fsm
