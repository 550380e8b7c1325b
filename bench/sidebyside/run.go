package sidebyside

import (
	"context"
	"fmt"
	"io"

	"github.com/raftredis/raftredis/bench/process"
)

// Options say what is measured, and where.
type Options struct {
	// Binary is the path of raftredis. redis-server and redis-benchmark are those of the PATH.
	Binary string
	// Directory is where the servers keep their data and their logs. It is empty, and stays when the run has ended.
	Directory string
	// Port is the first of four neighbouring ports that are free, as are those 10,000 above them.
	Port int
	// Rounds is how often everything is measured.
	Rounds int
	// Depths are measured one after the other in each round.
	Depths []Depth
	// Progress gets a line when a part of a round is done.
	Progress io.Writer
}

// Depth is a length of pipelines, and how many requests each test sends with it.
type Depth struct{ Pipeline, Requests int }

// place is where a client may be connected to.
type place string

// The places, in the order of the tables.
const (
	redis    place = "redis-server"
	leader   place = "leader"
	follower place = "follower"
)

var places = []place{redis, leader, follower}

// Run starts the servers, measures, and stops them. The first error reply to any test ends it, as does the end of ctx.
func Run(ctx context.Context, o Options) (all []Figures, err error) {
	s, stop, err := startServers(ctx, &o)
	if err != nil {
		return nil, err
	}
	defer stop()
	for _, d := range o.Depths {
		all = append(all, Figures{Depth: d, samples: map[string]map[place][]sample{}})
	}
	for round := range o.Rounds {
		for i := range all {
			if err := s.measure(ctx, &all[i], round); err != nil {
				return nil, err
			}
			fmt.Fprintf(o.Progress, "round %d of %d, -P %d: done\n", round+1, o.Rounds, all[i].Depth.Pipeline)
		}
	}
	return all, nil
}

// measure does all tests once, on empty servers, each at all places before the next.
func (s *servers) measure(ctx context.Context, f *Figures, round int) error {
	for _, n := range []*process.Server{s.redis, s.nodes[0]} {
		if _, err := n.Ask("FLUSHALL"); err != nil {
			return fmt.Errorf("%s: FLUSHALL: %w", n.Name, err)
		}
	}
	for turn, t := range tests {
		leads, follows, err := s.roles(ctx)
		if err != nil {
			return err
		}
		for i := range places {
			p := places[(i+turn+round)%len(places)]
			at := map[place]*process.Server{redis: s.redis, leader: leads, follower: follows}[p]
			working := s.nodes
			if p == redis {
				working = []*process.Server{s.redis}
			}
			measured, err := measureOne(ctx, at, working, t, f.Depth)
			if err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
			f.add(t.title, p, measured)
		}
	}
	return nil
}

// measureOne does a test at one server, for which some servers work.
func measureOne(
	ctx context.Context, at *process.Server, working []*process.Server, t test, d Depth,
) (s sample, err error) {
	before, err := processorSeconds(working...)
	if err != nil {
		return s, err
	}
	if s.rate, err = generate(ctx, at.Port, t, d); err != nil {
		return s, err
	}
	after, err := processorSeconds(working...)
	s.processorMicros = (after - before) * 1e6 / float64(d.Requests)
	return s, err
}
