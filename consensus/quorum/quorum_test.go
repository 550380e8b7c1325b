package quorum

import (
	"math/bits"
	"slices"
	"testing"
)

// group returns the members 0..n-1.
func group(n int) []int {
	members := make([]int, n)
	for i := range members {
		members[i] = i
	}
	return members
}

// D18: TestMajorityIsTheSmallestCountWhoseSetsAllIntersect goes back to the definition: any two sets of that size share
// a member, and one less would not do.
func TestMajorityIsTheSmallestCountWhoseSetsAllIntersect(t *testing.T) {
	for n := 1; n <= 9; n++ {
		if got := Majority(n); !allIntersect(n, got) || allIntersect(n, got-1) {
			t.Errorf("Majority(%d) = %d", n, got)
		}
	}
}

func allIntersect(n, size int) bool {
	for a := uint(0); a < 1<<n; a++ {
		for b := uint(0); b < 1<<n; b++ {
			if bits.OnesCount(a) == size && bits.OnesCount(b) == size && a&b == 0 {
				return false
			}
		}
	}
	return true
}

// I23: TestDecideAgreesWithBruteForce tries every combination of answers in groups of 1 to 9: an outcome is Won if all
// completions of the silent answers win, Lost if none does, else Pending.
func TestDecideAgreesWithBruteForce(t *testing.T) {
	for n := 1; n <= 9; n++ {
		answers := make([]Answer, n)
		for code := range power(3, n) {
			for i, rest := 0, code; i < n; i, rest = i+1, rest/3 {
				answers[i] = Answer(rest % 3)
			}
			got := Decide(Pair[int]{New: group(n)}, func(m int) Answer { return answers[m] })
			if want := bruteDecide(answers); got != want {
				t.Fatalf("answers %v: %v, want %v", answers, got, want)
			}
		}
	}
}

// bruteDecide needs only the two extreme completions: all silent ones say no, all silent ones say yes.
func bruteDecide(answers []Answer) Outcome {
	yes, silent := 0, 0
	for _, a := range answers {
		if a == Yes {
			yes++
		}
		if a == Silent {
			silent++
		}
	}
	switch {
	case 2*yes > len(answers):
		return Won
	case 2*(yes+silent) <= len(answers):
		return Lost
	default:
		return Pending
	}
}

func power(base, exponent int) int {
	result := 1
	for range exponent {
		result *= base
	}
	return result
}

// I23: TestReachedAgreesWithBruteForce gives every member of groups of 1 to 9 each of three values (n <= 9: 19,683
// combinations) and compares with the definition: the largest v such that more than half have at least v.
func TestReachedAgreesWithBruteForce(t *testing.T) {
	for n := 1; n <= 9; n++ {
		values := make([]uint64, n)
		for code := range power(3, n) {
			for i, rest := 0, code; i < n; i, rest = i+1, rest/3 {
				values[i] = uint64(rest%3) * 10
			}
			got := Reached(Pair[int]{New: group(n)}, func(m int) uint64 { return values[m] })
			if want := bruteReached(values); got != want {
				t.Fatalf("values %v: %d, want %d", values, got, want)
			}
		}
	}
}

func bruteReached(values []uint64) uint64 {
	best := uint64(0)
	for _, candidate := range values {
		atLeast := 0
		for _, v := range values {
			if v >= candidate {
				atLeast++
			}
		}
		if 2*atLeast > len(values) {
			best = max(best, candidate)
		}
	}
	return best
}

// TestPairNeedsAMajorityOfBothGroups tries all pairs of groups out of five nodes with all answers and values.
func TestPairNeedsAMajorityOfBothGroups(t *testing.T) {
	const nodes = 5
	for newer := 1; newer < 1<<nodes; newer++ {
		for older := range 1 << nodes {
			p := Pair[int]{New: members(newer), Old: members(older)}
			for yes := range 1 << nodes {
				checkPair(t, p, newer, older, yes)
			}
		}
	}
}

func members(set int) []int {
	var list []int
	for i := range 8 {
		if set&(1<<i) != 0 {
			list = append(list, i)
		}
	}
	return list
}

func checkPair(t *testing.T, p Pair[int], newer, older, yes int) {
	t.Helper()
	wins := func(set int) bool {
		return 2*bits.OnesCount(uint(set&yes)) > bits.OnesCount(uint(set))
	}
	want := Lost
	if wins(newer) && (older == 0 || wins(older)) {
		want = Won
	}
	got := Decide(p, func(m int) Answer {
		if yes&(1<<m) != 0 {
			return Yes
		}
		return No
	})
	reached := Reached(p, func(m int) int { return yes >> m & 1 })
	if got != want || (reached == 1) != (want == Won) {
		t.Fatalf("%+v, yes %05b: %v and %d, want %v", p, yes, got, reached, want)
	}
}

func TestReachedIsBlindToOrderAndRepeatable(t *testing.T) {
	values := []int{7, 3, 9, 9, 1}
	order := group(len(values))
	for range 120 {
		next(order)
		got := Reached(Pair[int]{New: order}, func(m int) int { return values[m] })
		if got != 7 {
			t.Fatalf("order %v: %d, want 7", order, got)
		}
	}
}

// next turns order into its successor in lexicographic order, the last one into the first.
func next(order []int) {
	i := len(order) - 2
	for i >= 0 && order[i] > order[i+1] {
		i--
	}
	if i >= 0 {
		j := len(order) - 1
		for order[j] < order[i] {
			j--
		}
		order[i], order[j] = order[j], order[i]
	}
	slices.Reverse(order[i+1:])
}

func TestAnEmptySetDecidesNothing(t *testing.T) {
	outcome := Decide(Pair[int]{}, func(int) Answer { return Yes })
	reached := Reached(Pair[int]{}, func(int) int { return 5 })
	if outcome == Won || reached != 0 {
		t.Fatalf("a pair without members says %v and %d", outcome, reached)
	}
}

func TestSmallGroupsCostNoAllocation(t *testing.T) {
	p := Pair[uint64]{New: []uint64{1, 2, 3, 4, 5}, Old: []uint64{4, 5, 6, 7, 8, 9, 10}}
	match := [11]uint64{}
	allocations := testing.AllocsPerRun(100, func() {
		Reached(p, func(id uint64) uint64 { return match[id] })
		Decide(p, func(id uint64) Answer { return Yes })
	})
	if allocations != 0 {
		t.Fatalf("%v allocations", allocations)
	}
}
