package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/raftredis/raftredis/bench/process"
)

// Options say what is compared, and where.
type Options struct {
	// Binary is the path of raftredis, Peers the directory of the programs of bench/peers. redis-server and
	// redis-benchmark are those of the PATH.
	Binary, Peers string
	// OtherBinary and OtherFlags make one system more, of another build or with further flags; without flags and with
	// the same binary there is none.
	OtherBinary string
	OtherFlags  []string
	// Systems and Shapes are the names of those to compare; none means all that are not optional.
	Systems, Shapes []string
	// Directory is where the servers keep their data and their logs. It is empty, and stays when the run has ended.
	Directory string
	// Port is the first of ten free ports for each system.
	Port int
	// Rounds is how often everything is measured, Period how long a measurement is meant to last.
	Rounds int
	Period time.Duration
	// Keys is from how many keys requests draw, ValueBytes the size of values.
	Keys, ValueBytes int
	// Progress gets a line when something was measured.
	Progress io.Writer
}

// chosen are the systems and shapes that the options ask for.
func (o *Options) chosen() (all []system, shapes []Shape, err error) {
	another := len(o.OtherFlags) > 0 || o.OtherBinary != o.Binary
	every := slices.DeleteFunc(systems(), func(s system) bool {
		wanted := slices.Contains(o.Systems, s.name) || s.name == other && another
		return s.optional && !wanted || s.name == other && !another
	})
	names := o.Systems
	if len(names) > 0 && another {
		names = append(slices.Clone(names), other)
	}
	all, err = named(every, names, func(s system) string { return s.name })
	if err == nil {
		shapes, err = named(Shapes(), o.Shapes, Shape.Name)
	}
	return all, shapes, err
}

// NeedsPeers reports whether programs of bench/peers are asked for.
func (o *Options) NeedsPeers() (bool, error) {
	all, _, err := o.chosen()
	return slices.ContainsFunc(all, func(s system) bool { return s.role == "peer_role:leader" }), err
}

// Run starts the systems, measures, and stops them. The first error reply ends it, as does the end of ctx.
func Run(ctx context.Context, o Options) (r *Result, err error) {
	chosen, shapes, err := o.chosen()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	all := make([]*running, len(chosen))
	for i := range chosen {
		all[i] = &running{system: chosen[i]}
	}
	defer func() {
		cancel()
		for _, each := range all {
			if err != nil {
				err = errors.Join(err, process.LastWords(each.servers...))
			}
			for _, s := range each.servers {
				s.Wait()
			}
		}
	}()
	c := &comparison{options: o, shapes: shapes, systems: all, requests: map[string]int{}}
	return c.run(ctx)
}

// comparison is a run.
type comparison struct {
	options Options
	shapes  []Shape
	systems []*running
	// requests is how many last as long as they should, by the names of a system and a shape.
	requests map[string]int
	result   Result
}

