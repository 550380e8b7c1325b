//go:build mutation

package sim_test

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/sim"
	"github.com/raftredis/raftredis/internal/guard"
)

// TestMutation_SessionsAreMissed switches each of the rules of sessions off by itself. The clients of
// TestRetriesInSessionsExecuteOnce notice, by what they are answered alone.
func TestMutation_SessionsAreMissed(t *testing.T) {
	for _, missing := range []struct {
		guard   guard.Guard
		profile string
	}{{guard.ExecutedOnce, "mixed"}, {guard.SessionsInSnapshot, "snapshots"}} {
		t.Run(missing.guard.String(), func(t *testing.T) {
			for seed := uint64(1); seed <= 50; seed++ {
				w, o := retriesIn(seed, missing.profile)
				o.OutcomesOnly, o.Weakened = true, o.Weakened.With(missing.guard)
				v := sim.Run(o).Violation
				if v == nil {
					continue
				}
				t.Logf("seed %#x of %s: %v", seed, missing.profile, v.Rule)
				if missing.guard == guard.ExecutedOnce && w.twice == "" {
					t.Error("the machines have not seen it")
				}
				return
			}
			t.Error("nothing was noticed")
		})
	}
}
