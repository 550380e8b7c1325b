//go:build mutation

package guard

// Down reports whether a guard is switched off.
func (s Set) Down(g Guard) bool { return s&(1<<g) != 0 }
