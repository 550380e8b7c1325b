// Package sidebyside measures three nodes beside a Redis that does as much for its data: each write is synced before
// its reply (appendonly yes, appendfsync always). The generator is redis-benchmark, with its default list of tests.
//
//	Run ──► start a redis-server and three nodes
//	  └──► for each round, depth of pipelines and test:  redis-benchmark ──► redis-server, leader, follower
//
// The machine may have other work to do. So the places are measured one right after the other, test by test, in an
// order that rotates; a ratio is that of two figures of one round, and the median of all rounds counts.
package sidebyside
