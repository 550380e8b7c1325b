// Package wal is a node's log on disk: a journal that every commit waits for, the history of committed entries, and the
// identity of the node, in one locked directory.
//
//	directory/
//	  LOCK                  held while a process uses the directory
//	  identity              who this node is
//	  journal/journal-a, -b the commit path: see package journal
//	  history-1/0000…       committed entries from index 1 on: see package history
//
//	   Append (log writer)               Write (filler)              Entries (readers)
//	        │                                │                            ▲
//	        ▼                                ▼                            │
//	     journal ◄── durable up to ──── history, under one lock ──────────┘
//
// # Invariants
//
//  1. History receives only entries that are committed and durable in the journal, in order. It never sees a vote, and
//     it is never truncated because of a conflict.
//  2. The journal's checkpoint is never beyond what was synced to history. At open, history beyond the checkpoint is
//     cut; the ordinary filler writes it again. Below it everything must be there and whole, or Open refuses.
//  3. An entry in history is the entry as it is in the journal and on the wire, with its own checksum and index. Both
//     are checked whenever it is read.
//  4. A directory is blank until its identity is stored, which is the last step of making it. A directory with an
//     identity has a journal; one without an identity has no entries.
//
// # Concurrency
//
// Append, Seal, Room, Keep and Restart are for one goroutine, the log writer; Write and Rest for one, the filler;
// Entries, Trim, BytesBefore, HistoryBytes, SetIdentity and Stats for any; a Cursor for the one that has it. Entries
// keeps only other calls of Entries waiting, a Cursor keeps nothing waiting, and may be read while Restart runs. Append
// and Write do not meet, except while Append rolls the journal, which syncs history. Trim and BytesBefore hold them up
// for as long as it takes to list the files, and Trim once in a thousand files for a sync.
//
// # Errors
//
// Errors of Append, Seal and Keep are final: they are the journal's. So are others that vfs.IsFatal calls fatal. The
// rest says that the system is short of descriptors, memory or space: nothing of the call was done, and it may be
// repeated.
//
// # Rejected
//
// The segment library of history as the whole log: a growing file costs twice the latency per sync, and it has no
// checksums.
package wal
