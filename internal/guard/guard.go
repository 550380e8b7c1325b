// Package guard names the safety rules that a test may switch off in order to prove that the tests would notice.
//
// A test suite is only as good as the bugs it catches. For each rule listed here some test must fail when the product
// runs without that one rule; a rule whose removal no test notices is a rule without a test.
//
// In an ordinary build every guard is always up: Set.Down and Down are the constant false, the compiler removes the
// branch, and no option, flag or environment variable can weaken a running node. Only `go test -tags mutation` builds
// the other half of the package. There are two ways to lower a guard in it:
//
//   - A test puts it into the options of one node or world: Set.
//   - Variable lowers it in the whole process, before the first test. So ordinary tests, which
//     know nothing of guards, show that they notice: internal/weaken runs them.
package guard

import (
	"fmt"
	"slices"
	"strings"
)

// Variable is the environment variable that names guards, with commas between them, that are down in the whole process.
// An ordinary build does not read it.
const Variable = "RAFTREDIS_WEAKENED"

// All lists every guard, in the order of their declaration.
func All() []Guard {
	all := make([]Guard, count)
	for i := range all {
		all[i] = Guard(i)
	}
	return all
}

// String is the guard's name as docs/catalogue.md has it.
func (g Guard) String() string { return names[g] }

// Parse makes a set of names with commas between them.
func Parse(list string) (set Set, err error) {
	if list == "" {
		return set, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		i := slices.Index(names[:], name)
		if i < 0 {
			return Set{}, fmt.Errorf("no guard %q; there are %v", name, names)
		}
		set = set.With(Guard(i))
	}
	return set, nil
}

// Set is a set of guards that are down; the zero value is the product: all up.
type Set struct{ words [4]uint64 }

// With returns the set with one more guard down.
func (s Set) With(g Guard) Set {
	s.words[g/64] |= 1 << (g % 64)
	return s
}
