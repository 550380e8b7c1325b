package compare

import (
	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/process"
	"github.com/raftredis/raftredis/bench/work"
)

// Result is what was measured.
type Result struct {
	Systems []System
	Shapes  []Shape

	// samples has one for each round, by the names of a system and of a shape.
	samples map[string]map[string][]Sample
}

// System is one of those that were measured.
type System struct {
	Name, Guarantee string
	Nodes           int
	// Idle is how many processors all its processes together use when nothing is asked of them.
	Idle float64
}

// Sample is one measurement.
type Sample struct {
	work.Speed
	// Leader is what a request cost the leader; Follower what it cost each of the others, on average.
	Leader, Follower Cost
}

// Cost is what a request cost a process: microseconds of processors in its own code and in the kernel, and how often a
// thread waited.
type Cost struct{ UserMicros, SystemMicros, Switches float64 }

func costOf(u process.Use, requests int64) Cost {
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

// of is the spread of one figure of all samples of a system and a shape.
func (r *Result) of(system string, shape Shape, figure func(Sample) float64) (figures.Spread, bool) {
	var all []float64
	for _, s := range r.samples[system][shape.Name()] {
		all = append(all, figure(s))
	}
	return figures.SpreadOf(all)
}

func rate(s Sample) float64 { return s.Rate }

// ratio is the spread of how many times as many requests per second a system did as another, round by round.
func (r *Result) ratio(system, base string, shape, baseShape Shape) (figures.Spread, bool) {
	return figures.RatioOf(r.rates(system, shape), r.rates(base, baseShape))
}

// rates are the requests per second of a system and a shape, round by round.
func (r *Result) rates(system string, shape Shape) (all []float64) {
	for _, s := range r.samples[system][shape.Name()] {
		all = append(all, s.Rate)
	}
	return all
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
