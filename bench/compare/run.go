package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/raftredis/raftredis/bench/process"
	"github.com/raftredis/raftredis/bench/system"
	"github.com/raftredis/raftredis/bench/work"
)

// Options say what is compared, and where.
type Options struct {
	system.Programs
	// Systems and Shapes are the names of those to compare; none means all that are not optional.
	Systems, Shapes []string
	// Directory is where the servers keep their data and their logs. It is empty, and stays when the run has ended.
	Directory string
	// Port is the first of ten free ports for each system.
	Port int
	// Rounds is how often everything is measured, Period how long a measurement lasts.
	Rounds int
	Period time.Duration
	// Keys is from how many keys requests draw, ValueBytes the size of values.
	Keys, ValueBytes int
	// RedisBenchmark has redis-benchmark generate the load.
	RedisBenchmark bool
	// OneAtATime has only one system run at a time. Each is started and filled anew for each round.
	OneAtATime bool
	// Progress gets a line when something was measured.
	Progress io.Writer
}

// chosen are the systems and shapes that the options ask for.
func (o *Options) chosen() (all []system.System, shapes []Shape, err error) {
	another := len(o.OtherFlags) > 0 || o.Other != o.Raftredis
	every := slices.DeleteFunc(system.All(), func(s system.System) bool {
		wanted := slices.Contains(o.Systems, s.Name) || s.Name == system.Other && another
		return s.Optional && !wanted || s.Name == system.Other && !another
	})
	names := o.Systems
	if len(names) > 0 && another {
		names = append(slices.Clone(names), system.Other)
	}
	all, err = named(every, names, func(s system.System) string { return s.Name })
	if err == nil {
		shapes, err = named(Shapes(), o.Shapes, Shape.Name)
	}
	return all, shapes, err
}

// NeedsPeers reports whether programs of bench/peers are asked for.
func (o *Options) NeedsPeers() (bool, error) {
	all, _, err := o.chosen()
	return slices.ContainsFunc(all, func(s system.System) bool { return s.IsPeer() }), err
}

// List writes the names of systems and shapes.
func List(w io.Writer) {
	for _, s := range system.All() {
		note := ""
		if s.Optional {
			note = "   only if it is asked for"
		}
		fmt.Fprintf(w, "system %s%s\n", s.Name, note)
	}
	for _, s := range Shapes() {
		fmt.Fprintf(w, "shape  %-24s %v\n", s.Name(), s)
	}
}

// Run starts the systems, measures, and stops them. The first error reply ends it, as does the end of ctx.
func Run(ctx context.Context, o Options) (r *Result, err error) {
	chosen, shapes, err := o.chosen()
	if err != nil {
		return nil, err
	}
	c := &comparison{options: o, chosen: chosen, requests: map[string]int{}}
	c.result.Shapes = shapes
	for _, s := range chosen {
		c.result.Systems = append(c.result.Systems, System{Name: s.Name, Nodes: s.Nodes})
	}
	if o.OneAtATime {
		err = c.inTurn(ctx)
	} else {
		err = c.together(ctx)
	}
	return &c.result, err
}

// comparison is a run.
type comparison struct {
	options Options
	chosen  []system.System
	// requests is how many redis-benchmark has to send for as long as a measurement lasts, by the names of a system and a
	// shape.
	requests map[string]int
	result   Result
}

