package worlds

import (
	"flag"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/sim"
)

var exploreFlag = flag.Duration("explore", 0, "how long TestExplore looks at new seeds (with -timeout 0)")

// exploreSeeds is how many seeds TestExplore looks at when it is not told for how long; exploreFirst is the first.
const (
	exploreSeeds = 16
	exploreFirst = 1 << 32
)

// TestExplore looks at new seeds: they begin at the present moment. Without -explore it
// only shows that it works, with a handful of seeds that are always the same: the ordinary run of the tests must not
// depend on luck.
func TestExplore(t *testing.T) {
	began := time.Now()
	first := uint64(exploreFirst)
	if *exploreFlag > 0 {
		first = uint64(began.UnixNano())
	}
	names := sim.Profiles()
	if *profileFlag != "" {
		names = []string{*profileFlag}
	}
	var taken, simulated atomic.Int64
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for !t.Failed() {
				n := taken.Add(1)
				if *exploreFlag > 0 && time.Since(began) > *exploreFlag || *exploreFlag == 0 && n > exploreSeeds {
					return
				}
				o := drawOptions(first+uint64(n), names[int(n)%len(names)])
				o.Weakened = weakened(t)
				r := sim.Run(o)
				simulated.Add(int64(r.Simulated))
				if r.Violation != nil {
					report(t, r)
				}
			}
		})
	}
	workers.Wait()
	hours, minutes := time.Duration(simulated.Load()).Hours(), time.Since(began).Minutes()
	t.Logf("%d seeds from %#x, %.1f simulated hours, %.1f per minute", taken.Load()-2, first, hours, hours/minutes)
}
