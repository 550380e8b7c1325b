//go:build mutation

package explore

import (
	"path/filepath"
	"testing"

	"github.com/raftredis/raftredis/internal/guard"
)

// missing are rules that are switched off, and a space in which something comes of it within a number of states.
var missing = []struct {
	rule      guard.Guard
	bounds    string
	statesMax int
	with      []guard.Guard
}{
	{rule: guard.CommitOwnTerm, statesMax: 400_000, // figure 8
		bounds: "voters=3 leader=1 terms=5 entries=1 promptdisks=1 promptreplies=1"},
	{rule: guard.VoteDurable, statesMax: 1000,
		bounds: "voters=3 terms=2 crashes=1 promptdisks=1 promptreplies=1"},
	{rule: guard.OwnVoteDurable, statesMax: 20_000,
		bounds: "voters=3 terms=2 crashes=1"},
	{rule: guard.AppendDurable, statesMax: 20_000,
		bounds: "voters=3 leader=1 terms=3 entries=1 crashes=1 promptdisks=1 promptreplies=1"},
	{rule: guard.ReadNoOp, statesMax: 10_000,
		bounds: "voters=3 terms=3 reads=1 promptdisks=1 promptreplies=1"},
	{rule: guard.ReadQuorum, statesMax: 20_000,
		bounds: "voters=3 leader=1 terms=3 reads=1 promptdisks=1 promptreplies=1"},
	{rule: guard.BothHalves, statesMax: 20_000,
		bounds: "voters=3 learners=1 leader=1 terms=3 changes=1 promptdisks=1 promptreplies=1"},
	// The majority that was lost in the first rule for changes of single servers, with four nodes and with five.
	{rule: guard.JointWhenVotersChange, statesMax: 600_000, with: []guard.Guard{guard.OwnTermBeforeChange},
		bounds: "voters=4 leader=1 terms=4 changes=2 single=1 promptdisks=1 promptreplies=1"},
	{rule: guard.OwnTermBeforeChange, statesMax: 1_500_000, with: []guard.Guard{guard.JointWhenVotersChange},
		bounds: "voters=4 learners=1 leader=1 terms=4 changes=2 single=1 promptdisks=1 promptreplies=1"},
}

// controlStatesMax bounds the control.
const controlStatesMax = 300_000

// Not that a node behaves otherwise is found, but that something is lost. With the rules in place as many states are
// fine.
func TestMutation_WhatComesOfAMissingRuleIsFound(t *testing.T) {
	for _, c := range missing {
		t.Run(c.rule.String(), func(t *testing.T) {
			b, err := Parse(c.bounds)
			if err != nil {
				t.Fatal(err)
			}
			o := Options{Workers: 2, StatesMax: c.statesMax, OutcomesOnly: true, Weakened: guard.Set{}.With(c.rule)}
			for _, g := range c.with {
				o.Weakened = o.Weakened.With(g)
			}
			r, err := Explore(b, o)
			if err != nil || r.Violation == nil {
				t.Fatalf("without %v, %v finds nothing: %v, %v", c.rule, b, r, err)
			}
			t.Logf("%v\n%v", r, r.Violation)
			o.Weakened, o.StatesMax = guard.Set{}, min(r.States, controlStatesMax)
			control, err := Explore(b, o)
			if err != nil || control.Violation != nil {
				t.Fatalf("with all rules in place: %v, %v", control, err)
			}
		})
	}
}

// A search that goes on from the file of one that found a violation comes to the same one again.
func TestMutation_AFileDoesNotHideAViolation(t *testing.T) {
	b, err := Parse("voters=3 terms=2 crashes=1 promptdisks=1 promptreplies=1")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Workers: 1, StatesMax: 1000, OutcomesOnly: true, Weakened: guard.Set{}.With(guard.VoteDurable),
		File: filepath.Join(t.TempDir(), "states"),
	}
	first := ""
	for run := range 3 {
		r, err := Explore(b, o)
		if err != nil || r.Violation == nil {
			t.Fatalf("run %d finds nothing: %v, %v", run+1, r, err)
		}
		if found := r.Violation.String(); first == "" {
			first = found
		} else if found != first {
			t.Fatalf("run %d finds another violation:\n%s\nthan the first:\n%s", run+1, found, first)
		}
	}
}

// Changes of one voter at a time are safe by the rule of 2015 alone: where that is in place nothing is lost. Otherwise
// the lost majority would prove nothing about it.
func TestTheOwnTermRuleAloneKeepsSingleChangesSafe(t *testing.T) {
	b, err := Parse("voters=4 leader=1 terms=4 changes=2 single=1 promptdisks=1 promptreplies=1")
	if err != nil {
		t.Fatal(err)
	}
	down := guard.Set{}.With(guard.JointWhenVotersChange)
	r, err := Explore(b, Options{Workers: 2, StatesMax: 400_000, OutcomesOnly: true, Weakened: down})
	if err != nil || r.Violation != nil || r.Reached.ChangesCommitted == 0 {
		t.Fatalf("%v, %v, %+v", r, err, r.Reached)
	}
}
