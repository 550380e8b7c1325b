package worlds

import (
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/sim"
)

// TestMain lets garbage pile up: worlds are small, many, and gone in a moment.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}

// plan is how many of the fixed seeds run in which profile.
var plan = []struct {
	profile string
	seeds   int
}{
	{"mixed", 430}, {"calm", 10}, {"busy", 5}, {"elections", 60}, {"figure8", 50}, {"hangs", 45}, {"reads", 35},
	{"leases", 20}, {"votes", 55}, {"rivals", 35}, {"members", 150}, {"snapshots", 120}, {"moves", 90},
	{"pieces", 125}, {"clocks", 90}, {"commands", 80}, {"upgrades", 90},
	{"spoilt", 60},
}

// What the fixed seeds must amount to, at least.
const (
	seedsMin         = 500
	simulatedMin     = 60 * time.Second
	simulatedAllMin  = 24 * time.Hour
	leaderChangesMin = 3 // in the median of those seeds that have faults
)

// TestSeeds_NoRuleIsBroken runs the fixed seeds.
func TestSeeds_NoRuleIsBroken(t *testing.T) {
	var mu sync.Mutex
	var results []sim.Result
	var met Met
	t.Run("seed", func(t *testing.T) {
		for _, p := range plan {
			for seed := range p.seeds {
				t.Run(fmt.Sprintf("%s/%#x", p.profile, seed+1), func(t *testing.T) {
					t.Parallel()
					o := drawOptions(uint64(seed+1), p.profile)
					k := o.Workload.(KeySpace)
					k.Met = &met
					o.Workload = k
					r := sim.Run(o)
					report(t, r)
					mu.Lock()
					defer mu.Unlock()
					results = append(results, r)
				})
			}
		}
	})
	if !t.Failed() {
		checkFigures(t, results)
		checkMet(t, &met)
	}
}

// checkMet makes sure that small values counted as long, in each way that there is, and that databases were in use.
func checkMet(t *testing.T, met *Met) {
	t.Helper()
	for what, count := range map[string]int64{
		"parts of bodies ahead": met.Ahead.Load(), "bodies compared by sums": met.Summed.Load(),
		"values left out": met.LeftOut.Load(), "frozen states": met.Frozen.Load(),
		"movers moved": met.Moved.Load(), "databases swapped": met.Swapped.Load(), "transactions refused": met.Refused.Load(),
	} {
		if t.Logf("%d %s", count, what); count == 0 {
			t.Errorf("in all seeds there was not one of %s", what)
		}
	}
}

// checkFigures makes sure that the seeds did what they are there for.
func checkFigures(t *testing.T, results []sim.Result) {
	t.Helper()
	var changes []int
	var all sim.Counts
	var simulated time.Duration
	sizes := map[int]int{}
	for _, r := range results {
		if r.Simulated < simulatedMin {
			t.Errorf("seed %#x of %s lasted only %v", r.Options.Seed, r.Options.Profile, r.Simulated)
		}
		changes = append(changes, r.Counts.LeaderChanges)
		simulated += r.Simulated
		sizes[r.Options.Nodes]++
		add(&all, &r.Counts)
	}
	if simulated < simulatedAllMin {
		t.Errorf("all seeds together lasted %v, want %v", simulated, simulatedAllMin)
	}
	slices.Sort(changes)
	median := changes[len(changes)/2]
	if len(results) < seedsMin || median < leaderChangesMin || sizes[3] == 0 || sizes[5] == 0 {
		t.Errorf("%d seeds (by nodes: %v), median of %d leader changes; want %d seeds of 3 and 5 nodes, %d changes",
			len(results), sizes, median, seedsMin, leaderChangesMin)
	}
	for what, never := range byName(&all) {
		if never == 0 {
			t.Errorf("in all seeds there was not one of %s", what)
		}
	}
	t.Logf("%d seeds (by nodes: %v), %.1f simulated hours, median of %d leader changes; in all %+v",
		len(results), sizes, simulated.Hours(), median, all)
}

// add adds the figures of a run.
func add(c, run *sim.Counts) {
	sum, of := reflect.ValueOf(c).Elem(), reflect.ValueOf(run).Elem()
	for i := range sum.NumField() {
		sum.Field(i).SetInt(sum.Field(i).Int() + of.Field(i).Int())
	}
}

// byName is each figure by its name.
func byName(c *sim.Counts) map[string]int {
	figures, names := reflect.ValueOf(c).Elem(), map[string]int{}
	for i := range figures.NumField() {
		names[figures.Type().Field(i).Name] = int(figures.Field(i).Int())
	}
	return names
}

// TestTheSameSeedMakesTheSameWorld runs some seeds twice, and another seed to see that the number means something.
func TestTheSameSeedMakesTheSameWorld(t *testing.T) {
	for _, profile := range sim.Profiles() {
		for seed := range uint64(2) {
			first, second := sim.Run(drawOptions(seed, profile)), sim.Run(drawOptions(seed, profile))
			if first.TraceHash != second.TraceHash || first.Events != second.Events {
				t.Errorf("seed %#x of %s: %016x after %d events, then %016x after %d", seed, profile, first.TraceHash,
					first.Events, second.TraceHash, second.Events)
			}
			if other := sim.Run(drawOptions(seed+1000, profile)); other.TraceHash == first.TraceHash {
				t.Errorf("seeds %#x and %#x of %s make the same world", seed, seed+1000, profile)
			}
		}
	}
}

// TestACalmClusterHasOneLeaderAndNoFailure: where nothing breaks no client notices anything.
func TestACalmClusterHasOneLeaderAndNoFailure(t *testing.T) {
	for seed := range uint64(5) {
		r := sim.Run(drawOptions(seed, "calm"))
		report(t, r)
		if c := r.Counts; c.LeaderChanges != 0 || c.NotDone != 0 || c.Unknown != 0 || c.Done < 100 || c.Reads < 20 {
			t.Errorf("seed %#x: %+v", seed, c)
		}
	}
}
