package worlds

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/raftredis/raftredis/consensus/sim"
	"github.com/raftredis/raftredis/internal/guard"
)

var (
	seedFlag     = flag.Uint64("seed", 0x1, "the seed that TestSeed runs")
	profileFlag  = flag.String("profile", "", "what TestSeed (else mixed) and TestExplore (else all) draw options from")
	weakenedFlag = flag.String("weakened", "", "guards that are down, by name, with commas (with -tags mutation)")
)

// directory is where these tests are.
const directory = "internal/worlds"

// drawnValueBytes bounds the values of drawn worlds.
const drawnValueBytes = 256

// drawOptions makes the options of a seed for the key space.
func drawOptions(seed uint64, profile string) sim.Options {
	o := sim.Draw(seed, profile)
	k := KeySpace{MaxValueBytes: drawnValueBytes, Sizes: drawSizes(seed), LongBytes: minAhead}
	if o.Engine.PieceBytes >= minChunked { // bodies come whole: then only a string of that length lies in chunks
		k.MaxValueBytes, k.LongBytes = 2*minChunked, minChunked
	}
	o.Workload = k
	return o
}

// minChunked is more than the length from which a string that was changed lies in chunks, and is changed in place.
const minChunked = 520

// minAhead is the least of Sizes.AheadBytes.
const minAhead = 21

// drawSizes draws from which lengths on what is in a world counts as long: nothing in a third of the seeds.
func drawSizes(seed uint64) Sizes {
	chance := rand.New(rand.NewPCG(seed, 8))
	if chance.IntN(3) == 0 {
		return Sizes{}
	}
	return Sizes{
		AheadBytes: minAhead + chance.IntN(20), LeftOutBytes: 1 + chance.IntN(30), SummedBytes: 1 + chance.IntN(60),
	}
}

// weakened reads the flag of that name.
func weakened(t *testing.T) guard.Set {
	set, err := guard.Parse(*weakenedFlag)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestSeed runs one seed and, with -v, tells it event for event: this is how a failure is looked at.
func TestSeed(t *testing.T) {
	o := drawOptions(*seedFlag, cmp.Or(*profileFlag, "mixed"))
	o.Weakened = weakened(t)
	if testing.Verbose() {
		o.Trace = os.Stdout
		fmt.Printf("%+v\n", o)
	}
	report(t, sim.Run(o))
}

func report(t *testing.T, r sim.Result) {
	t.Helper()
	if r.Violation != nil {
		t.Errorf("%v\n  after %v; reproduce with\n%s", r.Violation, r.Simulated, r.Options.Reproduce(directory))
		return
	}
	t.Logf("seed %#x: %+v, %d events", r.Options.Seed, r.Counts, r.Events)
}
