package explore

import (
	"fmt"
	"strconv"
	"strings"
)

// Bounds say which space is explored. Numbers are those of a whole run, from the start to one state.
type Bounds struct {
	// Voters and Learners are the members at the start: voters 1..Voters, then learners. At most nodesMax in all.
	Voters, Learners int
	// Terms is the highest term that a node campaigns in. The members start in term 1.
	Terms int
	// Leader starts the exploration where node 1 leads term 2 and everything is settled; otherwise no node leads.
	Leader int
	// Entries are commands that clients propose, Reads what they read.
	Entries, Reads int
	// Changes are changes of the voters. One retires a voter, promotes a learner, or does both.
	Changes int
	// Single lets changes do without a joint configuration: the core refuses them, unless its guard is down.
	Single int
	// Snapshots are those that nodes take. What one stands for is dropped from the log at once.
	Snapshots int
	// Crashes lose all that is not on the disk; the node starts again at once, which is as good as later.
	Crashes int
	// Duplicates are deliveries that leave a copy under way.
	Duplicates int
	// Copies is how many equal messages are under way at most; more are lost.
	Copies int
	// Beats are heartbeats that a leader sends although it has nothing to say, or messages that it takes for lost.
	Beats int
	// Resignations are those of leaders that hear no follower, or wait in vain for a transfer.
	Resignations int
	// Transfers are hand-overs of leadership.
	Transfers int
	// PreVotes explores the messages of pre-votes; otherwise each pre-vote is won at once.
	PreVotes int
	// PromptDisks complete what they get with the same step, unless the node crashes in it; otherwise when they like.
	PromptDisks int
	// PromptReplies arrive with the same step, or never; otherwise when they like. They need prompt disks. Losses are
	// those that never arrive. Requests need no such number: one that is never delivered is lost.
	PromptReplies, Losses int
	// Plain tells states apart that differ only in which node plays which part.
	Plain int
}

// nodesMax is how many nodes an exploration has, at most: it tries all their permutations.
const nodesMax = 5

// fields are the names of bounds in texts, and where they are.
func (b *Bounds) fields() []field {
	return []field{
		{"voters", &b.Voters, 1, nodesMax}, {"learners", &b.Learners, 0, nodesMax - 1}, {"terms", &b.Terms, 1, 200},
		{"leader", &b.Leader, 0, 1}, {"entries", &b.Entries, 0, 100}, {"reads", &b.Reads, 0, 100},
		{"changes", &b.Changes, 0, 100}, {"single", &b.Single, 0, 1}, {"snapshots", &b.Snapshots, 0, 100},
		{"crashes", &b.Crashes, 0, 100}, {"duplicates", &b.Duplicates, 0, 100}, {"copies", &b.Copies, 1, 100},
		{"beats", &b.Beats, 0, 100}, {"resignations", &b.Resignations, 0, 100}, {"transfers", &b.Transfers, 0, 100},
		{"prevotes", &b.PreVotes, 0, 1}, {"promptdisks", &b.PromptDisks, 0, 1},
		{"promptreplies", &b.PromptReplies, 0, 1}, {"losses", &b.Losses, 0, 100}, {"plain", &b.Plain, 0, 1},
	}
}

type field struct {
	name     string
	value    *int
	min, max int
}

// String lists the bounds that are not zero, as Parse reads them.
func (b Bounds) String() string {
	var words []string
	for _, f := range b.fields() {
		if *f.value != 0 {
			words = append(words, fmt.Sprintf("%s=%d", f.name, *f.value))
		}
	}
	return strings.Join(words, " ")
}

// Parse reads bounds, as in "voters=3 terms=3 entries=1". What is not named is 0; there is one copy of each message.
func Parse(text string) (Bounds, error) {
	b := Bounds{Copies: 1}
	fields := b.fields()
	for _, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, "=")
		known := false
		for _, f := range fields {
			if f.name != name {
				continue
			}
			number, err := strconv.Atoi(value)
			if err != nil {
				return b, fmt.Errorf("bounds: %s: give a number, as in %s=%d", word, name, f.max)
			}
			*f.value, known = number, true
		}
		if !known {
			return b, fmt.Errorf("bounds: no %q; there are %s", name, names(fields))
		}
	}
	return b, b.validate()
}

func names(fields []field) string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.name
	}
	return strings.Join(list, ", ")
}

func (b *Bounds) validate() error {
	for _, f := range b.fields() {
		if *f.value < f.min || *f.value > f.max {
			return fmt.Errorf("bounds: %s=%d: it lies between %d and %d", f.name, *f.value, f.min, f.max)
		}
	}
	switch {
	case b.Voters+b.Learners > nodesMax:
		return fmt.Errorf("bounds: %d nodes: at most %d", b.Voters+b.Learners, nodesMax)
	case b.PromptReplies > b.PromptDisks:
		return fmt.Errorf("bounds: promptreplies=1 needs promptdisks=1: most replies wait for the disk")
	case b.Losses > 0 && b.PromptReplies == 0:
		return fmt.Errorf("bounds: losses=%d needs promptreplies=1: without it every message may be lost", b.Losses)
	}
	return nil
}

// budget is something that happens a limited number of times.
type budget uint8

const (
	entries budget = iota
	reads
	changes
	snapshots
	crashes
	duplicates
	beats
	resignations
	transfers
	losses
	budgets
)

// left is how often each may still happen.
func (b *Bounds) left() (left [budgets]uint8) {
	for i, n := range [budgets]int{
		b.Entries, b.Reads, b.Changes, b.Snapshots, b.Crashes, b.Duplicates, b.Beats, b.Resignations, b.Transfers, b.Losses,
	} {
		left[i] = uint8(n)
	}
	return left
}
