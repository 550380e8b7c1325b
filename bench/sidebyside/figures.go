package sidebyside

import (
	"fmt"
	"slices"
	"strings"
)

// Figures are what was measured with one depth of pipelines.
type Figures struct {
	Depth Depth
	// samples are those of each round, by the title of the test and the place.
	samples map[string]map[place][]sample
}

// sample is what one run of the generator shows: requests per second, and how much time of processors the servers used
// for a request. Those that work for one place work for no other.
type sample struct{ rate, processorMicros float64 }

func (f *Figures) add(title string, p place, s sample) {
	if f.samples[title] == nil {
		f.samples[title] = map[place][]sample{}
	}
	f.samples[title][p] = append(f.samples[title][p], s)
}

// median is that of what a function gives for each round.
func (f *Figures) median(title string, p place, of func(round int, s sample) float64) float64 {
	var all []float64
	for round, s := range f.samples[title][p] {
		all = append(all, of(round, s))
	}
	return median(all)
}

// median is that of some numbers, of which there is one at least. Of an even number it is the mean of the two in the
// middle.
func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	half := len(all) / 2
	if len(all)%2 == 1 {
		return all[half]
	}
	return (all[half-1] + all[half]) / 2
}

// Markdown is a table of the medians: requests per second, their ratios to those of redis-server round by round, and
// the time of processors for a request: of redis-server, and of the three nodes together.
func (f *Figures) Markdown() string {
	var b strings.Builder
	b.WriteString("| test | redis-server | leader | ratio | follower | ratio | µs | µs, leader | µs, follower |\n" +
		"|---|---|---|---|---|---|---|---|---|\n")
	rate := func(_ int, s sample) float64 { return s.rate }
	micros := func(_ int, s sample) float64 { return s.processorMicros }
	for _, title := range Titles() {
		ratio := func(round int, s sample) float64 { return s.rate / f.samples[title][redis][round].rate }
		fmt.Fprintf(&b, "| %s | %.0f |", title, f.median(title, redis, rate))
		for _, p := range []place{leader, follower} {
			fmt.Fprintf(&b, " %.0f | %.2f |", f.median(title, p, rate), f.median(title, p, ratio))
		}
		for _, p := range places {
			fmt.Fprintf(&b, " %.1f |", f.median(title, p, micros))
		}
		b.WriteString("\n")
	}
	return b.String()
}
