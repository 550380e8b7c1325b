// Package failover kills leaders, and measures how long the clients of the other nodes wait.
package failover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/process"
	"github.com/raftredis/raftredis/bench/system"
	"github.com/raftredis/raftredis/bench/work"
)

// Options say what is measured, and where.
type Options struct {
	system.Programs
	// Directory is where the nodes keep their data. Port is the first of ten free ports.
	Directory string
	Port      int
	// Nodes is how many there are, Kills how many leaders are killed, Clients how many clients the others have.
	Nodes, Kills, Clients int
	// Progress gets a line for each kill.
	Progress io.Writer
}

// Result is what was measured.
type Result struct {
	// WaitMillis is, for each kill, how long a SET took that was sent at the same moment to a node that goes on.
	WaitMillis []float64
	// Elections is by how much the term rose each time: 1 if the first election was won.
	Elections []float64
}

// keys is from how many keys clients draw; values have 64 bytes.
const keys, valueBytes = 10_000, 64

// Run starts a cluster, kills its leader again and again, and starts the killed node again each time. An error of a
// client of the other nodes ends it: they may see a slow reply, and nothing else.
func Run(ctx context.Context, o Options) (result *Result, err error) {
	cluster := system.Cluster(system.Raftredis, o.Nodes, o.OtherFlags...)
	r, err := system.Start(ctx, &o.Programs, cluster, o.Directory, o.Port)
	defer func() { err = r.Remove(err) }()
	if err == nil {
		err = r.Await(ctx)
	}
	result = &Result{}
	for kill := 0; kill < o.Kills && err == nil; kill++ {
		if err = result.kill(ctx, &o, r); err == nil {
			fmt.Fprintf(o.Progress, "kill %d of %d: %.0f ms, %.0f elections\n", kill+1, o.Kills, result.WaitMillis[kill],
				result.Elections[kill])
		}
	}
	return result, err
}

// calm is how long clients work before a kill.
const calm = 500 * time.Millisecond

func (result *Result) kill(ctx context.Context, o *Options, r *system.Running) (err error) {
	if err := r.Await(ctx); err != nil {
		return err
	}
	leader, err := r.Leader()
	if err != nil {
		return err
	}
	term, err := termOf(r.Servers[leader])
	if err != nil {
		return err
	}
	var ports []int
	for node, s := range r.Servers {
		if node != leader {
			ports = append(ports, s.Port)
		}
	}
	stop := work.Beside(ctx, work.Work{
		Ports: ports, Mix: "set", Clients: o.Clients, Pipeline: 1, Keys: keys, ValueBytes: valueBytes,
	})
	defer func() { err = errors.Join(err, stop()) }()
	select {
	case <-time.After(calm):
	case <-ctx.Done():
		return ctx.Err()
	}
	witness := r.Servers[(leader+1)%o.Nodes]
	killed := time.Now()
	r.Servers[leader].Kill()
	if _, err := witness.Ask("SET", "witness", "yes"); err != nil {
		return fmt.Errorf("a client of a node that goes on: %w", err)
	}
	result.WaitMillis = append(result.WaitMillis, float64(time.Since(killed))/float64(time.Millisecond))
	r.Servers[leader].Wait()
	now, err := termOf(witness)
	if err != nil {
		return err
	}
	result.Elections = append(result.Elections, float64(now-term))
	if err := r.StartNode(leader); err != nil {
		return err
	}
	return process.Poll(ctx, func() error { // it answers a read when it has what was acknowledged before
		_, err := r.Servers[leader].Ask("GET", "witness")
		return err
	})
}

// termOf asks a node for its term.
func termOf(s *process.Server) (uint64, error) {
	facts, err := s.Ask("INFO", "raft")
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(system.Fact(facts, "raft_current_term"), 10, 64)
}

var aim = figures.Aim{Bound: 300, AtMost: true}

// Tables are what was measured, and what is aimed at.
func (result *Result) Tables() []figures.Table {
	waits, found := figures.SpreadOf(result.WaitMillis)
	elections, _ := figures.SpreadOf(result.Elections)
	if !found {
		return nil
	}
	t := figures.Table{
		Title: "Failover: what a client of another node waits when the leader is killed",
		Head:  figures.AimHead("what"),
	}
	t.Add(aim.Row(waits, 0, fmt.Sprintf("milliseconds, median of %d kills", len(result.WaitMillis)))...)
	t.Add("elections for a new leader", "", elections.Text(0), "")
	return []figures.Table{t}
}
