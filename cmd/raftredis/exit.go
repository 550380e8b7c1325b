package main

import (
	"errors"
	"fmt"
)

// The exit codes. Service managers decide by them whether to start the process again.
const (
	exitOK = 0
	// exitError: it did not work, and may work later or with other surroundings.
	exitError = 1
	// exitUsage: the command line is wrong; the same one never works. The Go runtime ends with the same number when a
	// goroutine panics, which it does when an invariant is broken; its output begins with "panic:" and lists goroutines.
	exitUsage = 2
	// exitFatal: the node must not go on: the disk failed, or what is on it is damaged.
	exitFatal = 70
)

// usageError is a wrong command line. hint says how to do it right.
type usageError struct{ text, hint string }

func (e *usageError) Error() string { return e.text }

// wrongUsage makes a usageError whose hint is the subcommand's help.
func wrongUsage(subcommand, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...), "raftredis " + subcommand + " --help shows what there is"}
}

// fatalError is an error after which the node must not be started again unseen.
type fatalError struct{ err error }

func (e *fatalError) Error() string { return e.err.Error() }
func (e *fatalError) Unwrap() error { return e.err }

// exitCode is what the process says of an error to whoever started it.
func exitCode(err error) int {
	var usage *usageError
	var fatal *fatalError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &fatal):
		return exitFatal
	}
	return exitError
}
