// Package stats is what a server remembers of how long things took, and how INFO, LATENCY and SLOWLOG tell it. Counts
// stand in package metrics, which it reads.
package stats
