package sim

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/guard"
)

var (
	seedFlag     = flag.Uint64("seed", 0x1, "the seed that TestSeed runs")
	profileFlag  = flag.String("profile", "", "what TestSeed (else mixed) and TestExplore (else all) draw options from")
	weakenedFlag = flag.String("weakened", "", "guards that are down, by name, with commas (with -tags mutation)")
)

// weakened reads the flag of that name.
func weakened(t *testing.T) (set guard.Set) {
	for name := range strings.SplitSeq(*weakenedFlag, ",") {
		found := name == ""
		for _, g := range guard.All() {
			if g.String() == name {
				set, found = set.With(g), true
			}
		}
		if !found {
			t.Fatalf("no guard %q; there are %v", name, guard.All())
		}
	}
	return set
}

// TestSeed runs one seed and, with -v, tells it event for event: this is how a failure is looked at.
func TestSeed(t *testing.T) {
	o := Draw(*seedFlag, cmp.Or(*profileFlag, "mixed"))
	o.Weakened = weakened(t)
	if testing.Verbose() {
		o.Trace = os.Stdout
		fmt.Printf("%+v\n", o)
	}
	report(t, Run(o))
}

func report(t *testing.T, r Result) {
	t.Helper()
	if r.Violation != nil {
		t.Errorf("%v\n  after %v; reproduce with\n%s", r.Violation, r.Simulated, r.Options.Reproduce())
		return
	}
	t.Logf("seed %#x: %+v, %d events", r.Options.Seed, r.Counts, r.Events)
}
