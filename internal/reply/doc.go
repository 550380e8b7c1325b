// Package reply encodes replies to Redis clients, by appending to a slice.
//
// RESP2 is redcon's append functions; what RESP3 adds (null, map, set, pairs, double, boolean, verbatim text, push) is
// added here. A function that takes the protocol, 2 or 3, writes the form which that protocol has for the value; one
// that does not writes a form that both share. Error texts are Redis's own to the letter: client libraries match them.
//
// Invariants:
//
//  1. Every function appends exactly one value or header, and looks at nothing that is already in dst. PairHeader
//     appends nothing for RESP2, which does not mark pairs.
//  2. A line (simple string or error) never contains a line break, whatever a client put into it.
//  3. The same arguments give the same bytes on every architecture.
//
// The package imports nothing of the project. Rejected: a writer object with the protocol inside (the state machine
// appends to a plain slice that its owner reuses, and a slice is easier to test).
package reply
