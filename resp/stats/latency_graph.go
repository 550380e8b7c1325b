package stats

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// graphColumns is the width of a graph, one sample a column; graphRows is its height.
	graphColumns = 80
	graphRows    = 4
)

// graphTops are how full the topmost cell of a column can be.
const graphTops = ".:|"

// Graph draws the samples as columns, each with how long ago it was. Its first line is Redis's: programs read it.
func (e *Event) Graph(name string, now time.Time) string {
	shortest, longest := e.extremes()
	var text strings.Builder
	fmt.Fprintf(&text, "%s - high %d ms, low %d ms (all time high %d ms)\n", name, longest, shortest, e.Longest)
	text.WriteString(strings.Repeat("-", graphColumns) + "\n")
	for part := range slices.Chunk(e.Samples, graphColumns) {
		columns := make([]string, len(part))
		for i, sample := range part {
			columns[i] = column(sample.Millis-shortest, longest-shortest) + " " + ago(now.Unix()-sample.Second)
		}
		text.WriteString(transposed(columns))
	}
	return text.String()
}

// extremes are the shortest and the longest of the samples.
func (e *Event) extremes() (shortest, longest int64) {
	for i, sample := range e.Samples {
		if i == 0 {
			shortest, longest = sample.Millis, sample.Millis
		}
		shortest, longest = min(shortest, sample.Millis), max(longest, sample.Millis)
	}
	return shortest, longest
}

// column is a bar from the top down, as high as a value is within its range.
func column(value, within int64) string {
	const heights = graphRows * len(graphTops)
	height := heights
	if within > 0 {
		height = 1 + int(float64(value)/float64(within)*float64(heights-1))
	}
	full, top := (height-1)/len(graphTops), (height-1)%len(graphTops)
	return strings.Repeat(" ", graphRows-1-full) + graphTops[top:top+1] + strings.Repeat("|", full)
}

// ago is a time in its largest unit.
func ago(seconds int64) string {
	for _, unit := range []struct {
		seconds int64
		name    string
	}{{24 * 3600, "d"}, {3600, "h"}, {60, "m"}} {
		if seconds >= unit.seconds {
			return strconv.FormatInt(seconds/unit.seconds, 10) + unit.name
		}
	}
	return strconv.FormatInt(max(seconds, 0), 10) + "s"
}

// transposed writes columns side by side.
func transposed(columns []string) string {
	var text strings.Builder
	for row := 0; ; row++ {
		line := make([]byte, len(columns))
		more := false
		for i, column := range columns {
			line[i] = ' '
			if row < len(column) {
				line[i], more = column[row], true
			}
		}
		if !more {
			return text.String()
		}
		text.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
}
