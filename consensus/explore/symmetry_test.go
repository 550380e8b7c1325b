package explore

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// Folding is sound if it makes states the same that differ in names alone, and no others. Two things follow, and are
// checked in whole spaces: the states that are told apart by names fall into as many classes as the search that folds
// them finds; and each state, with its nodes called by other names, has the same fingerprint.
func TestFoldingMakesAStateOfEachClass(t *testing.T) {
	for _, bounds := range []string{
		"voters=3 terms=2 promptdisks=1 promptreplies=1 reads=1 duplicates=1",
		"voters=3 leader=1 terms=2 changes=1 beats=1 promptdisks=1 promptreplies=1 losses=1",
		"voters=2 learners=2 leader=1 terms=2 changes=1 promptdisks=1 promptreplies=1",
		"voters=3 terms=2",
	} {
		b, err := Parse(bounds)
		if err != nil {
			t.Fatal(err)
		}
		folded, err := Explore(b, Options{StatesMax: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		b.Plain = 1
		plain, classes := classesOf(t, b)
		t.Logf("%s: %d states told apart, %d classes", bounds, plain, classes)
		if !folded.Complete || folded.States != classes || plain <= classes {
			t.Errorf("%s: folding finds %v; %d states told apart by names fall into %d classes", bounds, folded, plain, classes)
		}
	}
}

// classesOf explores a space without folding, and counts its states and their fingerprints with folding.
func classesOf(t *testing.T, b Bounds) (plain, classes int) {
	t.Helper()
	s := newSearch(b, Options{Workers: 1, StatesMax: 1 << 20})
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
	if r := s.result(); !r.Complete {
		t.Fatalf("%v", r)
	}
	folds := b
	folds.Plain = 0
	symmetry := newSymmetry(&folds)
	w, fingerprints := newWorker(s), map[uint64]bool{}
	for i := range s.records.count {
		now := *w.world(i)
		forgetSums(&now)
		fingerprints[symmetry.fingerprint(&now)] = true
	}
	return s.records.count, len(fingerprints)
}

// forgetSums drops digests that belong to other permutations.
func forgetSums(w *world) {
	nodes, wire := w.nodes, w.wire
	w.nodes, w.wire = nil, nil
	for _, n := range nodes {
		copied := *n
		copied.sums, copied.colour = nil, 0
		w.nodes = append(w.nodes, &copied)
	}
	for _, l := range wire {
		w.wire = append(w.wire, &letter{message: l.message})
	}
}

func TestPermutationsLeaveVotersAndLearnersAmongThemselves(t *testing.T) {
	b, _ := Parse("voters=3 learners=2")
	s := newSymmetry(&b)
	if len(s.names) != 12 {
		t.Fatalf("%d permutations", len(s.names))
	}
	seen := map[[5]raftlog.NodeID]bool{}
	for p, names := range s.names {
		seen[[5]raftlog.NodeID(names)] = true
		for id, name := range names {
			if s.order[p][name-1] != raftlog.NodeID(id+1) || (id < 3) != (name <= 3) {
				t.Fatalf("%v, in order %v", names, s.order[p])
			}
		}
	}
	if len(seen) != 12 || s.names[0][0] != 1 || s.names[0][4] != 5 {
		t.Fatalf("%v", s.names)
	}
}
