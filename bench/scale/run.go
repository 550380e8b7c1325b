package scale

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/process"
	"github.com/raftredis/raftredis/bench/system"
	"github.com/raftredis/raftredis/bench/work"
)

// Options say what is measured, and where.
type Options struct {
	system.Programs
	// Directory is where the servers keep their data. Port is the first of ten free ports for each of three systems.
	Directory string
	Port      int
	// Parts are names of Parts.
	Parts []string
	// Rounds is how often everything is measured, Period how long a measurement lasts.
	Rounds int
	Period time.Duration
	// Keys are how many keys there are, from few to many; the parts for which that does not matter have the first number.
	Keys []int
	// MemoryKeys is with how many keys memory is measured, LargeBytes the size of large values, Idle how many connections
	// do nothing.
	MemoryKeys, LargeBytes, Idle int
	// Progress gets a line when something was measured.
	Progress io.Writer
}

// Part is one of the questions.
type Part struct {
	Name    string
	measure func(m *measurement, ctx context.Context) (figures.Table, error)
}

// Parts are all of them, in their order.
var Parts = []Part{
	{"keys", (*measurement).keys}, {"memory", (*measurement).memory}, {"values", (*measurement).values},
	{"nodes", (*measurement).nodes}, {"idle", (*measurement).idle},
}

// measurement is a run.
type measurement struct{ Options }

