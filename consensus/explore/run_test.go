package explore

import (
	"flag"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/guard"
)

var (
	exploreFlag  = flag.Duration("explore", 0, "how long TestExplore explores (with -timeout 0)")
	boundsFlag   = flag.String("bounds", "", "the space that TestExplore explores, as in \"voters=3 terms=3 entries=1\"")
	statesFlag   = flag.Int("states", 1<<27/4*3, "how many states TestExplore keeps at most, 18 to 30 bytes each")
	fileFlag     = flag.String("file", "", "a file in which TestExplore keeps what it found, and goes on from there")
	workersFlag  = flag.Int("workers", 2, "how many goroutines explore")
	weakenedFlag = flag.String("weakened", "", "guards that are down, with -tags mutation")
	outcomeFlag  = flag.Bool("outcomes", false, "leave out the rules of conduct")
)

// TestExplore explores a space for as long as it is told.
func TestExplore(t *testing.T) {
	if *exploreFlag == 0 {
		return
	}
	b, err := Parse(*boundsFlag)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r, err := Explore(b, Options{
		Workers: *workersFlag, StatesMax: *statesFlag, Time: *exploreFlag, File: *fileFlag, OutcomesOnly: *outcomeFlag,
		Weakened: weakened(t),
		Progress: func(r Result) { t.Logf("%v: %v", time.Since(began).Round(time.Second), r) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v: %v, %+v", b, r, r.Reached)
	if r.Violation != nil {
		t.Fatalf("after %d steps:\n%v", r.Violation.Steps, r.Violation)
	}
}

func weakened(t *testing.T) guard.Set {
	t.Helper()
	set, err := guard.Parse(*weakenedFlag)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range guard.All() {
		if set.With(g) == set && !set.Down(g) {
			t.Fatalf("-weakened=%s needs -tags mutation", *weakenedFlag)
		}
	}
	return set
}
