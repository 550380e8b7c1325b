package sim

import (
	"fmt"

	"github.com/raftredis/raftredis/consensus/sim/workload"
)

// Violation is the breach of a rule that a checker found. It travels as a panic from where it is found to Run.
type Violation = workload.Violation

// fail ends the run.
func (w *world) fail(rule, format string, args ...any) {
	panic(&Violation{Rule: rule, Text: fmt.Sprintf(format, args...)})
}
