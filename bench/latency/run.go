package latency

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/process"
	"github.com/raftredis/raftredis/bench/system"
	"github.com/raftredis/raftredis/bench/work"
)

// Options say what is measured, and where.
type Options struct {
	system.Programs
	// Directory is where the servers keep their data. Port is the first of ten free ports for each of three systems, or of
	// four if there are OtherFlags.
	Directory string
	Port      int
	// Rounds is how often everything is measured, Period how long a measurement at half of the maximum lasts; one of the
	// maximum lasts for half of that.
	Rounds int
	Period time.Duration
	// Clients is how many there are, Keys how many keys beside others, FewKeys and ManyKeys those of which latency is
	// compared. Values have ValueBytes.
	Clients, Keys, FewKeys, ManyKeys int
	ValueBytes                       int
	// Progress gets a line when something was measured.
	Progress io.Writer
}

// commands are those that are measured, as mixes.
var commands = []string{"set", "get"}

// Result is what was measured.
type Result struct {
	series []*series
}

// series are the samples of one command in one situation.
type series struct {
	command, situation string
	// maxima are requests per second of closed loops.
	maxima  []float64
	samples []work.Speed
}

// of is the series of a command in a situation.
func (r *Result) of(command, situation string) *series {
	i := slices.IndexFunc(r.series, func(s *series) bool { return s.command == command && s.situation == situation })
	if i < 0 {
		i = len(r.series)
		r.series = append(r.series, &series{command: command, situation: situation})
	}
	return r.series[i]
}

// half is half of the maximum, as far as it is known: the median of what was measured.
func (s *series) half() float64 {
	spread, _ := figures.SpreadOf(s.maxima)
	return spread.Median / 2
}

// figures are those of one kind, round by round.
func (s *series) figures(of func(work.Speed) float64) (all []float64) {
	for _, sample := range s.samples {
		all = append(all, of(sample))
	}
	return all
}

// Situations besides the names of systems.
const (
	oneDead  = "raftredis, one of three nodes dead"
	allAlive = "raftredis, all nodes alive"
)

// Run starts the systems, measures, and stops them.
func Run(ctx context.Context, o Options) (*Result, error) {
	m := &measurement{Options: o}
	if err := m.beside(ctx); err != nil {
		return nil, err
	}
	if err := m.keys(ctx); err != nil {
		return nil, err
	}
	return &m.result, nil
}

type measurement struct {
	Options
	result Result
}

// start starts a system and fills it.
func (m *measurement) start(ctx context.Context, s system.System, place, keys int) (*system.Running, error) {
	r, err := system.Start(ctx, &m.Programs, s, m.Directory, m.Port+place*system.Ports)
	if err == nil {
		err = r.Await(ctx)
	}
	if err != nil {
		return r, err
	}
	leader, err := r.Leader()
	if err == nil {
		err = work.Fill(ctx, r.Servers[leader].Port, keys, m.ValueBytes)
	}
	fmt.Fprintf(m.Progress, "%s has %d keys\n", s.Name, keys)
	return r, err
}

// beside measures raftredis beside redis-server, and with one node dead.
func (m *measurement) beside(ctx context.Context) (err error) {
	names := []string{system.Redis, system.RedisReplicas, system.Raftredis}
	if len(m.OtherFlags) > 0 {
		names = append(names, system.Other)
	}
	var all []*system.Running
	defer func() {
		for _, r := range all {
			err = r.Remove(err)
		}
	}()
	for _, s := range system.All() {
		if !slices.Contains(names, s.Name) {
			continue
		}
		r, err := m.start(ctx, s, len(all), m.Keys)
		if all = append(all, r); err != nil {
			return err
		}
	}
	for round := range m.Rounds {
		for turn, command := range commands {
			for i := range all {
				r := all[(i+turn+round)%len(all)]
				if command == "get" && !r.Gets {
					continue
				}
				if err := m.measure(ctx, r, command, r.Name, m.Keys); err != nil {
					return err
				}
			}
		}
	}
	ours := all[slices.IndexFunc(all, func(r *system.Running) bool { return r.Name == system.Raftredis })]
	for round := range m.Rounds {
		if err := m.wholeAndNot(ctx, ours, round%2 == 0); err != nil {
			return err
		}
	}
	return nil
}

// maxTries is how often a round is measured if the leader changes meanwhile.
const maxTries = 3

var errLeaderChanged = errors.New("the leader changed while it was measured")

