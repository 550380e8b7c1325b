package sim

import "fmt"

// Violation is the breach of a rule that a checker found. It travels as a panic from where it is found to Run.
type Violation struct {
	// Rule is a few words by which violations of one kind are known: the invariant's name.
	Rule string
	// Text is what happened.
	Text string
}

// Error is rule and text.
func (v *Violation) Error() string { return v.Rule + ": " + v.Text }

// fail ends the run.
func (w *World) fail(rule, format string, args ...any) {
	panic(&Violation{Rule: rule, Text: fmt.Sprintf(format, args...)})
}
