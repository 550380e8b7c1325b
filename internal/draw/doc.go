// Package draw makes up calls of Redis commands for tests: of every command of the key space, with arguments that meet
// each other and lie at the edges of what a command takes. The comparison with a real Redis and the clients of the
// simulator draw from it, so that a command which is added here is in both.
//
// Everything follows from the source of chance that a caller gives: the same source makes the same calls.
package draw
