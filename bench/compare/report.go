package compare

import (
	"fmt"
	"io"

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/system"
)

// Write writes all tables, as text or as Markdown.
func (r *Result) Write(w io.Writer, markdown bool) error {
	return figures.WriteAll(w, markdown, r.tables()...)
}

func (r *Result) tables() []figures.Table {
	return []figures.Table{r.guarantees(), r.speeds(), r.ratios(), r.times(), r.costs(), r.rest(), r.aimed()}
}

func (r *Result) guarantees() figures.Table {
	t := figures.Table{Title: "What an acknowledgement means", Head: []string{"system", "guarantee"}}
	for _, s := range r.Systems {
		t.Rows = append(t.Rows, []string{s.Name, s.Guarantee})
	}
	return t
}

// matrix is a table with a row for each shape and a column for each system.
func (r *Result) matrix(title string, cell func(name string, shape Shape) (string, bool)) figures.Table {
	t := figures.Table{Title: title, Head: []string{""}}
	for _, s := range r.Systems {
		t.Head = append(t.Head, s.Name)
	}
	for _, shape := range r.Shapes {
		row, filled := []string{shape.String()}, false
		for _, s := range r.Systems {
			text, found := cell(s.Name, shape)
			row, filled = append(row, text), filled || found
		}
		if filled {
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

func (r *Result) speeds() figures.Table {
	return r.matrix("Requests per second, median [least-greatest]", func(name string, shape Shape) (string, bool) {
		s, found := r.of(name, shape, rate)
		if !found {
			return "", false
		}
		return s.Text(0), true
	})
}

// ratios has, for each system, how it stands to redis-server, and after a slash, how raftredis stands to it.
func (r *Result) ratios() figures.Table {
	title := "Ratio to " + system.Redis + " / of " + system.Raftredis + " to this system, medians of the rounds"
	return r.matrix(title, func(name string, shape Shape) (string, bool) {
		toRedis, first := r.ratio(name, system.Redis, shape, shape)
		ofOurs, second := r.ratio(system.Raftredis, name, shape, shape)
		return optional(toRedis, first) + " / " + optional(ofOurs, second), first || second
	})
}

func optional(s figures.Spread, found bool) string {
	if !found {
		return "-"
	}
	return fmt.Sprintf("%.2f", s.Median)
}

func (r *Result) times() figures.Table {
	title := "Milliseconds within which half / 99 of 100 / 999 of 1,000 replies came, medians of the rounds"
	return r.matrix(title, func(name string, shape Shape) (string, bool) {
		half, found := r.of(name, shape, func(s Sample) float64 { return s.P50Millis })
		nearlyAll, _ := r.of(name, shape, func(s Sample) float64 { return s.P99Millis })
		if !found {
			return "", false
		}
		text := fmt.Sprintf("%.2f / %.2f", half.Median, nearlyAll.Median)
		if rare, _ := r.of(name, shape, func(s Sample) float64 { return s.P999Millis }); rare.Median > 0 {
			text += fmt.Sprintf(" / %.2f", rare.Median)
		}
		return text, true
	})
}

// costs has a row for each shape and system.
func (r *Result) costs() figures.Table {
	t := figures.Table{
		Title: "Microseconds of processors for a request, user + system, and voluntary switches of threads; medians",
		Head:  []string{"", "system", "leader", "switches", "each follower", "switches"},
	}
	for _, shape := range r.Shapes {
		for _, s := range r.Systems {
			row := []string{shape.String(), s.Name}
			for _, of := range []func(Sample) Cost{
				func(s Sample) Cost { return s.Leader }, func(s Sample) Cost { return s.Follower },
			} {
				user, found := r.of(s.Name, shape, func(s Sample) float64 { return of(s).UserMicros })
				kernel, _ := r.of(s.Name, shape, func(s Sample) float64 { return of(s).SystemMicros })
				switches, _ := r.of(s.Name, shape, func(s Sample) float64 { return of(s).Switches })
				if found && user.Max+kernel.Max+switches.Max > 0 {
					row = append(row, fmt.Sprintf("%.1f + %.1f", user.Median, kernel.Median), fmt.Sprintf("%.2f", switches.Median))
				} else {
					row = append(row, "", "")
				}
			}
			if row[2] != "" {
				t.Rows = append(t.Rows, row)
			}
		}
	}
	return t
}

// rest has what the processes of each system use when nothing is asked of them.
func (r *Result) rest() figures.Table {
	t := figures.Table{
		Title: "At rest, thousandths of a processor", Head: []string{"system", "all its processes", "each of them"},
	}
	for _, s := range r.Systems {
		if s.Idle > 0 {
			t.Add(s.Name, fmt.Sprintf("%.1f", 1000*s.Idle), fmt.Sprintf("%.1f", 1000*s.Idle/float64(s.Nodes)))
		}
	}
	return t
}
