//go:build !mutation

package guard

// Down reports whether a guard is switched off: never, in this build.
func (Set) Down(Guard) bool { return false }
