package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/raftredis/raftredis/internal/guard"
)

// row is one guard in the catalogue's table of mutations.
type row struct {
	guard string
	tests []namedTest
}

// namedTest is a test as the catalogue names it.
type namedTest struct {
	directory, name string
	// seconds is how long it took the test to notice, as text; empty while it is not known.
	seconds string
}

func (t namedTest) String() string { return t.directory + "." + t.name }

// lowers reports whether a test lowers guards itself, each in a subtest of the guard's name. Such a test passes when it
// has noticed; every other one fails.
func (t namedTest) lowers() bool { return strings.HasPrefix(t.name, "TestMutation_") }

var (
	rowLine  = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ([^|]*) \\| (.*) \\|$")
	testCell = regexp.MustCompile("`([a-z0-9/]+)\\.(Test\\w+|Fuzz\\w+)`(?: ([0-9.]+) s)?")
)

// parseRows finds the rows of guards in the catalogue.
func parseRows(text string) (rows []*row) {
	for _, line := range rowLine.FindAllStringSubmatch(text, -1) {
		r := &row{guard: line[1]}
		for _, cell := range testCell.FindAllStringSubmatch(line[3], -1) {
			r.tests = append(r.tests, namedTest{directory: cell[1], name: cell[2], seconds: cell[3]})
		}
		rows = append(rows, r)
	}
	return rows
}

// writeSeconds is the catalogue with the seconds of rows.
func writeSeconds(text string, rows []*row) string {
	next := 0
	return rowLine.ReplaceAllStringFunc(text, func(line string) string {
		r := rows[next]
		next++
		var cells []string
		for _, t := range r.tests {
			cell := "`" + t.String() + "`"
			if t.seconds != "" {
				cell += " " + t.seconds + " s"
			}
			cells = append(cells, cell)
		}
		parts := rowLine.FindStringSubmatch(line)
		return fmt.Sprintf("| `%s` | %s | %s |", parts[1], parts[2], strings.Join(cells, ", "))
	})
}

func guardNames() (names []string) {
	for _, g := range guard.All() {
		names = append(names, g.String())
	}
	return names
}
