// Package library measures libraries of Raft without a client between: goroutines of the leader's process propose
// entries, or have reads confirmed. Each library is a program of bench/peers, in three processes with a directory each,
// and each syncs an entry on a majority of disks before it is done.
package library

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/system"
)

// Options say what is measured, and where.
type Options struct {
	system.Programs
	// Directory is where the nodes keep their data. Port is the first of ten free ports for each of five libraries.
	Directory string
	Port      int
	// Libraries are the names of those that are measured; none means all.
	Libraries []string
	// Rounds is how often everything is measured, Period how long a measurement lasts.
	Rounds int
	Period time.Duration
	// Proposers are how many goroutines there are, Bytes how long entries are, from 16 on.
	Proposers, Bytes []int
	// Progress gets a line when something was measured.
	Progress io.Writer
}

// The names of libraries.
const dragonboat, etcdraft, hashicorp = "dragonboat", "etcdraft", "hashicorp"

// Names are all libraries, ours first, on goroutines and on an event loop.
var Names = []string{system.Library, system.LibraryLoop, dragonboat, etcdraft, hashicorp}

// question is one thing that is measured.
type question struct {
	// bytes is 0 for reads.
	bytes, proposers int
}

func (q question) String() string {
	if q.bytes == 0 {
		return fmt.Sprintf("read, %d readers", q.proposers)
	}
	return fmt.Sprintf("propose %d bytes, %d proposers", q.bytes, q.proposers)
}

func (q question) command(period time.Duration) []string {
	n, millis := strconv.Itoa(q.proposers), strconv.Itoa(int(period.Milliseconds()))
	if q.bytes == 0 {
		return []string{"CONFIRM", n, millis}
	}
	return []string{"PROPOSE", n, strconv.Itoa(q.bytes), millis}
}

// bound is what is aimed at: a ratio to the best of others.
func (q question) bound() (aim figures.Aim, others []string) {
	all := []string{dragonboat, etcdraft, hashicorp}
	switch {
	case q.bytes == 0:
		return figures.Aim{Bound: 1}, []string{hashicorp}
	case q.proposers == 1:
		return figures.Aim{Bound: 1.1}, all
	}
	return figures.Aim{Bound: 1.5}, all
}

// sample is one measurement: how many a second, and microseconds of processors of all three processes for each.
type sample struct{ rate, micros float64 }

// Result is what was measured.
type Result struct {
	questions []question
	libraries []string
	samples   map[string]map[question][]sample
}

// Run starts all libraries, and measures each question with all of them, one right after the other.
func Run(ctx context.Context, o Options) (result *Result, err error) {
	result = &Result{samples: map[string]map[question][]sample{}}
	for _, bytes := range append(slices.Clone(o.Bytes), 0) {
		for _, n := range o.Proposers {
			result.questions = append(result.questions, question{bytes, n})
		}
	}
	var all []*system.Running
	defer func() {
		for _, r := range all {
			err = r.Remove(err)
		}
	}()
	for _, s := range system.All() {
		if !slices.Contains(Names, s.Name) || len(o.Libraries) > 0 && !slices.Contains(o.Libraries, s.Name) {
			continue
		}
		r, err := system.Start(ctx, &o.Programs, s, o.Directory, o.Port+len(all)*system.Ports)
		if all = append(all, r); err != nil {
			return result, err
		}
		result.libraries = append(result.libraries, s.Name)
		result.samples[s.Name] = map[question][]sample{}
	}
	for _, r := range all {
		if err := r.Await(ctx); err != nil {
			return result, err
		}
	}
	for round := range o.Rounds {
		for turn, q := range result.questions {
			for i := range all {
				r := all[(i+turn+round)%len(all)]
				s, err := measure(r, q, o.Period)
				if err != nil {
					return result, fmt.Errorf("%s, %v: %w", r.Name, q, err)
				}
				result.samples[r.Name][q] = append(result.samples[r.Name][q], s)
				fmt.Fprintf(o.Progress, "round %d of %d, %v, %s: %.0f/s\n", round+1, o.Rounds, q, r.Name, s.rate)
			}
		}
		if ctx.Err() != nil {
			return result, ctx.Err()
		}
	}
	return result, nil
}

// warmShare is which part of the period is spent before a measurement.
const warmShare = 8

func measure(r *system.Running, q question, period time.Duration) (s sample, err error) {
	leader, err := r.Leader()
	if err != nil {
		return s, err
	}
	server := r.Servers[leader]
	if _, err := server.Ask(q.command(period / warmShare)...); err != nil {
		return s, err
	}
	before, err := r.Uses()
	if err != nil {
		return s, err
	}
	text, err := server.Ask(q.command(period)...)
	if err != nil {
		return s, err
	}
	after, err := r.Uses()
	if err != nil {
		return s, err
	}
	done, errDone := strconv.ParseFloat(system.Fact(text, "done"), 64)
	nanoseconds, errTime := strconv.ParseFloat(system.Fact(text, "nanoseconds"), 64)
	if err := errors.Join(errDone, errTime); err != nil || done == 0 {
		return s, fmt.Errorf("it says %q: %w", text, err)
	}
	s.rate = done / nanoseconds * 1e9
	for i := range after {
		s.micros += float64(after[i].Since(before[i]).Running.Nanoseconds()) / 1e3 / done
	}
	return s, nil
}

// of are figures of a library and a question, round by round.
func (result *Result) of(library string, q question, figure func(sample) float64) (all []float64) {
	for _, s := range result.samples[library][q] {
		all = append(all, figure(s))
	}
	return all
}

func rate(s sample) float64 { return s.rate }

// Tables are what was measured, and what is aimed at.
func (result *Result) Tables() []figures.Table {
	head := append([]string{""}, result.libraries...)
	rates := figures.Table{Title: "A second, medians of the rounds [least-greatest]", Head: head}
	costs := figures.Table{Title: "Microseconds of processors for each, of all three nodes, medians", Head: head}
	aims := figures.Table{Title: "What is aimed at", Head: figures.AimHead("what", "of", "best of the others")}
	for _, q := range result.questions {
		rateRow, costRow := []string{q.String()}, []string{q.String()}
		for _, name := range result.libraries {
			r, _ := figures.SpreadOf(result.of(name, q, rate))
			c, _ := figures.SpreadOf(result.of(name, q, func(s sample) float64 { return s.micros }))
			rateRow, costRow = append(rateRow, r.Text(0)), append(costRow, c.Text(1))
		}
		rates.Add(rateRow...)
		costs.Add(costRow...)
		aim, others := q.bound()
		best := result.best(q, others)
		for _, ours := range Names[:2] {
			if s, found := figures.RatioOf(result.of(ours, q, rate), result.of(best, q, rate)); found {
				aims.Add(aim.Row(s, 2, q.String(), ours, best)...)
			}
		}
	}
	return []figures.Table{rates, costs, aims}
}

// best is which of some libraries did most, by the median.
func (result *Result) best(q question, names []string) (best string) {
	highest := 0.0
	for _, name := range names {
		if s, found := figures.SpreadOf(result.of(name, q, rate)); found && s.Median > highest {
			best, highest = name, s.Median
		}
	}
	return best
}