// Run measures the parts that are asked for, and calls done with the table of each.
func Run(ctx context.Context, o Options, done func(figures.Table) error) error {
	m := &measurement{o}
	for _, name := range o.Parts {
		for _, p := range Parts {
			if p.Name != name {
				continue
			}
			table, err := p.measure(m, ctx)
			if err == nil {
				err = done(table)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

const (
	clients, pipeline = 50, 16
	valueBytes        = 64
)

// cluster starts nodes and fills them. Remove has to follow, also after an error.
func (m *measurement) cluster(
	ctx context.Context, name string, place, nodes, keys int, flags ...string,
) (*system.Running, error) {
	return m.start(ctx, system.Cluster(name, nodes, append(flags, m.OtherFlags...)...), place, keys)
}

func (m *measurement) start(ctx context.Context, s system.System, place, keys int) (*system.Running, error) {
	r, err := system.Start(ctx, &m.Programs, s, m.Directory, m.Port+place*system.Ports)
	if err == nil {
		err = r.Await(ctx)
	}
	if err != nil {
		return r, err
	}
	leader, err := r.Leader()
	if err == nil && keys > 0 {
		err = work.Fill(ctx, r.Servers[leader].Port, keys, valueBytes)
		fmt.Fprintf(m.Progress, "%s has %d keys\n", s.Name, keys)
	}
	return r, err
}

// cost is what requests cost, in microseconds of processors each.
type cost struct{ leader, follower float64 }

// maxTries is how often something is measured if the leader changes meanwhile.
const maxTries = 3

var errLeaderChanged = errors.New("the leader changed while it was measured")

// costOf does work at the leader of a cluster, and says what a request cost.
func costOf(ctx context.Context, r *system.Running, w work.Work) (c cost, s work.Speed, err error) {
	for range maxTries {
		if c, s, err = tryCostOf(ctx, r, w); !errors.Is(err, errLeaderChanged) {
			break
		}
		if err := r.Await(ctx); err != nil {
			return c, s, err
		}
	}
	return c, s, err
}

// tryCostOf does it once. warmShare is which part of the period is spent before.
func tryCostOf(ctx context.Context, r *system.Running, w work.Work) (c cost, s work.Speed, err error) {
	const warmShare = 8
	leader, err := r.Leader()
	if err != nil {
		return c, s, err
	}
	w.Ports = []int{r.Servers[leader].Port}
	warm := w
	warm.Period /= warmShare
	if _, err := work.Do(ctx, warm); err != nil {
		return c, s, err
	}
	before, err := r.Uses()
	if err != nil {
		return c, s, err
	}
	if s, err = work.Do(ctx, w); err != nil {
		return c, s, err
	}
	after, err := r.Uses()
	if err != nil {
		return c, s, err
	}
	for node := range after {
		used := after[node].Since(before[node])
		micros := float64((used.User + used.System).Microseconds()) / float64(s.Requests)
		if node == leader {
			c.leader = micros
		} else {
			c.follower += micros / float64(len(after)-1)
		}
	}
	if now, err := r.Leader(); err != nil || now != leader {
		return c, s, errors.Join(errLeaderChanged, err)
	}
	return c, s, nil
}

func (m *measurement) shape(mix string, depth, keys int) work.Work {
	return work.Work{
		Mix: mix, Clients: clients, Pipeline: depth, Keys: keys, ValueBytes: valueBytes, Period: m.Period,
	}
}

// growth is by how much processor time may grow from the fewest keys to the most.
var growth = figures.Aim{Bound: 1.6, AtMost: true}

// keys measures one cluster after the other, for memory has room for one of the largest.
func (m *measurement) keys(ctx context.Context) (figures.Table, error) {
	type kind struct {
		mix   string
		depth int
	}
	t := figures.Table{
		Title: "Microseconds of processors for a request, leader, medians of the rounds",
		Head:  []string{"", "", "keys", "leader", "each follower", "of that with the fewest keys", "aim", "reached"},
	}
	first := map[kind]float64{}
	for _, keys := range m.Keys {
		r, err := m.cluster(ctx, fmt.Sprintf("keys-%d", keys), 0, 3, keys)
		costs := map[kind][]cost{}
		kinds := []kind{{"set", 1}, {"get", 1}, {"set", pipeline}, {"get", pipeline}}
		for round := 0; round < m.Rounds && err == nil; round++ {
			for _, k := range kinds {
				var c cost
				if c, _, err = costOf(ctx, r, m.shape(k.mix, k.depth, keys)); err != nil {
					break
				}
				costs[k] = append(costs[k], c)
			}
		}
		if err = r.Remove(err); err != nil {
			return t, err
		}
		for _, k := range kinds {
			leader, follower := spreads(costs[k])
			if first[k] == 0 {
				first[k] = leader.Median
			}
			ratio := leader.Median / first[k]
			t.Add(k.mix, fmt.Sprintf("c=%d P=%d", clients, k.depth), fmt.Sprint(keys), leader.Text(1), follower.Text(1),
				fmt.Sprintf("%.2f", ratio), growth.Text(2), growth.Verdict(ratio))
		}
	}
	return t, nil
}

func spreads(all []cost) (leader, follower figures.Spread) {
	var leaders, followers []float64
	for _, c := range all {
		leaders, followers = append(leaders, c.leader), append(followers, c.follower)
	}
	leader, _ = figures.SpreadOf(leaders)
	follower, _ = figures.SpreadOf(followers)
	return leader, follower
}

// memoryRatio is how many times as much memory as in redis-server a key may take.
var memoryRatio = figures.Aim{Bound: 1.3, AtMost: true}

// settle is how long memory must not shrink any more to count, and steady the part that it may still vary by.
const settle, settlePoll, steady = 15 * time.Second, time.Second, 0.01

// memory fills a node and a redis-server with the same, one after the other.
func (m *measurement) memory(ctx context.Context) (figures.Table, error) {
	t := figures.Table{
		Title: fmt.Sprintf("Memory for each of %d keys of 16 bytes with values of %d, in bytes", m.MemoryKeys, valueBytes),
		Head:  figures.AimHead("", "behind the last reply", "at rest"),
	}
	one := system.Cluster(system.One, 1, m.OtherFlags...)
	var rested []float64
	for place, s := range []system.System{system.RedisServer(), one} {
		loaded, rest, err := m.fillOf(ctx, s, place)
		if err != nil {
			return t, err
		}
		rested = append(rested, rest)
		row := []string{s.Name, fmt.Sprintf("%.1f", loaded), fmt.Sprintf("%.1f", rest)}
		if place == 0 {
			t.Add(append(row, "", "", "")...)
			continue
		}
		ratio := rest / rested[0]
		t.Add(memoryRatio.Row(figures.Spread{Min: ratio, Median: ratio, Max: ratio}, 2, row...)...)
	}
	return t, nil
}

// fillOf is how many bytes a key takes, right behind the last reply and when nothing changes any more.
func (m *measurement) fillOf(ctx context.Context, s system.System, place int) (loaded, rest float64, err error) {
	r, err := m.start(ctx, s, place, 0)
	defer func() { err = r.Remove(err) }()
	if err != nil {
		return 0, 0, err
	}
	server := r.Servers[0]
	empty, err := server.Bytes()
	if err != nil {
		return 0, 0, err
	}
	if err := work.Fill(ctx, server.Port, m.MemoryKeys, valueBytes); err != nil {
		return 0, 0, err
	}
	per := func(b process.Bytes) float64 { return float64(b.Own-empty.Own) / float64(m.MemoryKeys) }
	b, err := server.Bytes()
	if err != nil {
		return 0, 0, err
	}
	loaded, rest = per(b), per(b)
	since := time.Now()
	for ticks := time.Tick(settlePoll); time.Since(since) < min(settle, 5*m.Period); {
		select {
		case <-ticks:
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		}
		if b, err = server.Bytes(); err != nil {
			return 0, 0, err
		}
		if now := per(b); now < rest*(1-steady) {
			rest, since = now, time.Now()
		}
	}
	return loaded, rest, nil
}

// The aims of the other parts.
var (
	writtenShare   = figures.Aim{Bound: 0.4}
	leaderGrowth   = figures.Aim{Bound: 1.5, AtMost: true}
	followerGrowth = figures.Aim{Bound: 1.1, AtMost: true}
	idleSpeed      = figures.Aim{Bound: 0.95}
	idleBytes      = figures.Aim{Bound: 8, AtMost: true}
)

// nodes measures a cluster of three nodes and one of five, in turns.
func (m *measurement) nodes(ctx context.Context) (t figures.Table, err error) {
	keys := m.Keys[0]
	var all []*system.Running
	defer func() {
		for _, r := range all {
			err = r.Remove(err)
		}
	}()
	numbers := []int{3, 5}
	for place, nodes := range numbers {
		r, err := m.cluster(ctx, fmt.Sprintf("nodes-%d", nodes), place, nodes, keys)
		if all = append(all, r); err != nil {
			return t, err
		}
	}
	costs := make([][]cost, len(all))
	for round := range m.Rounds {
		for i := range all {
			at := (i + round) % len(all)
			c, _, err := costOf(ctx, all[at], m.shape("set", 1, keys))
			if err != nil {
				return t, err
			}
			costs[at] = append(costs[at], c)
		}
	}
	t = figures.Table{
		Title: "Microseconds of processors for a SET of 50 clients, five nodes beside three",
		Head:  figures.AimHead("", "three nodes", "five nodes"),
	}
	for _, row := range []struct {
		name string
		of   func(cost) float64
		aim  figures.Aim
	}{
		{"leader", func(c cost) float64 { return c.leader }, leaderGrowth},
		{"each follower", func(c cost) float64 { return c.follower }, followerGrowth},
	} {
		var three, five []float64
		for round := range costs[0] {
			three, five = append(three, row.of(costs[0][round])), append(five, row.of(costs[1][round]))
		}
		a, _ := figures.SpreadOf(three)
		b, _ := figures.SpreadOf(five)
		ratio, _ := figures.RatioOf(five, three)
		t.Add(row.aim.Row(ratio, 2, row.name, a.Text(1), b.Text(1))...)
	}
	return t, nil
}
