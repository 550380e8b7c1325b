// Package migration moves keys to another server: it is MIGRATE without the key space and without the connection.
//
// Keys go in portions. Those of a portion are read in one state, are sent as RESTORE, and are removed here, each by an
// entry of the log that does so only if the key has not changed since it was read:
//
//	READ    the values at some keys, and the state in which they were looked at
//	SEND    RESTORE for each of them, with the time that it has left
//	REMOVE  each key that the target has answered OK for, unless it has changed
//
// So a key is here, at the target, or at both, whatever ends at any moment: the client's connection, this node, the
// leader, the target. What the target has not acknowledged is not removed. What has changed meanwhile is not removed
// either, since the target has an older value: it is sent again where the client has said REPLACE, and else the client
// is told. Nothing is overwritten at the target without that word, also not what this call has put there.
//
// A node that carried out MIGRATE as Redis does, in one step that holds up everything else, would have no such case. It
// would have to hold up all nodes of its cluster, for as long as another server likes.
package migration
