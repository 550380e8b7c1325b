// Package raftlog has the words of the log, which the protocol, the log on disk and the files of snapshots share:
// Index, Term, Mark, Tag, Entry and its bytes, the kinds of entries with their traits, SnapshotMark, Operation.
//
// It is a leaf: it knows neither the protocol that fills the log nor the disk that holds it.
package raftlog
