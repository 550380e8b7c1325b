package worlds

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/sim"
)

// longSeeds is how many worlds of a profile are looked at.
const longSeeds = 8

// B18, G12: Where small values count as long, nodes cut and hash them before their bodies are whole, compare bodies by
// their sums, and copy values into replies long after the commands that answered with them: the clients of these worlds
// take their replies at the end. The states stay equal all the same, and each reply is what it was at its place.
func TestWhatCountsAsLongChangesNothing(t *testing.T) {
	var met Met
	for i := range uint64(2 * longSeeds) {
		o := drawOptions(i/2+1, []string{"pieces", "commands"}[i%2])
		k := o.Workload.(KeySpace)
		if k.Sizes == (Sizes{}) {
			continue
		}
		k.Met = &met
		o.Workload = k
		report(t, sim.Run(o))
	}
	for what, count := range map[string]int64{
		"parts of bodies ahead": met.Ahead.Load(), "bodies compared by sums": met.Summed.Load(),
		"values left out": met.LeftOut.Load(), "frozen states": met.Frozen.Load(),
	} {
		if t.Logf("%d %s", count, what); count == 0 {
			t.Errorf("no world met %s", what)
		}
	}
}
