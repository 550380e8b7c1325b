// Package history keeps committed entries on disk, in segments of github.com/tidwall/wal: files of one directory, each
// named by the index of its first entry. Followers that are far behind and a restart read from here.
//
//	Write (filler) ──► the last segment ──► Sync: durable
//	                   older segments   ──► Entries (readers)
//	Trim ──► the oldest segments go, as whole files
//	Rest ──► the last segment ends early, for the library holds it in memory
//
// # Invariants
//
//  1. History is never truncated because of a conflict: what is written is committed.
//  2. Open cuts what lies beyond the checkpoint. Below it everything must be there and whole, or Open refuses.
//  3. An entry is in a segment as it is on the wire, with its own checksum and index. Both are checked whenever it is
//     read.
//  4. The segment library only writes. All calls into it are made under one lock, behind a recover (a short segment
//     makes it panic), and after a repair of its files that does not rely on it (it takes zeros for entries, and
//     refuses a torn tail for ever).
//  5. Readers go past the library (it races with itself when it reads) and past that lock: they read what no call
//     changes any more. So only readers wait for a disk that is slow to read; the journal, which has history synced
//     when it rolls, does not.
//  6. So only the library holds its memory of a segment, and that of a full one is used for the next one (passOn).
//
// # Errors
//
// Errors are final, except ErrCompacted, an index that is not there yet, and what vfs.IsFatal does not call fatal: no
// space, no descriptor, no memory. Then nothing of the call was done, and it may be repeated. Sync needs none of these.
// A write that fails in this way leaves the segment library without its file; it is opened again by the same call or by
// the next one that needs it, for that too takes a descriptor.
//
// # Rejected
//
// The library's own truncation: it copies a segment, renames and never syncs a directory. Cutting the files before
// opening them needs none of that.
package history
