package explore

import "testing"

// The set takes fifteen sixteenths of its slots, refuses the next fingerprint, and still knows those that it has.
func TestAFullSetRefusesWhatIsNew(t *testing.T) {
	s := newSeenSet(768)
	const heldMax = 960 // of 1,024 slots
	for i := range uint64(heldMax) {
		if !s.add(i+1) || s.full.Load() {
			t.Fatalf("fingerprint %d has no room", i+1)
		}
	}
	for i := range uint64(heldMax) {
		if s.add(i+1) || s.full.Load() {
			t.Fatalf("fingerprint %d is new", i+1)
		}
	}
	for i := range uint64(100) {
		if s.add(heldMax+i+1) || !s.full.Load() {
			t.Fatalf("fingerprint %d has room", heldMax+i+1)
		}
	}
	if s.add(1) {
		t.Fatal("a full set forgets what it has")
	}
}

// Workers find many more states than there is room for, before the search has added one of them. It ends, and says that
// it is not complete.
func TestASearchThatFillsTheSetEnds(t *testing.T) {
	b, err := Parse("voters=5 terms=3")
	if err != nil {
		t.Fatal(err)
	}
	for _, statesMax := range []int{1, 300, 700, 768} {
		r, err := Explore(b, Options{Workers: 2, StatesMax: statesMax})
		if err != nil || r.Complete || r.Violation != nil || r.States > statesMax {
			t.Fatalf("with room for %d: %v, %v", statesMax, r, err)
		}
	}
}
