//go:build mutation

package worlds

import (
	"sync"
	"testing"

	"github.com/raftredis/raftredis/consensus/sim"
	"github.com/raftredis/raftredis/internal/guard"
)

// mutationSeedsMax is how many seeds may pass until a missing rule is noticed.
const mutationSeedsMax = 2000

// suspects says which profile looks where it hurts when a guard is down, for the guards that whole clusters notice
// soon. They are lowered in the options of a world: one that the product asks for by guard.Down stays up there. Of
// those, TestWorldsJudgeDatabases notices some.
var suspects = map[guard.Guard]string{
	guard.CommitProven:        "mixed",
	guard.VoteDurable:         "votes",
	guard.CommitOwnTerm:       "figure8",
	guard.AppendDurable:       "elections",
	guard.ReadQuorum:          "reads",
	guard.AskersQuorum:        "reads",
	guard.OwnVoteDurable:      "rivals",
	guard.VoteInOpening:       "rivals",
	guard.ForwardTerm:         "mixed",
	guard.LaterTermProof:      "mixed",
	guard.ReadNoOp:            "reads",
	guard.EpochBeforeMessages: "reads",
	guard.BothHalves:          "members",
	guard.InForceWhenAppended: "members",
	guard.OneChange:           "members",
	guard.LearnersUncounted:   "members",
	guard.VoteByLogAlone:      "members",
	guard.FinalMessage:        "members",
	guard.InstallDurable:      "snapshots",
	guard.SnapshotVoidsLog:    "snapshots",
	guard.NewestSnapshot:      "snapshots",
	guard.WholeBodies:         "pieces",
	guard.LastPieceRegistered: "pieces",
	guard.PiecesInSnapshot:    "pieces",
	guard.CarriedLogTime:      "clocks",
	guard.LevelOfAll:          "upgrades",
	guard.QuarantineDurable:   "spoilt",
	guard.AgreedByQuorum:      "spoilt",

	guard.PromisesKept:            "leases",
	guard.PromisesOutliveRestarts: "leases",
	guard.ShortPromises:           "leases",
	guard.LeaseFromSending:        "leases",
	guard.HandOverEndsLease:       "leases",

	guard.PromisesOutliveSuspicion: "leases",
}

// controlSeedsMin is how many seeds of each profile the control runs, at least.
const controlSeedsMin = 10

// TestMutation_EveryMissingRuleIsNoticed switches each of these rules off by itself. It must be noticed twice: by all
// checks, and by those that see only outcomes. Then comes the control: with all rules in place as many seeds of each
// profile pass.
func TestMutation_EveryMissingRuleIsNoticed(t *testing.T) {
	needed := map[string]uint64{}
	for _, g := range guard.All() {
		profile, ok := suspects[g]
		if !ok {
			continue // ordinary tests notice it: see the catalogue
		}
		t.Run(g.String(), func(t *testing.T) {
			inside := seedsToNotice(t, g, profile, false)
			outcome := seedsToNotice(t, g, profile, true)
			needed[profile] = max(needed[profile], inside, outcome)
			t.Logf("%v noticed after %d seeds of %s, by its outcome after %d", g, inside, profile, outcome)
		})
	}
	for _, profile := range sim.Profiles() {
		t.Run("control/"+profile, func(t *testing.T) {
			seeds := max(needed[profile], controlSeedsMin)
			first := firstSeed(seeds, func(seed uint64) *sim.Violation { return sim.Run(drawOptions(seed, profile)).Violation })
			if first != 0 {
				report(t, sim.Run(drawOptions(first, profile)))
			}
			t.Logf("%d seeds of %s notice nothing with all rules in place", seeds, profile)
		})
	}
}

// seedsToNotice counts the seeds until one notices that a guard is down.
func seedsToNotice(t *testing.T, g guard.Guard, profile string, outcomesOnly bool) uint64 {
	t.Helper()
	weaken := func(seed uint64) sim.Options {
		o := drawOptions(seed, profile)
		o.Weakened, o.OutcomesOnly = o.Weakened.With(g), outcomesOnly
		return o
	}
	noticed := firstSeed(mutationSeedsMax, func(seed uint64) *sim.Violation { return sim.Run(weaken(seed)).Violation })
	if noticed == 0 {
		t.Fatalf("%v is down and %d seeds of %s noticed nothing", g, mutationSeedsMax, profile)
	}
	o := weaken(noticed)
	t.Logf("%v\n%s", sim.Run(o).Violation.Rule, o.Reproduce(directory))
	return noticed
}

// firstSeed returns the lowest seed that notices something, 0 if none does. Two at a time look.
func firstSeed(seedsMax uint64, look func(seed uint64) *sim.Violation) (first uint64) {
	var mu sync.Mutex
	var workers sync.WaitGroup
	next := uint64(0)
	for range 2 {
		workers.Go(func() {
			for {
				mu.Lock()
				next++
				seed := next
				over := first != 0 || seed > seedsMax
				mu.Unlock()
				if over {
					return
				}
				if v := look(seed); v != nil {
					mu.Lock()
					if first == 0 || seed < first {
						first = seed
					}
					mu.Unlock()
				}
			}
		})
	}
	workers.Wait()
	return first
}
