// Package front is what all peers have in common: their flags, the protocol of Redis, and the keys. What differs is how
// a SET is replicated and how a GET is confirmed; a peer is a Replica.
//
//	a client's bytes ──redcon──► PING, INFO …            answered here
//	                   └───────► a run of SETs           Replica.Set for each, then their ends are waited for
//	                   └───────► a run of GETs           Replica.Confirm once, then Store.Get for each
//
// So a pipeline costs each peer one confirmation, and its SETs may share groups of their log. All of it is linearizable
// if the replica is: a GET is confirmed after the SETs before it have ended, and before those after it begin.
package front