// together starts all systems, and measures each shape with all of them, one right after the other.
func (c *comparison) together(ctx context.Context) (err error) {
	all := make([]*system.Running, len(c.chosen))
	defer func() {
		for _, s := range all {
			if s != nil {
				err = s.Stop(err)
			}
		}
	}()
	for i := range c.chosen {
		if all[i], err = c.start(ctx, i); err != nil {
			return err
		}
	}
	for i := range all {
		if err := c.prepare(ctx, all[i]); err != nil {
			return err
		}
	}
	if err := c.rest(ctx, all...); err != nil {
		return err
	}
	for round := range c.options.Rounds {
		for turn, shape := range c.result.Shapes {
			for i := range all {
				if err := c.measure(ctx, all[(i+turn+round)%len(all)], shape, round); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// inTurn measures all shapes with one system after the other, and runs nothing else meanwhile.
func (c *comparison) inTurn(ctx context.Context) error {
	for round := range c.options.Rounds {
		for i := range c.chosen {
			if err := c.visit(ctx, (i+round)%len(c.chosen), round); err != nil {
				return err
			}
		}
	}
	return nil
}

// visit is the turn of one system.
func (c *comparison) visit(ctx context.Context, i, round int) (err error) {
	s, err := c.start(ctx, i)
	defer func() { err = s.Remove(err) }()
	if err == nil {
		err = c.prepare(ctx, s)
	}
	if err == nil && round == 0 {
		err = c.rest(ctx, s)
	}
	for _, shape := range c.result.Shapes {
		if err == nil {
			err = c.measure(ctx, s, shape, round)
		}
	}
	return err
}

func (c *comparison) start(ctx context.Context, i int) (*system.Running, error) {
	return system.Start(ctx, &c.options.Programs, c.chosen[i], c.options.Directory, c.options.Port+i*system.Ports)
}

// does reports whether a shape is measured with a system.
func does(s *system.Running, shape Shape) bool { return s.Gets || shape.Command == "set" }

const (
	// firstRequests is how many requests a client sends to find out how long they take; warmShare is which part of the
	// period is spent before a measurement, so that it has no first requests.
	firstRequests = 20
	warmShare     = 8
	// shortest is which part of the period a measurement must last to count.
	shortest = 4
)

// lasting is how many requests last for a period at a rate, and whether those that were sent lasted long enough to
// count. The first requests to a system may be slow, and so the guess too low.
func lasting(sent int, rate float64, period time.Duration, clients int) (requests int, enough bool) {
	requests = max(firstRequests*clients, int(rate*period.Seconds()))
	return requests, float64(sent) >= rate*period.Seconds()/shortest
}

// prepare waits until a system serves, fills it with keys, and finds out how much redis-benchmark has to send.
func (c *comparison) prepare(ctx context.Context, s *system.Running) error {
	if err := s.Await(ctx); err != nil {
		return err
	}
	c.about(s.Name).Guarantee = s.Guarantee
	leader, err := s.Leader()
	if err != nil {
		return err
	}
	if err := work.Fill(ctx, s.Servers[leader].Port, c.options.Keys, c.options.ValueBytes); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	for _, shape := range c.result.Shapes {
		if !c.options.RedisBenchmark || !does(s, shape) {
			continue
		}
		requests := firstRequests * shape.Clients * shape.Pipeline
		for _, share := range []time.Duration{warmShare, 1} {
			measured, err := benchmark(ctx, shape, c.order(s, leader, requests))
			if err != nil {
				return fmt.Errorf("%s, %v: %w", s.Name, shape, err)
			}
			requests, _ = lasting(requests, measured.Rate, c.options.Period/share, shape.Clients*shape.Pipeline)
		}
		c.requests[s.Name+shape.Name()] = requests
	}
	fmt.Fprintf(c.options.Progress, "%s has %d keys\n", s.Name, c.options.Keys)
	return nil
}

func (c *comparison) order(s *system.Running, leader, requests int) order {
	return order{s.Servers[leader].Port, requests, c.options.Keys, c.options.ValueBytes}
}

// about is what the result says of a system.
func (c *comparison) about(name string) *System {
	i := slices.IndexFunc(c.result.Systems, func(s System) bool { return s.Name == name })
	return &c.result.Systems[i]
}

// restPeriods is for how many periods is measured what systems use at rest, behind as many in which they settle: with
// the work on the keys that they were filled with, a flush or a collection goes on for a while.
const restPeriods = 2

// rest measures what systems use when nothing is asked of them.
func (c *comparison) rest(ctx context.Context, all ...*system.Running) error {
	wait := func() error {
		select {
		case <-time.After(restPeriods * c.options.Period):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := wait(); err != nil {
		return err
	}
	began := time.Now()
	before, err := runningOf(all)
	if err != nil {
		return err
	}
	if err := wait(); err != nil {
		return err
	}
	after, err := runningOf(all)
	if err != nil {
		return err
	}
	for i, s := range all {
		c.about(s.Name).Idle = (after[i] - before[i]).Seconds() / time.Since(began).Seconds()
	}
	return nil
}

// runningOf is for how long the processes of each system have used a processor.
func runningOf(all []*system.Running) (times []time.Duration, err error) {
	for _, s := range all {
		uses, err := s.Uses()
		if err != nil {
			return nil, err
		}
		var sum process.Use
		for _, u := range uses {
			sum = sum.Plus(u)
		}
		times = append(times, sum.Running)
	}
	return times, nil
}

// maxTries is how often something is measured if the leader changes meanwhile, or if it took too short a time.
const maxTries = 5

var errTooShort = errors.New("the requests took too short a time")

// measure measures one shape with one system once, if the system does it.
func (c *comparison) measure(ctx context.Context, s *system.Running, shape Shape, round int) error {
	if !does(s, shape) {
		return nil
	}
	for range maxTries {
		leader, err := s.Leader()
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		sample, err := c.sample(ctx, s, leader, shape)
		now, lookErr := s.Leader()
		switch {
		case lookErr != nil || now != leader:
			if err := s.Await(ctx); err != nil {
				return err
			}
		case errors.Is(err, errTooShort):
		case err != nil:
			return fmt.Errorf("%s, %v: %w", s.Name, shape, err)
		default:
			c.result.add(s.Name, shape, sample)
			fmt.Fprintf(c.options.Progress, "round %d of %d, %v, %s: %.0f/s\n", round+1, c.options.Rounds, shape, s.Name,
				sample.Rate)
			return nil
		}
	}
	return fmt.Errorf("%s, %v: %d times the leader changed while it was measured, or the time was too short", s.Name,
		shape, maxTries)
}

func (c *comparison) sample(
	ctx context.Context, s *system.Running, leader int, shape Shape,
) (result Sample, err error) {
	w := work.Work{
		Ports: []int{s.Servers[leader].Port}, Mix: shape.Command, Clients: shape.Clients, Pipeline: shape.Pipeline,
		Keys: c.options.Keys, ValueBytes: c.options.ValueBytes, Period: c.options.Period,
	}
	if shape.Writers > 0 {
		beside := w
		beside.Mix, beside.Clients, beside.Pipeline = "set", shape.Writers, 1
		stop := work.Beside(ctx, beside)
		defer func() { err = errors.Join(err, stop()) }()
	}
	generate := func() (work.Speed, error) { return work.Do(ctx, w) }
	if name := s.Name + shape.Name(); c.options.RedisBenchmark {
		generate = func() (work.Speed, error) { return c.benchmark(ctx, s, leader, shape, name) }
	} else {
		warm := w
		warm.Period /= warmShare
		if _, err := work.Do(ctx, warm); err != nil {
			return result, err
		}
	}
	before, err := s.Uses()
	if err != nil {
		return result, err
	}
	if result.Speed, err = generate(); err != nil {
		return result, err
	}
	after, err := s.Uses()
	if err != nil {
		return result, err
	}
	for i := range after {
		used := costOf(after[i].Since(before[i]), result.Requests)
		if i == leader {
			result.Leader = used
			continue
		}
		result.Follower = result.Follower.plus(used.divided(float64(len(after) - 1)))
	}
	return result, nil
}

// benchmark has redis-benchmark send as many requests as last for the period, by what is known until now.
func (c *comparison) benchmark(
	ctx context.Context, s *system.Running, leader int, shape Shape, name string,
) (work.Speed, error) {
	sent := c.requests[name]
	speed, err := benchmark(ctx, shape, c.order(s, leader, sent))
	if err != nil {
		return speed, err
	}
	enough := false
	c.requests[name], enough = lasting(sent, speed.Rate, c.options.Period, shape.Clients*shape.Pipeline)
	if !enough {
		return speed, errTooShort
	}
	return speed, nil
}
