// Package client speaks Redis's protocol to a node as a program would that wants to know what became of each command:
// every command is sent once, and its fate is one of three.
//
//	Connect ──► Connection: Send, Receive, Pipeline, Do ──► Reply ──► Fate: done, not done, unknown
//
// # Limits
//
// RESP2 only; replies are read whole into memory. A connection has a time limit for dialling and one for replies. It is
// for checking nodes, not for speed.
//
// # What holds
//
//  1. Nothing is ever sent again. A broken connection is an error, and the fate of what was under way is unknown.
//  2. A reply that is not the protocol is an error, never a value.
//
// # Rejected
//
// A ready-made client library: most send commands again by themselves when a connection breaks, which is exactly what
// has to be seen.
package client
