// Package rdb reads and writes single values in the format of Redis's RDB files, as DUMP and RESTORE carry them.
//
//	payload = type, body, version (2 bytes), CRC-64 of all before
//
// It reads what Redis has written from 2.6 to 7.2, in each of its encodings: a container may be a sequence of strings,
// or one string that is a ziplist, a listpack, an intset or a zipmap. It writes each container as a sequence of
// strings, which every one of these versions reads, and streams as Redis 5 to 7.2 have them: see Version.
//
// Invariants:
//
//  1. A payload is bytes of a client. Reading panics at none, and refuses what is not exactly one value.
//  2. What is read needs memory for one element, or for one string that holds a container, besides what the visitor
//     keeps. What compression claims to hold is bounded before it is made.
//
// The package imports internal/number only.
//
// Rejected: github.com/hdt3213/rdb and its like. They read files that the owner of a server has made: they allocate
// what a length claims, and index without a check.
package rdb
