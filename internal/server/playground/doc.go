// Package playground runs a whole cluster on this machine, each node in a child process.
//
// Invariant: no child outlives its playground, however that ends (see child.go).
//
// Rejected: restarting a child that ended. Killing one and watching is what a playground is for.
package playground
