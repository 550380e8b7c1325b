package compare

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// table is a table of a report.
type table struct {
	title string
	head  []string
	rows  [][]string
}

// Write writes all tables, as text or as Markdown.
func (r *Result) Write(w io.Writer, markdown bool) error {
	for _, t := range r.tables() {
		if len(t.rows) == 0 {
			continue
		}
		write := t.text
		if markdown {
			write = t.markdown
		}
		if err := write(w); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s:\n\n| %s |\n|%s\n", t.title, strings.Join(t.head, " | "), strings.Repeat("---|", len(t.head)))
	for _, row := range t.rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *table) text(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "\n%s\n\n", t.title); err != nil {
		return err
	}
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{t.head}, t.rows...) {
		fmt.Fprintf(columns, "  %s\n", strings.Join(row, "\t")) // Flush says if it cannot be written
	}
	return columns.Flush()
}

func (r *Result) tables() []table {
	return []table{r.guarantees(), r.rates(), r.ratios(), r.times(), r.costs(), r.aimed()}
}

func (r *Result) guarantees() table {
	t := table{title: "What an acknowledgement means", head: []string{"system", "guarantee"}}
	for _, s := range r.Systems {
		t.rows = append(t.rows, []string{s.Name, s.Guarantee})
	}
	return t
}

// matrix is a table with a row for each shape and a column for each system.
func (r *Result) matrix(title string, cell func(system string, shape Shape) (string, bool)) table {
	t := table{title: title, head: []string{""}}
	for _, s := range r.Systems {
		t.head = append(t.head, s.Name)
	}
	for _, shape := range r.Shapes {
		row, filled := []string{shape.String()}, false
		for _, s := range r.Systems {
			text, found := cell(s.Name, shape)
			row, filled = append(row, text), filled || found
		}
		if filled {
			t.rows = append(t.rows, row)
		}
	}
	return t
}

func (r *Result) rates() table {
	return r.matrix("Requests per second, median [least-greatest]", func(system string, shape Shape) (string, bool) {
		s, found := r.of(system, shape, rate)
		if !found {
			return "", false
		}
		return fmt.Sprintf("%.0f [%.0f-%.0f]", s.Median, s.Min, s.Max), true
	})
}

// ratios has, for each system, how it stands to redis-server, and after a slash, how raftredis stands to it.
func (r *Result) ratios() table {
	title := "Ratio to " + redis + " / of " + raftredis + " to this system, medians of the rounds"
	return r.matrix(title, func(system string, shape Shape) (string, bool) {
		toRedis, first := r.ratio(system, redis, shape, shape)
		ofOurs, second := r.ratio(raftredis, system, shape, shape)
		return optional(toRedis, first) + " / " + optional(ofOurs, second), first || second
	})
}

func optional(s spread, found bool) string {
	if !found {
		return "-"
	}
	return fmt.Sprintf("%.2f", s.Median)
}

func (r *Result) times() table {
	title := "Milliseconds within which half / 99 of 100 replies came, medians of the rounds"
	return r.matrix(title, func(system string, shape Shape) (string, bool) {
		half, found := r.of(system, shape, func(s Sample) float64 { return s.P50Millis })
		nearlyAll, _ := r.of(system, shape, func(s Sample) float64 { return s.P99Millis })
		if !found {
			return "", false
		}
		return fmt.Sprintf("%.2f / %.2f", half.Median, nearlyAll.Median), true
	})
}

// costs has a row for each shape and system.
func (r *Result) costs() table {
	t := table{
		title: "Microseconds of processors for a request, user + system, and voluntary switches of threads; medians",
		head:  []string{"", "system", "leader", "switches", "each follower", "switches"},
	}
	for _, shape := range r.Shapes {
		for _, s := range r.Systems {
			row := []string{shape.String(), s.Name}
			for _, of := range []func(Sample) Cost{
				func(s Sample) Cost { return s.Leader }, func(s Sample) Cost { return s.Follower },
			} {
				user, found := r.of(s.Name, shape, func(s Sample) float64 { return of(s).UserMicros })
				system, _ := r.of(s.Name, shape, func(s Sample) float64 { return of(s).SystemMicros })
				switches, _ := r.of(s.Name, shape, func(s Sample) float64 { return of(s).Switches })
				if found && user.Max+system.Max+switches.Max > 0 {
					row = append(row, fmt.Sprintf("%.1f + %.1f", user.Median, system.Median), fmt.Sprintf("%.2f", switches.Median))
				} else {
					row = append(row, "", "")
				}
			}
			if row[2] != "" {
				t.rows = append(t.rows, row)
			}
		}
	}
	return t
}
