package torture

import (
	"fmt"
	"strings"
	"time"
)

// Report says what a run did.
type Report struct {
	Seed uint64
	// Took is the time from the first command to the last reply to a client.
	Took time.Duration
	// Done, NotDone and Unknown count commands by what clients were told.
	Done, NotDone, Unknown int
	// Probes counts the commands of probes that were done; they are in none of the numbers above.
	Probes int
	// Faults counts those that happened, by kind.
	Faults [kinds]int
	// LeaderChanges is how often somebody else, or the same node in a later term, was seen to lead.
	LeaderChanges int
	// SnapshotsTaken and SnapshotsInstalled are how many nodes told of, until they were killed: there may have been more.
	SnapshotsTaken, SnapshotsInstalled uint64
	// Silence is the longest time in which no command was acknowledged to anybody.
	Silence time.Duration
	// Keys is how many keys there were at the end.
	Keys int
	// LargeValues is how many values larger than Options.BallastBytes were acknowledged.
	LargeValues int
	// Slams is how often a door was slammed, Workloads what each workload says of itself.
	Slams     int
	Workloads []string
}

// String is the report in one line, and one more for each workload.
func (r *Report) String() string {
	var faults []string
	for kind, count := range r.Faults {
		if count > 0 {
			faults = append(faults, fmt.Sprintf("%v %d", Kind(kind), count))
		}
	}
	text := fmt.Sprintf("seed %d, %.1f s, %d commands done, %d not done, %d unknown, %d probes; faults: %s; "+
		"%d leader changes, %d snapshots taken and %d installed, longest silence %.2f s, %d keys, "+
		"%d large values",
		r.Seed, r.Took.Seconds(), r.Done, r.NotDone, r.Unknown, r.Probes, strings.Join(faults, ", "),
		r.LeaderChanges, r.SnapshotsTaken, r.SnapshotsInstalled, r.Silence.Seconds(), r.Keys, r.LargeValues)
	if r.Slams > 0 {
		text += fmt.Sprintf(", doors slammed %d times", r.Slams)
	}
	return strings.Join(append([]string{text}, r.Workloads...), "\n")
}
