package exit

import (
	"errors"
	"fmt"
)

// The exit codes, by which service managers decide whether to start the process again.
const (
	OK = 0
	// Failed: it did not work, and may work later.
	Failed = 1
	// Usage: the command line is wrong, and never works as it is. The Go runtime uses the same number for a panic, which
	// here means a broken invariant; its output begins with "panic:" and lists goroutines.
	Usage = 2
	// Fatal: the node must not go on: the disk failed, or what is on it is damaged.
	Fatal = 70
)

// UsageError is a wrong command line. Hint says how to do it right.
type UsageError struct{ Text, Hint string }

func (e *UsageError) Error() string { return e.Text }

// WrongUsage makes a UsageError whose hint is the subcommand's help.
func WrongUsage(subcommand, format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...), "raftredis " + subcommand + " --help shows what there is"}
}

// FatalError is an error that a person must read before the node starts again.
type FatalError struct{ Err error }

func (e *FatalError) Error() string { return e.Err.Error() }
func (e *FatalError) Unwrap() error { return e.Err }

// Code is the exit code that an error stands for.
func Code(err error) int {
	var usage *UsageError
	var fatal *FatalError
	switch {
	case err == nil:
		return OK
	case errors.As(err, &usage):
		return Usage
	case errors.As(err, &fatal):
		return Fatal
	}
	return Failed
}
