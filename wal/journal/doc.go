// Package journal is the part of the log that every commit waits for: two files of fixed size, used in turn, in which
// one write and one sync make a group of operations durable.
//
//	journal-a   generation 7   opening │ group │ group │ group │ seal │ group │      (complete; overwritten next)
//	journal-b   generation 8   opening │ group │ seal │ old records of generation 6, or zeros …          (in force)
//
// Why so: a sync of a growing file costs the file system a commit of its own journal, a sync of blocks that were
// written before does not; it takes half the time, and less than that when several nodes share a disk.
//
// An opening is complete in itself: term, vote, the snapshots in force, the history directory, the checkpoint (the end
// of what is durable in history), the configuration in force there, and a copy of all entries above it. So the older
// file is needed only until the opening of the newer one is durable, and recovery reads exactly one file. Where a group
// does not fit behind the records of a file, the opening of the other one includes it.
//
// Every record starts at a page, is written once, and carries the file's generation and random salt, the checksum of
// the record before it, and a checksum of itself; its header has one of its own. Payloads are masked by the salt (see
// mask.go): on the disk, what parses as a header was written as one. The records of a file are an ordered stream of
// parts (see part.go). A seal is an empty record, written when the owner is idle: it proves the record before it.
//
// # Invariants
//
//  1. A file is overwritten only while the other one is complete and synced, and begins with a whole opening.
//  2. A page that a sync made durable is not written again until its file is reused for the next generation but one,
//     except with the bytes that it holds (see 5).
//  3. A record is begun only after the sync of the record before it succeeded. So a readable header of the same
//     generation behind a damaged record proves that the record was durable once: that is corruption, not a torn tail.
//  4. A generation names the end of the one before it. So a file that ends before that is corrupt, and one that
//     ends there may have a torn tail, however often recovery itself was interrupted.
//  5. Nothing is said to anyone before the roll that ends Open is durable: what was read may have come from the page
//     cache of a process that died before its sync. For the same reason the file that was read is written once more and
//     synced, and the directory synced, before the roll: after a failed sync the cache still shows what the disk never
//     got, and a sync without a write would not bring it there.
//  6. An opening is at most half a file, unless the file size was lowered: commands wait (Room); votes, and the small
//     entries that begin a term, never do.
//  7. The first error is final: nothing is known about the disk after a failed write or sync.
//  8. Term and commit never go back, a vote never changes within its term, entries are contiguous, their terms never
//     decrease, and nothing at or below commit or checkpoint is truncated: the writer panics, the reader refuses.
//  9. What a client sent decides nothing about what recovery finds: neither as a header, nor by a checksum that a
//     client can aim at. A salt is drawn for each generation, and the node tells it to no one.
//
// # Limits
//
// The last record before power loss cannot be told from a torn one if it rots before anything follows it: about one
// group, until the next record or seal. Two independent damages can defeat the detection; one cannot. A file that is
// replaced by an older copy of itself is not detected here but by the node's peers.
//
// One goroutine owns a Journal. The package reads no clock and draws nothing: salts come from the owner.
//
// # Rejected
//
// One file as a ring: its oldest live record pins it, and recovery needs a pointer that itself must be durable. Vote
// and term in a file of their own: two syncs per election, or a vote lost with the one slot that rots. Growing files:
// twice the latency. Preallocated but never written blocks: slower than growing, as each write converts an extent.
package journal
