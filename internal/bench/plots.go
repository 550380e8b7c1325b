package bench

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/load"
	"github.com/raftredis/raftredis/internal/plot"
)

// writePlots writes both plots to files that begin with a prefix.
func writePlots(prefix string, r *load.Result) error {
	return errors.Join(
		writePlot(prefix+"-latency.svg", latencyChart(r)),
		writePlot(prefix+"-throughput.svg", throughputChart(r)),
	)
}

func writePlot(name string, c *plot.Chart) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(c.WriteSVG(file), file.Close())
}

// subtitle is what was done, in a line.
func subtitle(r *load.Result) string {
	first, _, _ := strings.Cut(describe(r), "\n")
	return first
}

// latencyChart shows the latency of each command by percentile. The axis of percentiles is one of nines: as far from 90
// to 99 as from 99 to 99.9.
func latencyChart(r *load.Result) *plot.Chart {
	c := &plot.Chart{
		Title: "Latency by percentile", Subtitle: subtitle(r), X: plot.Axis{Title: "percentile", Log: true},
		Y: plot.Axis{Title: "milliseconds", Log: true},
	}
	nines := 1.0
	for i := range r.Commands {
		line := plot.Line{Name: r.Commands[i].Name}
		for _, s := range r.Commands[i].Latency.Distribution() {
			at := 1 / (1 - s.Quantile)
			if s.Quantile == 1 {
				at = float64(s.Count) // the longest of so many
			}
			line.Points = append(line.Points, plot.Point{X: at, Y: inMillis(s.Latency)})
			nines = max(nines, at)
		}
		c.Lines = append(c.Lines, line)
	}
	for _, t := range []plot.Tick{
		{At: 1, Label: "0"}, {At: 2, Label: "50"}, {At: 10, Label: "90"}, {At: 100, Label: "99"}, {At: 1e3, Label: "99.9"},
		{At: 1e4, Label: "99.99"}, {At: 1e5, Label: "99.999"}, {At: 1e6, Label: "99.9999"}, {At: 1e7, Label: "99.99999"},
	} {
		if t.At <= max(nines, 100) {
			c.X.Ticks = append(c.X.Ticks, t)
		}
	}
	return c
}

// throughputChart shows what was answered, and what failed if anything did, in each interval.
func throughputChart(r *load.Result) *plot.Chart {
	c := &plot.Chart{
		Title: "Requests per second over time", Subtitle: subtitle(r), X: plot.Axis{Title: "seconds"},
		Y: plot.Axis{Title: "requests per second"},
	}
	answered, failed, failures := plot.Line{Name: "answered"}, plot.Line{Name: "failed"}, int64(0)
	for _, i := range r.Intervals {
		at := (i.Start + i.Length).Seconds()
		answered.Points = append(answered.Points, plot.Point{X: at, Y: i.Rate()})
		failed.Points = append(failed.Points, plot.Point{X: at, Y: float64(i.Failed) / i.Length.Seconds()})
		failures += i.Failed
	}
	c.Lines = append(c.Lines, answered)
	if failures > 0 {
		c.Lines = append(c.Lines, failed)
	}
	if r.Interrupted {
		c.Subtitle = fmt.Sprintf("%s, interrupted", c.Subtitle)
	}
	return c
}

func inMillis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
