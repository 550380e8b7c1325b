//go:build mutation

package raft

import (
	"testing"

	"github.com/raftredis/raftredis/internal/guard"
)

// TestMutation_EveryMissingRuleIsNoticed switches one rule off at a time and demands that the random driver notices. A
// rule whose removal no test notices is a rule without a test.
func TestMutation_EveryMissingRuleIsNoticed(t *testing.T) {
	guards := []guard.Guard{
		guard.CommitProven, guard.VoteDurable, guard.CommitOwnTerm, guard.AppendDurable, guard.ReadQuorum,
		guard.OwnVoteDurable, guard.ReadNoOp, guard.EpochBeforeMessages,
		guard.BothHalves, guard.InForceWhenAppended, guard.OneChange, guard.LearnersUncounted, guard.VoteByLogAlone,
		guard.FinalMessage, guard.InstallDurable, guard.SnapshotVoidsLog, guard.NewestSnapshot,
	}
	for _, g := range guards {
		t.Run(g.String(), func(t *testing.T) {
			const seedsMax = 3000
			for seed := int64(1); seed <= seedsMax; seed++ {
				if violations := newChaos(seed, g).run(randomSteps); len(violations) > 0 {
					t.Logf("seed %d: %s", seed, violations[0])
					return
				}
			}
			t.Fatalf("%d seeds noticed nothing", seedsMax)
		})
	}
}
