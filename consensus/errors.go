package consensus

import (
	"errors"

	"github.com/raftredis/raftredis/consensus/pump"
)

// The errors of Propose, Query, HandOver, TakeOver, ChangeMembers, Join and TakeSnapshot. Test them with errors.Is.
var (
	// ErrNotDone means that the command was not executed and never will be: there was no leader for too long, or the
	// node is not part of a cluster yet. It is safe to try again.
	ErrNotDone = errors.New("not done: no leader")
	// ErrUnknown means that the command may have been executed, or may yet be. Trying again may execute it twice. Of a
	// change of the membership it means the same, and asking for it again is right.
	ErrUnknown = errors.New("outcome unknown: the command was sent and its fate could not be learned in time")
	// ErrOverloaded means that too much is waiting already; the command was not executed.
	ErrOverloaded = errors.New("not done: too much is waiting")
	// ErrTooLarge means that the command exceeds Options.MaxEntryBytes; it was not executed.
	ErrTooLarge = errors.New("not done: the command is larger than an entry may be")
	// ErrClosed means that the node is closed or has failed; the command was not executed.
	ErrClosed = errors.New("not done: the node is closed")
	// ErrLeads means that the node leads already.
	ErrLeads = errors.New("this node leads already")
	// ErrIsMember means that the node belongs to a cluster already.
	ErrIsMember = errors.New("this node belongs to a cluster already")
	// ErrNotMember means that the node is blank, or was removed.
	ErrNotMember = errors.New("this node is no member of a cluster")
	// ErrRefused means that a change of the membership cannot be made; the text says why, and what to do.
	ErrRefused = errors.New("the change of the membership is refused")
	// ErrGoesOn means that the log carries a change of the membership that is not complete yet. Status().Configuration
	// shows what it waits for.
	ErrGoesOn = errors.New("the change of the membership was accepted and goes on")
	// ErrUndone means that a change of the membership was made, or a part of it, and another one took that back meanwhile.
	ErrUndone = errors.New("the change of the membership was taken back by another one")
	// ErrNotVoter means that the node is no voter of a cluster, so that it cannot lead.
	ErrNotVoter = errors.New("this node is no voter")
	// ErrSnapshotUnderway means that a snapshot is being taken, or was asked for, already.
	ErrSnapshotUnderway = pump.ErrSnapshotUnderway
)
