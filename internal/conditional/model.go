package conditional

import (
	"fmt"
	"strings"

	"github.com/anishathalye/porcupine"
)

// Operation is a command on the key as a client saw it. In a porcupine.Operation it is the Input; the Output is not
// used.
type Operation struct {
	// Words are the command: see State.Apply.
	Words []string
	// Reply is what was answered.
	Reply Reply
	// Unknown says that nothing was told: it takes effect at any time after its call, or never. The Return of the
	// porcupine.Operation is then the end of all time: what happens behind everything else never happened.
	Unknown bool
}

// String is the operation as a line of a report.
func (o Operation) String() string {
	reply := o.Reply.Text
	switch {
	case o.Unknown:
		reply = "(unknown)"
	case o.Reply.Null:
		reply = "(nil)"
	}
	return fmt.Sprintf("%s → %s", strings.Join(o.Words, " "), reply)
}

// Step does the operation, and reports whether what was told fits.
func (o Operation) Step(before State) (fits bool, after State) {
	after, reply := before.Apply(o.Words...)
	return o.Unknown || reply == o.Reply, after
}

// Model is the key as porcupine takes it, for histories of one key that is absent at first.
func Model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return State{} },
		Step: func(state, input, _ any) (bool, any) {
			fits, after := input.(Operation).Step(state.(State))
			return fits, after
		},
		DescribeOperation: func(input, _ any) string { return input.(Operation).String() },
	}
}
