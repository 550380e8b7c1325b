package worlds

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/sim"
)

// brokenRates is by how much clocks are too fast or too slow where the assumption of leases is broken: up to three
// times as fast as another. brokenSeed is the first seed that notices; when worlds are drawn otherwise, one of the
// brokenSeeds from there on has to.
const (
	brokenRates = 0.5
	brokenSeed  = 0xa
	brokenSeeds = 60
)

// S46: Where clocks run at rates that differ by more than leases assume, a read can be old, and nothing else is wrong.
// Without leases the same clocks do no harm; clocks within the bound do none in TestSeeds_NoRuleIsBroken, with the same
// hand-overs, pauses, restarts and changes of the members.
func TestOnlyBrokenClocksMakeReadsOld(t *testing.T) {
	broken := func(seed uint64) sim.Options {
		o := drawOptions(seed, "leases")
		o.Clock.Drift = brokenRates
		return o
	}
	for seed := uint64(brokenSeed); seed < brokenSeed+brokenSeeds; seed++ {
		v := sim.Run(broken(seed)).Violation
		if v == nil {
			continue
		}
		t.Logf("seed %#x: %v", seed, v)
		if v.Rule != "stale read" {
			t.Errorf("seed %#x: broken clocks broke another rule", seed)
		}
		without := broken(seed)
		without.Lease = sim.Lease{}
		if v := sim.Run(without).Violation; v != nil {
			t.Errorf("seed %#x: without leases: %v", seed, v)
		}
		return
	}
	t.Errorf("%d seeds noticed nothing", brokenSeeds)
}