// wholeAndNot is a round of withOneDead. What was measured while the leader changed does not count.
func (m *measurement) wholeAndNot(ctx context.Context, r *system.Running, aliveFirst bool) (err error) {
	for range maxTries {
		counts := map[*series]int{}
		for _, command := range commands {
			for _, situation := range []string{allAlive, oneDead} {
				s := m.result.of(command, situation)
				counts[s] = len(s.samples)
			}
		}
		if err = m.withOneDead(ctx, r, aliveFirst); !errors.Is(err, errLeaderChanged) {
			break
		}
		for s, n := range counts {
			s.samples = s.samples[:n]
		}
		if err := r.Await(ctx); err != nil {
			return err
		}
	}
	return err
}

// measure finds the maximum once more, and measures at half of what is known of it.
func (m *measurement) measure(ctx context.Context, r *system.Running, command, situation string, keys int) error {
	leader, err := r.Leader()
	if err != nil {
		return err
	}
	s := m.result.of(command, situation)
	w := m.work(r, leader, command, keys)
	w.Period /= 2
	top, err := work.Do(ctx, w)
	if err != nil {
		return fmt.Errorf("%s, %s: %w", situation, command, err)
	}
	s.maxima = append(s.maxima, top.Rate)
	return m.atRate(ctx, s, m.work(r, leader, command, keys), s.half())
}

func (m *measurement) work(r *system.Running, leader int, command string, keys int) work.Work {
	return work.Work{
		Ports: []int{r.Servers[leader].Port}, Mix: command, Clients: m.Clients, Pipeline: 1, Keys: keys,
		ValueBytes: m.ValueBytes, Period: m.Period,
	}
}

// atRate measures an open loop.
func (m *measurement) atRate(ctx context.Context, s *series, w work.Work, rate float64) error {
	w.Rate = rate
	sample, err := work.Do(ctx, w)
	if err != nil {
		return fmt.Errorf("%s, %s: %w", s.situation, s.command, err)
	}
	s.samples = append(s.samples, sample)
	fmt.Fprintf(m.Progress, "%s, %s, %.0f/s: p50 %.2f, p99 %.2f, p99.9 %.2f ms\n", s.situation, s.command, sample.Rate,
		sample.P50Millis, sample.P99Millis, sample.P999Millis)
	return nil
}

// withOneDead measures the cluster with all its nodes and with one follower killed, at the same rate, in this order or
// the other, and leaves it whole.
func (m *measurement) withOneDead(ctx context.Context, r *system.Running, aliveFirst bool) error {
	leader, err := r.Leader()
	if err != nil {
		return err
	}
	victim := (leader + 1) % r.Nodes
	both := func(situation string) error {
		for _, command := range commands {
			rate := m.result.of(command, r.Name).half()
			if err := m.atRate(ctx, m.result.of(command, situation), m.work(r, leader, command, m.Keys), rate); err != nil {
				return err
			}
		}
		return nil
	}
	dead := func() error {
		r.Kill(victim)
		return both(oneDead)
	}
	back := func() error {
		if err := r.StartNode(victim); err != nil {
			return err
		}
		return process.Poll(ctx, func() error { // it answers a read when it has what was acknowledged before
			_, err := r.Servers[victim].Ask("GET", "ready")
			return err
		})
	}
	alive := func() error { return both(allAlive) }
	steps := []func() error{alive, dead, back}
	if !aliveFirst {
		steps = []func() error{dead, back, alive}
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	if now, err := r.Leader(); err != nil || now != leader {
		return errors.Join(errLeaderChanged, err)
	}
	return nil
}

// keysName is the situation of a cluster with so many keys.
func keysName(keys int) string { return fmt.Sprintf("raftredis, %d keys", keys) }

// keys measures two clusters, one with few keys and one with many.
func (m *measurement) keys(ctx context.Context) (err error) {
	var all []*system.Running
	defer func() {
		for _, r := range all {
			err = r.Remove(err)
		}
	}()
	numbers := []int{m.FewKeys, m.ManyKeys}
	for i, keys := range numbers {
		r, err := m.start(ctx, system.Cluster(fmt.Sprintf("keys-%d", keys), 3), i, keys)
		if all = append(all, r); err != nil {
			return err
		}
	}
	for round := range m.Rounds {
		for _, command := range commands {
			for i := range all {
				at := (i + round) % len(all)
				if err := m.measure(ctx, all[at], command, keysName(numbers[at]), numbers[at]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
