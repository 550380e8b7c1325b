// Package latency measures how long replies take at half of what a system can do, in an open loop: each request is due
// at a time that is fixed before, so that a stall counts for all that were due meanwhile.
//
//	beside     redis-server, the same with replicas, and raftredis, in turns
//	one dead   raftredis with three nodes, and with two of the three
//	keys       raftredis with few keys, and with many
//
// What is compared is measured in turns, in one run.
package latency
