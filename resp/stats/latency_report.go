package stats

import (
	"fmt"
	"slices"
	"strings"
)

// advice is what LATENCY DOCTOR says about an event, in the order in which one would look.
var advice = map[string][]string{
	"command": {
		"SLOWLOG GET lists what took long, and RAFT.SLOWLOG where the time went. A write takes as long as the sync of a " +
			"majority of disks, a read a round trip to a majority; what takes longer than both is large, or waited behind " +
			"something that was.",
		"Cut what is large: KEYS, BITCOUNT of long strings and LCS cost what they look at; SCAN costs little at a time.",
	},
	"fast-command": {
		"Commands that cost next to nothing took long, so what they waited for was not the command: RAFT.SLOWLOG tells " +
			"whether it was the disk, the network between nodes, or the processor.",
		"See that the machine does not swap and that nothing else uses its processors; a node wants one to itself.",
	},
	"fsync": {
		"The disk of this node took long to keep what was written. Put the directory on a disk of its own, best " +
			"an SSD whose cache outlives the power, and see what else writes there.",
	},
	"commit": {
		"A majority took long to have an entry on its disks. If fsync is late here too, it is this disk; if not, look at " +
			"the same on the other nodes, and at the network between them.",
	},
	"apply": {
		"Commands took long to be executed, while nothing else is: one of them was large. SLOWLOG GET names it.",
	},
	"read-index": {
		"Reads waited long for the word that this node's leader still leads: the network between nodes is slow, or a " +
			"majority of them is.",
	},
}

// Report is LATENCY DOCTOR: sentences for people. An event is late from thresholdMillis on, 0 if none is; the slow log
// keeps what is slower than slowerThanMicros, nothing if that is negative.
func Report(events map[string]Event, thresholdMillis, slowerThanMicros int64) string {
	switch {
	case len(events) == 0 && thresholdMillis == 0:
		return "Nothing was watched: latency-monitor-threshold is 0. CONFIG SET it to the milliseconds from which on " +
			"something is late.\n"
	case len(events) == 0:
		return fmt.Sprintf("Nothing took as long as %d ms, which is latency-monitor-threshold.\n", thresholdMillis)
	}
	var names []string
	for name := range events {
		names = append(names, name)
	}
	slices.Sort(names)
	var text, said strings.Builder
	text.WriteString("Some things were late on this node:\n\n")
	for i, name := range names {
		e := events[name]
		fmt.Fprintf(&text, "%d. %s: %s\n", i+1, name, e.summary())
		for _, one := range append(slowLogAdvice(name, thresholdMillis, slowerThanMicros), advice[name]...) {
			said.WriteString("- " + one + "\n")
		}
	}
	if said.Len() > 0 {
		text.WriteString("\nWhat to do:\n\n" + said.String())
	}
	return text.String()
}

// summary tells of all samples of an event in numbers.
func (e *Event) summary() string {
	count := int64(len(e.Samples))
	sum, deviation := int64(0), int64(0)
	for _, sample := range e.Samples {
		sum += sample.Millis
	}
	mean := sum / count
	for _, sample := range e.Samples {
		deviation += max(sample.Millis-mean, mean-sample.Millis)
	}
	span := e.Samples[count-1].Second - e.Samples[0].Second
	return fmt.Sprintf("%d times, on average %d ms (give or take %d ms), within %d s. The longest ever took %d ms.",
		count, mean, deviation/count, span, e.Longest)
}

// slowLogAdvice is about a slow log that would not show what was late.
func slowLogAdvice(event string, thresholdMillis, slowerThanMicros int64) []string {
	switch {
	case event != "command":
		return nil
	case slowerThanMicros < 0:
		return []string{"The slow log is off: CONFIG SET slowlog-log-slower-than 1000 keeps what takes a millisecond."}
	case slowerThanMicros/1000 > thresholdMillis:
		return []string{fmt.Sprintf("The slow log keeps what takes %d ms, which is more than the %d ms from which on "+
			"something counts as late: CONFIG SET slowlog-log-slower-than %d.", slowerThanMicros/1000, thresholdMillis,
			thresholdMillis*1000)}
	}
	return nil
}
