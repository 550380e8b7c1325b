package latency

import (
	"fmt"
	"strings"

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/work"
)

// Aims: how many times as long the 99th percentile may be with one of three nodes dead, and that of 999 in 1,000
// with many keys.
var (
	deadAim = figures.Aim{Bound: 2, AtMost: true}
	keysAim = figures.Aim{Bound: 1.5, AtMost: true}
)

func p99(s work.Speed) float64  { return s.P99Millis }
func p999(s work.Speed) float64 { return s.P999Millis }

// Tables are what was measured, and what is aimed at.
func (r *Result) Tables(few, many int) []figures.Table {
	t := figures.Table{
		Title: "Milliseconds at half of the maximum, open loop; medians of the rounds [least-greatest]",
		Head:  []string{"", "system", "maximum/s", "measured at/s", "p50", "p99", "p99.9", "p99.9 sent late"},
	}
	for _, s := range r.series {
		maximum := ""
		if spread, found := figures.SpreadOf(s.maxima); found {
			maximum = fmt.Sprintf("%.0f", spread.Median)
		}
		row := []string{strings.ToUpper(s.command), s.situation, maximum}
		for digits, of := range []func(work.Speed) float64{
			func(s work.Speed) float64 { return s.Rate }, func(s work.Speed) float64 { return s.P50Millis }, p99, p999,
			func(s work.Speed) float64 { return s.LagMillis },
		} {
			spread, _ := figures.SpreadOf(s.figures(of))
			row = append(row, spread.Text(min(2*digits, 2))) // a rate is whole
		}
		t.Add(row...)
	}
	aims := figures.Table{Title: "What is aimed at", Head: figures.AimHead("what", "command")}
	for _, command := range commands {
		if s, found := r.ratio(command, oneDead, allAlive, p99); found {
			aims.Add(deadAim.Row(s, 2, "p99 with one of three nodes dead, of that with all", strings.ToUpper(command))...)
		}
	}
	for _, command := range commands {
		if s, found := r.ratio(command, keysName(many), keysName(few), p999); found {
			what := fmt.Sprintf("p99.9 with %d keys, of that with %d", many, few)
			aims.Add(keysAim.Row(s, 2, what, strings.ToUpper(command))...)
		}
	}
	return []figures.Table{t, aims}
}

func (r *Result) ratio(command, of, by string, figure func(work.Speed) float64) (figures.Spread, bool) {
	return figures.RatioOf(r.of(command, of).figures(figure), r.of(command, by).figures(figure))
}
