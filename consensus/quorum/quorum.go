// Package quorum is the arithmetic of majorities, alone and in pairs, and nothing else.
//
// Raft decides everything by majorities: elections, commits, and the confirmation of reads. While the membership
// changes, a decision needs a majority of the old voters and one of the new (thesis section 4.3). All of it comes down
// to two questions, which this package answers for any types:
//
//   - Reached: how far has a majority come? (commit index, read epoch)
//   - Decide: has a majority said yes, can it still? (votes, liveness of followers)
//
// Limits: a group may have any number of members; up to eight cost no allocation.
//
// Invariants, each checked against a brute-force definition for all groups of up to nine members:
//
//  1. Any two majorities of one group have a member in common.
//  2. Any two quorums of one pair have a member in common in each of its groups.
//  3. Reached never depends on the order of members, and never falls when a member's value rises.
//  4. Decide is final: an answer that is not Pending stays, whatever the silent members say later.
//
// Rejected: a type for sets of members (two short slices are clearer and need no conversion from a configuration),
// and weights (without a use so far, and the proofs get longer).
package quorum

import "cmp"

// Majority is the number of members that a group of n needs to decide. A group of none cannot decide: the majority of
// 0 is 1.
func Majority(n int) int { return n/2 + 1 }

// Pair is one or two groups of members that decide together: a majority of each is needed. Old is empty unless the
// membership is changing. A pair without members can never win.
type Pair[M comparable] struct {
	New []M
	Old []M
}

// Answer is what a member said.
type Answer uint8

// The answers. The zero value is that of a member that was not heard.
const (
	Silent Answer = iota
	No
	Yes
)

// Outcome is what a group knows about a decision.
type Outcome uint8

// The outcomes. Lost means that the members yet silent can no longer make a majority of yes.
const (
	Pending Outcome = iota
	Lost
	Won
)

// String is the outcome's name in lower case.
func (o Outcome) String() string { return [...]string{"pending", "lost", "won"}[o] }

// Reached is the largest value that a quorum of members has reached or passed; the zero value of V if there are no
// members.
func Reached[M comparable, V cmp.Ordered](p Pair[M], value func(M) V) V {
	reached := reachedByGroup(p.New, value)
	if len(p.Old) == 0 {
		return reached
	}
	return min(reached, reachedByGroup(p.Old, value))
}

// Decide counts the members' answers.
func Decide[M comparable](p Pair[M], answer func(M) Answer) Outcome {
	outcome := decideInGroup(p.New, answer)
	if len(p.Old) == 0 {
		return outcome
	}
	other := decideInGroup(p.Old, answer)
	switch {
	case outcome == Lost || other == Lost:
		return Lost
	case outcome == Won && other == Won:
		return Won
	default:
		return Pending
	}
}

// reachedByGroup sorts the values in falling order by insertion, for groups are small; the value at the place of the
// majority's last member is the answer.
func reachedByGroup[M comparable, V cmp.Ordered](group []M, value func(M) V) V {
	if len(group) == 0 {
		var zero V
		return zero
	}
	var buf [8]V
	falling := buf[:0]
	for _, member := range group {
		v := value(member)
		i := len(falling)
		falling = append(falling, v)
		for ; i > 0 && falling[i-1] < v; i-- {
			falling[i] = falling[i-1]
		}
		falling[i] = v
	}
	return falling[Majority(len(group))-1]
}

func decideInGroup[M comparable](group []M, answer func(M) Answer) Outcome {
	yes, silent := 0, 0
	for _, member := range group {
		switch answer(member) {
		case Yes:
			yes++
		case Silent:
			silent++
		}
	}
	switch needed := Majority(len(group)); {
	case yes >= needed:
		return Won
	case yes+silent < needed:
		return Lost
	default:
		return Pending
	}
}
