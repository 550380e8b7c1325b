package consensus

import (
	"context"
	"errors"
	"fmt"
)

// The errors of a Node's methods and of a Request. Test them with errors.Is.
var (
	// ErrNotDone means that the command was not executed and never will be: there was no leader for too long, or the
	// node is not part of a cluster yet. It is safe to try again.
	ErrNotDone = errors.New("not done: no leader")
	// ErrUnknown means that the command may have been executed, or may be later. Trying again may execute it twice. For a
	// change of the members it means the same, and asking for it again is right.
	ErrUnknown = errors.New("outcome unknown: the command was sent and its fate could not be learned in time")
	// ErrOverloaded means that too much is waiting already; the command was not executed.
	ErrOverloaded = errors.New("not done: too much is waiting")
	// ErrClosed means that the node is closed or has failed; the command was not executed.
	ErrClosed = errors.New("not done: the node is closed")
	// ErrRefused means that nothing was done, and that the same request cannot succeed as things are: a command is larger
	// than Options.MaxEntryBytes, a change of the members is impossible, the node belongs to no cluster, or to one
	// already, or cannot lead. The text says why, and what to do.
	ErrRefused = errors.New("refused")
	// ErrReplyGone means that an earlier attempt of the same command was executed, and that its result is no longer kept.
	ErrReplyGone = errors.New("done before, and its result is no longer kept")
	// ErrNoSession means that the command was not executed by this attempt, and never will be: its session was closed,
	// has expired, or never was. Whether an earlier attempt of the same command was executed, nothing knows any more.
	ErrNoSession = errors.New("not executed now: there is no such session; an earlier attempt may have been executed")
	// ErrSequenceTooOld means that the command was not executed by this attempt, and never will be: the session has
	// executed a sequence that is 128 or more above. Whether an earlier attempt of the same command was executed, nothing
	// knows any more.
	ErrSequenceTooOld = errors.New("not executed now: the session has gone on by 128 sequences or more; an earlier " +
		"attempt may have been executed")
	// ErrConditionFailed means that the members are not those of MemberChange.If any more. The error matches ErrRefused as
	// well, and names the newest configuration.
	ErrConditionFailed = errors.New("the members are not those that the change is based on")
	// ErrPending means that what was asked for is under way: a snapshot is being taken, or the log carries a change of the
	// members that is not complete. Status.Configuration shows what the change waits for.
	ErrPending = errors.New("accepted and not complete")
	// ErrSuperseded means that a change of the members was made, or a part of it, and another change took that back.
	ErrSuperseded = errors.New("another change of the members took this one back")
	// ErrAlreadyLeader means that the node leads already.
	ErrAlreadyLeader = errors.New("this node leads already")
)

// reasonError is one of the errors above whose text is only the reason.
type reasonError struct{ kind, reason error }

// refuse makes an error that matches ErrRefused, and whatever the format wraps.
func refuse(format string, args ...any) error {
	return &reasonError{ErrRefused, fmt.Errorf(format, args...)}
}

// cancelled is ErrNotDone because a context has ended.
func cancelled(ctx context.Context) error {
	return &reasonError{ErrNotDone, fmt.Errorf("not done: %w", ctx.Err())}
}

// Error is the reason.
func (e *reasonError) Error() string { return e.reason.Error() }

// Unwrap lets errors.Is find the kind and what the reason wraps.
func (e *reasonError) Unwrap() []error { return []error{e.kind, e.reason} }

// Why a node refuses what only members, blank nodes or voters can do.
const (
	isMember  = "this node belongs to a cluster already"
	notMember = "this node is no member of a cluster"
	notVoter  = "this node is no voter"
)
