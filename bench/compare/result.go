package compare

import (
	"slices"

	"github.com/raftredis/raftredis/bench/process"
)

// Result is what was measured.
type Result struct {
	Systems []System
	Shapes  []Shape
	// IdleShare is how many processors all systems together use when nothing is asked of them.
	IdleShare float64

	// samples has one for each round, by the names of a system and of a shape.
	samples map[string]map[string][]Sample
}

// System is one of those that were measured.
type System struct{ Name, Guarantee string }

// Sample is one measurement.
type Sample struct {
	speed
	// Leader is what a request cost the leader; Follower what it cost each of the others, on average.
	Leader, Follower Cost
}

// Cost is what a request cost a process: microseconds of processors in its own code and in the kernel, and how often a
// thread waited.
type Cost struct{ UserMicros, SystemMicros, Switches float64 }

func costOf(u process.Use, requests int) Cost {
	n := float64(requests)
	return Cost{float64(u.User.Microseconds()) / n, float64(u.System.Microseconds()) / n, float64(u.Switches) / n}
}

func (c Cost) plus(d Cost) Cost {
	return Cost{c.UserMicros + d.UserMicros, c.SystemMicros + d.SystemMicros, c.Switches + d.Switches}
}

func (c Cost) divided(by float64) Cost {
	return Cost{c.UserMicros / by, c.SystemMicros / by, c.Switches / by}
}

func (r *Result) add(system string, shape Shape, s Sample) {
	if r.samples == nil {
		r.samples = map[string]map[string][]Sample{}
	}
	if r.samples[system] == nil {
		r.samples[system] = map[string][]Sample{}
	}
	r.samples[system][shape.Name()] = append(r.samples[system][shape.Name()], s)
}

// spread is the least, the middle and the greatest of some figures.
type spread struct{ Min, Median, Max float64 }

// spreadOf finds it; of an even number the median is the mean of the two in the middle. There is none of no figures.
func spreadOf(all []float64) (s spread, found bool) {
	if len(all) == 0 {
		return s, false
	}
	all = slices.Sorted(slices.Values(all))
	half := len(all) / 2
	s = spread{all[0], all[half], all[len(all)-1]}
	if len(all)%2 == 0 {
		s.Median = (all[half-1] + all[half]) / 2
	}
	return s, true
}

// of is the spread of one figure of all samples of a system and a shape.
func (r *Result) of(system string, shape Shape, figure func(Sample) float64) (spread, bool) {
	var all []float64
	for _, s := range r.samples[system][shape.Name()] {
		all = append(all, figure(s))
	}
	return spreadOf(all)
}

func rate(s Sample) float64 { return s.Rate }

// ratio is the spread of how many times as many requests per second a system did as another, round by round.
func (r *Result) ratio(system, base string, shape, baseShape Shape) (spread, bool) {
	of, by := r.samples[system][shape.Name()], r.samples[base][baseShape.Name()]
	var all []float64
	for round := range min(len(of), len(by)) {
		all = append(all, of[round].Rate/by[round].Rate)
	}
	return spreadOf(all)
}

// best is which of some systems did most requests per second, by the median.
func (r *Result) best(shape Shape, names ...string) (best string) {
	highest := 0.0
	for _, name := range names {
		if s, found := r.of(name, shape, rate); found && s.Median > highest {
			best, highest = name, s.Median
		}
	}
	return best
}
