// Package topology says who owns which slots, and what each kind of client is told about it. It is pure: a map follows
// from what a node knows of its cluster, and from nothing else.
//
// Every node serves every key. A map of slots only spreads clients over the nodes, and a View says which of three maps
// clients see:
//
//	spread    each voter owns an even, contiguous share, in the order of node ids; a voter that the leader believes down
//	          or that is about to leave owns none, and so do learners; each node is a master
//	leader    the leader owns all slots, all other members are its replicas; without a leader no node owns a slot
//	off       clients see no cluster, but one master at each node
//
// A node has one Role in a view, and each command that tells a role tells that one.
//
// In the spread view the owner of a slot is a function of the newest configuration and the set of absent voters. Nodes
// that know the same show the same map.
package topology
