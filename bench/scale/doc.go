// Package scale measures what a request costs as things grow: keys, values, nodes, connections that do nothing.
//
//	keys     processor time for a SET and a GET with more and more keys
//	memory   bytes for a key, beside redis-server
//	values   bytes that all nodes write with large values, beside what the disk takes when one file is written
//	nodes    processor time for a SET of three nodes, and of five
//	idle     throughput and memory with connections that do nothing
//
// Each part starts what it needs and stops it; what is compared is measured in turns.
package scale
