// Package console writes what a process says to people while it works: its log, and on a terminal one line that moves.
//
// A Writer never waits for the reader of the other end. Invariants:
//
//  1. Write, Status and Flush return in bounded time, whatever the reader does.
//  2. Lines are written whole and in order. A line that finds no room is dropped and counted.
//  3. The line that moves appears on terminals only, below the log.
//
// The package imports nothing of the project.
package console
