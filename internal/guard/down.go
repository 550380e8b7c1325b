//go:build !mutation

package guard

// Down reports whether a guard is switched off: never, in this build.
func (Set) Down(Guard) bool { return false }

// Down reports whether a guard is switched off in the whole process: never, in this build.
func Down(Guard) bool { return false }
