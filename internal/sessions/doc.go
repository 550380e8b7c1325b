// Package sessions remembers what clients have had executed, so that a command is executed once however often it is
// sent (Ongaro, "Consensus: Bridging Theory and Practice", section 6.3).
//
// A client opens a session and numbers its commands in it: 1, 2, 3 and so on. A state machine asks Begin before it
// executes a command, and tells Record afterwards. Of each session the table keeps
//
//	highest    the highest sequence that was executed
//	window     which of the Window sequences up to there were executed: a client may have so many in flight, and they
//	           may come in any order
//	replies    of those, as long as the limits allow
//	deadline   log time at which the session ends, unless its client sends something before
//
// The answer to a sequence depends on nothing else:
//
//	no such session, or its deadline has come           NoSession   not executed now
//	highest - Window or less                            TooOld      not executed now
//	in the window, executed, its reply is here          Replayed
//	in the window, executed, its reply is gone          ReplyGone
//	in the window, not executed, or above highest       First       the caller executes it
//
// So a sequence is executed once at most, whatever the order of arrival: Record puts it into the window, and what has
// left the window is never executed. A client that uses sequence n says thereby that it waits for no reply to
// n - Window or before, and needs no other acknowledgement.
//
// A Table is deterministic: the same calls make the same table on every node, byte for byte in its image and by its
// hash. Times are log time in milliseconds, and never go back.
package sessions
