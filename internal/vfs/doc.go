// Package vfs is the file system as the log sees it: few operations, each with a stated meaning for durability, and two
// implementations: the operating system's, and one in memory that can lose power.
//
//	            write            Sync               SyncDir
//	contents    visible          durable            -
//	names       visible          -                  durable
//
// What a caller may rely on:
//
//  1. A write, truncation, creation, rename or removal is visible at once to everyone who opens the file later.
//  2. After power loss, contents are what the last successful Sync left, and any part of what was written since, in
//     sectors of SectorBytes, in any order. A file may have grown without its data: the gap reads as zeros.
//  3. A name is durable only after SyncDir of its directory, whatever was synced inside the file. Names of one
//     directory become durable in the order of the operations; there is no order between directories.
//  4. After a failed Sync nothing is known: what was written before may be lost although later Syncs succeed. The only
//     sound answer is to stop using the file, and this package offers no retry.
//
// Limits: paths use slashes; a rename stays within one directory; there are no links, permissions or times.
//
// Rejected: the standard library's io/fs (it cannot write), and an interface with append-only files (the journal writes
// in place into files whose blocks were allocated before, which halves the time of a sync).
package vfs
