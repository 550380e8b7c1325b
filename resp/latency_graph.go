package resp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/reply"
)

const (
	// graphColumns is the width of a graph, one sample a column; graphRows is its height.
	graphColumns = 80
	graphRows    = 4
)

// graphTops are how full the topmost cell of a column can be.
const graphTops = ".:|"

// latencyGraph is LATENCY GRAPH event: its samples as columns, each with how long ago it was.
func latencyGraph(c *Conn, dst []byte, args [][]byte) []byte {
	name := string(args[2])
	e, known := c.server.latencies.copied()[name]
	if !known {
		return reply.Error(dst, "ERR No samples available for event '"+name+"'")
	}
	return reply.Verbatim(dst, c.protocol(), "txt", e.graph(name, c.server.now()))
}

// copied are the events as they are at the moment.
func (l *latencies) copied() map[string]latencyEvent {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := make(map[string]latencyEvent, len(l.events))
	for name, e := range l.events {
		events[name] = latencyEvent{samples: slices.Clone(e.samples), longest: e.longest}
	}
	return events
}

// graph draws an event. Its first line is Redis's: programs read it.
func (e *latencyEvent) graph(name string, now time.Time) string {
	least, most := e.extremes()
	var text strings.Builder
	fmt.Fprintf(&text, "%s - high %d ms, low %d ms (all time high %d ms)\n", name, most, least, e.longest)
	text.WriteString(strings.Repeat("-", graphColumns) + "\n")
	for part := range slices.Chunk(e.samples, graphColumns) {
		columns := make([]string, len(part))
		for i, sample := range part {
			columns[i] = column(sample.millis-least, most-least) + " " + ago(now.Unix()-sample.second)
		}
		text.WriteString(transposed(columns))
	}
	return text.String()
}

// extremes are the shortest and the longest of the samples.
func (e *latencyEvent) extremes() (least, most int64) {
	for i, sample := range e.samples {
		if i == 0 {
			least, most = sample.millis, sample.millis
		}
		least, most = min(least, sample.millis), max(most, sample.millis)
	}
	return least, most
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