func (c *comparison) run(ctx context.Context) (*Result, error) {
	for i, s := range c.systems {
		if err := s.start(ctx, &c.options, c.options.Port+i*portsOfASystem); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	for _, s := range c.systems {
		if err := s.await(ctx); err != nil {
			return nil, fmt.Errorf("%s does not serve: its logs are in %s: %w", s.name,
				filepath.Join(c.options.Directory, s.name), err)
		}
		c.result.Systems = append(c.result.Systems, System{s.name, s.guarantee})
	}
	c.result.Shapes = c.shapes
	if err := c.calibrate(ctx); err != nil {
		return nil, err
	}
	if err := c.rest(ctx); err != nil {
		return nil, err
	}
	for round := range c.options.Rounds {
		for turn, shape := range c.shapes {
			for i := range c.systems {
				s := c.systems[(i+turn+round)%len(c.systems)]
				if !s.does(shape) {
					continue
				}
				if err := c.measure(ctx, s, shape, round); err != nil {
					return nil, fmt.Errorf("%s, %v: %w", s.name, shape, err)
				}
			}
		}
	}
	return &c.result, nil
}

// does reports whether a shape is measured with a system.
func (s *system) does(shape Shape) bool { return s.gets || shape.Command == "set" }

const (
	// fillPipeline and fillClients are with what the keys are written before anything is measured.
	fillPipeline, fillClients = 16, 50
	// firstRequests is how many requests a client sends to find out how long they take; calibrationShare is which part
	// of the period the better guess after that lasts.
	firstRequests    = 20
	calibrationShare = 8
	// shortest is which part of the period a measurement must last to count.
	shortest = 4
)

// lasting is how many requests last for a period at a rate, and whether those that were sent lasted long enough to
// count. The first requests to a system may be slow, and so the guess too low.
func lasting(sent int, rate float64, period time.Duration, clients int) (requests int, enough bool) {
	requests = max(firstRequests*clients, int(rate*period.Seconds()))
	return requests, float64(sent) >= rate*period.Seconds()/shortest
}

// calibrate fills each system with keys and finds out how many requests last for the period.
func (c *comparison) calibrate(ctx context.Context) error {
	for _, s := range c.systems {
		fill := Shape{Command: "set", Clients: fillClients, Pipeline: fillPipeline}
		if _, err := c.generate(ctx, s, fill, c.options.Keys); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		for _, shape := range c.shapes {
			if !s.does(shape) {
				continue
			}
			requests := firstRequests * shape.Clients * shape.Pipeline
			for _, share := range []time.Duration{calibrationShare, 1} {
				measured, err := c.generate(ctx, s, shape, requests)
				if err != nil {
					return fmt.Errorf("%s, %v: %w", s.name, shape, err)
				}
				requests, _ = lasting(requests, measured.Rate, c.options.Period/share, shape.Clients*shape.Pipeline)
			}
			c.requests[s.name+shape.Name()] = requests
		}
		fmt.Fprintf(c.options.Progress, "%s has %d keys\n", s.name, c.options.Keys)
	}
	return nil
}

// generate sends requests to the leader of a system, which stays the leader.
func (c *comparison) generate(ctx context.Context, s *running, shape Shape, requests int) (speed, error) {
	at, err := s.leader()
	if err != nil {
		return speed{}, err
	}
	return generate(ctx, shape, work{s.servers[at].Port, requests, c.options.Keys, c.options.ValueBytes})
}

// rest measures what all systems use together when nothing is asked of them.
func (c *comparison) rest(ctx context.Context) error {
	before, err := c.used()
	if err != nil {
		return err
	}
	select {
	case <-time.After(c.options.Period):
	case <-ctx.Done():
		return ctx.Err()
	}
	after, err := c.used()
	idle := after.Since(before)
	c.result.IdleShare = float64(idle.User+idle.System) / float64(c.options.Period)
	return err
}

func (c *comparison) used() (sum process.Use, err error) {
	for _, s := range c.systems {
		all, err := s.uses()
		if err != nil {
			return sum, err
		}
		for _, u := range all {
			sum = sum.Plus(u)
		}
	}
	return sum, nil
}

// uses is what each process has used so far.
func (r *running) uses() (all []process.Use, err error) {
	for _, s := range r.servers {
		u, err := s.Use()
		if err != nil {
			return nil, fmt.Errorf("node %s of %s: %w", s.Name, r.name, err)
		}
		all = append(all, u)
	}
	return all, nil
}

// maxTries is how often something is measured if the leader changes meanwhile, or if it took too short a time.
const maxTries = 5

// measure measures one shape with one system once.
func (c *comparison) measure(ctx context.Context, s *running, shape Shape, round int) error {
	for range maxTries {
		sent := c.requests[s.name+shape.Name()]
		leader, sample, err := c.sample(ctx, s, shape)
		enough := true
		if err == nil {
			c.requests[s.name+shape.Name()], enough =
				lasting(sent, sample.Rate, c.options.Period, shape.Clients*shape.Pipeline)
		}
		if now, lookErr := s.leader(); lookErr == nil && now == leader && err == nil {
			if !enough {
				continue
			}
			c.result.add(s.name, shape, sample)
			fmt.Fprintf(c.options.Progress, "round %d of %d, %v, %s: %.0f/s\n", round+1, c.options.Rounds, shape, s.name,
				sample.Rate)
			return nil
		} else if lookErr == nil && now == leader {
			return err
		}
		if err := s.await(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("%d times the leader changed while it was measured, or the time was too short", maxTries)
}

func (c *comparison) sample(ctx context.Context, s *running, shape Shape) (leader int, result Sample, err error) {
	if leader, err = s.leader(); err != nil {
		return leader, result, err
	}
	requests := c.requests[s.name+shape.Name()]
	w := work{s.servers[leader].Port, requests, c.options.Keys, c.options.ValueBytes}
	if shape.Writers > 0 {
		ctx, stop := context.WithCancel(ctx)
		wait, err := writeBeside(ctx, shape, w)
		defer func() {
			stop()
			wait()
		}()
		if err != nil {
			return leader, result, err
		}
	}
	before, err := s.uses()
	if err != nil {
		return leader, result, err
	}
	if result.speed, err = generate(ctx, shape, w); err != nil {
		return leader, result, err
	}
	after, err := s.uses()
	if err != nil {
		return leader, result, err
	}
	for i := range after {
		used := costOf(after[i].Since(before[i]), requests)
		if i == leader {
			result.Leader = used
			continue
		}
		result.Follower = result.Follower.plus(used.divided(float64(len(after) - 1)))
	}
	return leader, result, nil
}
