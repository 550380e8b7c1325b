// Package guard names the safety rules that a test may switch off in order to prove that the tests would notice.
//
// A test suite is only as good as the bugs it catches. For each rule listed here the simulator runs the product with
// that one rule removed and must find a violation; a rule whose removal no test notices is a rule without a test.
//
// In an ordinary build every guard is always up: Set.Down is the constant false, the compiler removes the branch, and
// no option, flag or environment variable can weaken a running node. Only `go test -tags mutation` builds the other
// half of the package.
package guard

import (
	"fmt"
	"slices"
	"strings"
)

// Guard is one rule that a mutation build can switch off. The names are those of docs/catalogue.md.
type Guard uint8

// The guards. Each constant says what happens while the guard is down.
const (
	// CommitProven (B1): a follower takes the leader's commit index as its own, not bounded by what it has proven to
	// match.
	CommitProven Guard = iota
	// VoteDurable (A2): a vote leaves before it is durable.
	VoteDurable
	// CommitOwnTerm (B2): entries of earlier terms are committed by counting replicas.
	CommitOwnTerm
	// AppendDurable (B6): an append is acknowledged before it is durable.
	AppendDurable
	// ReadQuorum (C1): a leader answers reads without asking a majority.
	ReadQuorum
	// OwnVoteDurable (S12): a candidate counts its own vote before it is durable.
	OwnVoteDurable
	// VoteInOpening (S14): a journal file is begun without the vote of the file before it.
	VoteInOpening
	// ForwardTerm (S2): a leader appends forwarded batches that were meant for another term.
	ForwardTerm
	// LaterTermProof (S3): a batch counts as not done as soon as its leader changed, without proof from the log.
	LaterTermProof
	// ReadNoOp (S10): a new leader's read index ignores its term's no-op.
	ReadNoOp
	// EpochBeforeMessages (S11): the epoch of new reads is one that messages already carry.
	EpochBeforeMessages
	// BothHalves (D3): the new half of a joint configuration decides alone.
	BothHalves
	// InForceWhenAppended (D5): a configuration counts only once it is committed.
	InForceWhenAppended
	// OneChange (D2): a step of a change is taken while the one before is not committed.
	OneChange
	// LearnersUncounted (D18): learners count like voters.
	LearnersUncounted
	// VoteByLogAlone (D4): a node that does not know that it is a voter refuses its vote.
	VoteByLogAlone
	// FinalMessage (D9): a removed node is not told of its removal.
	FinalMessage
	// InstallDurable (E1): a follower says that it installed a snapshot before that is durable.
	InstallDurable
	// SnapshotVoidsLog (E2): a log that holds another entry at the mark of a snapshot is kept.
	SnapshotVoidsLog
	// NewestSnapshot (E3): a node's own snapshot replaces a newer one that was installed meanwhile.
	NewestSnapshot
	// WholeBodies (S33): the last piece of a body that is not whole takes effect as if it were all of it.
	WholeBodies
	// LastPieceRegistered (S34): a batch whose last piece was sent still counts as never sent.
	LastPieceRegistered
	// PiecesInSnapshot (S35): a snapshot leaves out the bodies that the log has in part.
	PiecesInSnapshot
	// CarriedLogTime (S37): a new leader takes log time from the wall clocks, although voters carry it on.
	CarriedLogTime
	count
)

var names = [count]string{
	"CommitProven", "VoteDurable", "CommitOwnTerm", "AppendDurable", "ReadQuorum", "OwnVoteDurable", "VoteInOpening",
	"ForwardTerm", "LaterTermProof", "ReadNoOp", "EpochBeforeMessages", "BothHalves", "InForceWhenAppended",
	"OneChange", "LearnersUncounted", "VoteByLogAlone", "FinalMessage", "InstallDurable", "SnapshotVoidsLog",
	"NewestSnapshot", "WholeBodies", "LastPieceRegistered", "PiecesInSnapshot", "CarriedLogTime",
}

// All lists every guard, in the order of their declaration.
func All() []Guard {
	all := make([]Guard, count)
	for i := range all {
		all[i] = Guard(i)
	}
	return all
}

// String is the guard's name as docs/catalogue.md has it.
func (g Guard) String() string { return names[g] }

// Parse makes a set of names with commas between them.
func Parse(list string) (set Set, err error) {
	if list == "" {
		return 0, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		i := slices.Index(names[:], name)
		if i < 0 {
			return 0, fmt.Errorf("no guard %q; there are %v", name, names)
		}
		set = set.With(Guard(i))
	}
	return set, nil
}

// Set is a set of guards that are down; the zero value is the product: all up.
type Set uint64

// With returns the set with one more guard down.
func (s Set) With(g Guard) Set { return s | 1<<g }
