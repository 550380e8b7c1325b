// Package history keeps committed entries on disk, in segments of github.com/tidwall/wal: files of one directory, each
// named by the index of its first entry. Followers that are far behind and a restart read from here.
//
//	Write (filler) ──► the last segment ──► Sync: durable
//	                   older segments   ──► Entries (readers)
//	Trim ──► the oldest segments go, as whole files
//
// # Invariants
//
//  1. History is never truncated because of a conflict: what is written is committed.
//  2. Open cuts what lies beyond the checkpoint. Below it everything must be there and whole, or Open refuses.
//  3. An entry is in a segment as it is on the wire, with its own checksum and index. Both are checked whenever it is
//     read.
//  4. All calls into the segment library are made under one lock (it races with itself when it reads), behind a recover
//     (a short segment makes it panic), and after a repair of its files that does not rely on it (it takes zeros for
//     entries, and refuses a torn tail for ever).
//
// # Errors
//
// Errors are final, with three exceptions: ErrCompacted, an index that is not there yet, and an error of Write that
// matches syscall.ENOSPC, which means that nothing of the call was taken; call again when there is space.
//
// # Rejected
//
// The library's own truncation: it copies a segment, renames and never syncs a directory. Cutting the files before
// opening them needs none of that.
package history
