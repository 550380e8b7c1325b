// Package inspect describes the directory of a node: its identity, its promises, its snapshots and its log.
//
// Invariants: it changes nothing, and the node may run meanwhile. Damage of a file that the node needs is an error that
// names file and offset.
package inspect
