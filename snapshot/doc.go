// Package snapshot keeps the state of a node in files: it writes them, verifies them, sends and receives them piece by
// piece, and removes those that no record needs. It does not know what the state is; that is the business of the state
// machine, whose image it carries as bytes.
//
//	directory/
//	  <index>-<term>-<hash>.snapshot    whole and verified
//	  <index>-<term>.writing            being written by this node
//	  <index>-<term>-<hash>.receiving   being received; survives a restart
//
//	  state machine          leader                     follower
//	     │ image               │ File.Chunk                │ Receiver.Write
//	     ▼                     ▼          the network      ▼
//	   Writer ──► file ──►  frames  ─────────────────►  frames ──► file ──► File.Image ──► state machine
//
// A file is a row of frames: a header, blocks, a footer. All blocks but the last have one size, so the place of
// every frame follows from the size of the header and that of the file; see format.go for the bytes.
//
//	┌────────┬─────────┬─────────┬─────┬─────────┬────────┐
//	│ header │ block 1 │ block 2 │  …  │ block n │ footer │
//	└────────┴─────────┴─────────┴─────┴─────────┴────────┘
//	 mark,    length, number, checksum,  the last  count, size, hash of
//	 cluster  up to BlockBytes of image  is short  everything before it
//
// # Invariants
//
//  1. A file whose name ends in .snapshot is whole, verified from the file, and synced; so is its name, before the
//     store reports it.
//  2. A file is a function of the log up to its mark: no node, no clock, no chance. Two replicas write the same bytes
//     and so find the same hash. A node that fetches a file may go on with another node that has it.
//  3. Whether a file counts is not said here but by the journal, which names it by raftlog.SnapshotMark. A file that
//     no record names is garbage, whole or not, and Retain removes it.
//  4. Every frame carries a checksum that covers its number and depends on the header's. So a frame of another file, or
//     in another place, is as wrong as a damaged one.
//  5. No byte leaves the package unverified, to the network or to the state machine, and none enters a file unverified
//     from the network. The hash over the whole is compared as well: when the last frame is received, when a file is
//     published, before an image is read, and again before the image's reader says io.EOF.
//  6. Retain removes nothing that is being written or received, nor what was just published: a Writer and a Receiver
//     hold their file until they are closed, and what they completed stays until it was named once. An open File stays
//     readable after its name is gone.
//  7. A resumed transfer writes again what it found: after a sync that failed in an earlier process, the page cache
//     shows bytes that the disk never got, and a later sync alone would not bring them there.
//  8. Memory is bounded by two frames, whatever a file or a peer claims. The disk holds the part of one transfer that
//     is interrupted, however many were: to begin with another snapshot is to give up what is left of those before.
//
// # How a file comes to be
//
// A crash after any step leaves what the step says; nothing older was touched before the owner's journal names the new.
//
//  1. It is made under a temporary name, and its frames are written and synced bit by bit. Left: a temporary file.
//     Retain removes one that was being written; one that was being received is taken up again, or removed.
//  2. It is synced and read back, and everything in it is verified. Left: the same.
//  3. It takes its final name. Left: a temporary file or a whole one.
//  4. The directory is synced. Left: a whole file that no record names, which Retain removes.
//  5. The owner's journal names it. Left: a snapshot.
//  6. Retain removes files that are not named any more. Left: any of them, until Retain is called again.
//
// # The order of calls
//
// Taking: freeze the machine at an applied index that is durable in the journal; Store.Create; write the image into the
// Writer; Writer.Commit and Close; the journal names the mark; Store.Retain with that mark and the one before it.
//
// Sending: Store.Open with the mark in force; File.Chunk from the offset for which the receiver asks, until it is
// empty; File.Close.
//
// Receiving: Store.Receive with the mark that the leader announced; ask for bytes from Receiver.Offset on, and give
// them to Receiver.Write; when Receiver.Done, Receiver.Commit and Close; the journal names the mark; the state machine
// is restored; Store.Retain. When the connection or the process ends before the commit, begin again with Store.Receive.
//
// Restoring: Store.Open with the mark that the journal names; File.Image; give it to the state machine, compare its
// hash with Header.StateHash; File.Close. At a start, Store.Retain follows, before anything is written or received.
//
// # Errors
//
// ErrNoSpace and ErrShortage are states: nothing is left of the attempt, and it may be repeated when there is space, or
// a descriptor, or memory. What vfs.Passing knows is a state too; what is left of the attempt then is garbage that the
// next one or Retain removes. ErrRefused is about bytes that a peer sent. ErrBusy, ErrTooLarge, ErrVersion, ErrForeign
// and fs.ErrNotExist (of Open, when the file was retired) are answers. An error of the caller's Pace is the caller's.
// Everything else, damage of a file included (CorruptionError), says that the disk does not keep what it was given; the
// rule of the house is to stop.
//
// # Limits
//
// Reading back finds what went wrong on the way to the system, and not what a disk will return later from its platters:
// for that, File.Verify may be called at any time. The package reads no clock: a caller that bounds a rate, or ends
// work that takes long, does so in the Pace that is called for every frame.
//
// # Rejected
//
// A file that says which snapshot is in force: a second truth beside the journal, and a crash between the two. Counting
// the users of a file: an open handle keeps its bytes on every system that we support, without a count that could be
// wrong. Sending images instead of files: a resumed transfer would need an image cut at the same place on another node.
// Trusting the checksums of the image: a state machine of somebody else may have none. One sync at the end: a large
// file would reach the disk in one burst, beside a journal that is waiting for its own sync. CRC-64 for the whole: it
// is not faster than SHA-256 where the processor knows that one (1.37 against 1.40 GB/s, Go 1.26, AMD EPYC), and
// clients choose the values in a file, so a hash that one can aim at should not be its name.
package snapshot
