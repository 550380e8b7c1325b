//go:build mutation

package guard

import "os"

// lowered is what Variable says. It never changes.
var lowered = fromEnvironment()

func fromEnvironment() Set {
	set, err := Parse(os.Getenv(Variable))
	if err != nil {
		panic(Variable + ": " + err.Error())
	}
	return set
}

func (s Set) has(g Guard) bool { return s.words[g/64]>>(g%64)&1 != 0 }

// Down reports whether a guard is switched off.
func (s Set) Down(g Guard) bool { return s.has(g) || lowered.has(g) }

// Down reports whether a guard is switched off in the whole process. It serves code that has no options of a node.
func Down(g Guard) bool { return lowered.has(g) }
