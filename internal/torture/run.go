package torture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

const (
	// counterKeys is how many counters a run has.
	counterKeys = 4
	// serviceCommands is how many commands each node must answer to count as serving.
	serviceCommands = 5
	// slamStream is the stream of the seed that says when doors are slammed.
	slamStream = 1 << 40
	// pollPeriod is the time between two looks at what is waited for.
	pollPeriod = 10 * time.Millisecond
)

// run is a run as it goes.
type run struct {
	options   Options
	began     time.Time
	registers registers
	counters  []*counter
	probes    []*probe
	// ballast is nil if there is none.
	ballast   *ballast
	tally     tally
	pipelines atomic.Int64
	watch     *watch
	nemesis   *nemesis
	field     *Field
	// wanted is a node whose service is waited for, counted from 1; 0: there is none. Clients that stay with another one
	// for long, on a slow machine, go there.
	wanted atomic.Int64
	// over tells clients to finish what they have under way and end.
	over atomic.Bool
}

// Run tortures a cluster for the time given and says what came of it, with an error for everything that should not have
// happened. It breaks and mends nodes from the calling goroutine only. The keys of the cluster must be none when it
// begins. When the context ends, so does the run, with everything mended.
func Run(ctx context.Context, o Options) (*Report, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	r := &run{options: o, began: time.Now(), watch: newWatch(len(o.Addresses))}
	r.tally.served = make([]int, len(o.Addresses))
	r.nemesis = &nemesis{
		nodes: o.Nodes, network: o.Network, disks: o.Disks, leader: r.watch.leader, request: r.request, logger: o.Logger,
		broken: make([]bool, len(o.Addresses)), members: newMembers(o.Addresses, o.Logger),
	}
	for i := range counterKeys {
		r.counters = append(r.counters, newCounter(fmt.Sprint("counter", i)))
	}
	for node := range o.Addresses {
		r.probes = append(r.probes, &probe{run: r, node: node})
	}
	r.field = &Field{Addresses: o.Addresses, Seed: o.Seed, Limit: o.Recovery, began: r.began, over: &r.over}
	if o.Doors != nil {
		r.field.Addresses = o.Doors.Addresses()
	}
	if o.BallastBytes > 0 {
		r.ballast = newBallast(r, o.BallastBytes, o.LargeBytes)
	}
	report := &Report{Seed: o.Seed}
	err = r.play(ctx)
	report.Took = time.Since(r.began)
	if err == nil {
		err = r.verifyWorkloads(ctx)
	}
	if err == nil {
		err = r.verify(ctx, report)
	}
	r.tally.fill(report)
	for _, p := range r.probes {
		report.Probes += int(p.answered.Load())
	}
	report.Faults, report.LeaderChanges = r.nemesis.counts, r.watch.changes()
	report.SnapshotsTaken, report.SnapshotsInstalled = r.watch.snapshots()
	if r.ballast != nil {
		report.LargeValues = r.ballast.largeDone()
	}
	if o.Doors != nil {
		report.Slams = o.Doors.slams
	}
	for _, w := range o.Workloads {
		report.Workloads = append(report.Workloads, w.String())
	}
	return report, errors.Join(err, r.verdict())
}

// now is the time since the run began, in nanoseconds.
func (r *run) now() int64 { return time.Since(r.began).Nanoseconds() }

// play lets clients work while episode after episode goes over the cluster. When it returns, no client works any more.
func (r *run) play(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var clients, watchers sync.WaitGroup
	defer func() {
		// Clients end by themselves when their last commands are answered, which happens when everything is mended. After
		// an error they end at once.
		r.over.Store(true)
		if err != nil {
			cancel(err)
		}
		clients.Wait()
		// What a client found while it finished counts as well.
		err = cmp.Or(err, context.Cause(ctx))
		cancel(nil)
		watchers.Wait()
	}()
	try := func(err error) {
		if err != nil {
			cancel(err)
		}
	}
	r.nemesis.launch = func(work func(context.Context)) (stop func()) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		running.Go(func() { work(ctx) })
		watchers.Go(running.Wait)
		return func() { cancel(); running.Wait() }
	}
	for node, address := range r.options.Addresses {
		watchers.Go(func() { try(r.watch.run(ctx, node, address)) })
	}
	for _, p := range r.probes {
		clients.Go(func() { try(p.work(ctx)) })
	}
	if r.ballast != nil {
		clients.Go(func() { try(r.ballast.work(ctx)) })
	}
	for _, w := range r.options.Workloads {
		clients.Go(func() { try(w.Work(ctx, r.field)) })
	}
	if r.options.Doors != nil {
		slamming, stop := context.WithCancel(ctx)
		var slams sync.WaitGroup
		slams.Go(func() { r.options.Doors.slam(slamming, rand.New(rand.NewPCG(r.options.Seed, slamStream))) })
		defer func() { stop(); slams.Wait() }()
	}
	for id := range r.options.Clients {
		w := newWorker(r, id)
		clients.Go(func() { try(w.work(ctx)) })
	}
	return r.torment(ctx)
}

// torment plays episodes until the time is over, and one at least. After each, every node must serve again.
func (r *run) torment(ctx context.Context) error {
	if err := r.awaitService(ctx); err != nil {
		return fmt.Errorf("before anything was broken: %w", err)
	}
	if slices.ContainsFunc(r.options.all(), Kind.membership) {
		if err := r.nemesis.members.learn(ctx); err != nil {
			return err
		}
	}
	rng := rand.New(rand.NewPCG(r.options.Seed, 0))
	opening, nodes := r.options.Opening, len(r.options.Addresses)
	for count := 1; count <= max(1, len(opening)) || time.Since(r.began) < r.options.Duration; count++ {
		e := draw(rng, nodes, r.options.Kinds)
		if count <= len(opening) {
			e = Episode{drawFault(rng, nodes, opening[count-1])}
		}
		r.options.Logger.Info("episode", "number", count, "faults", e)
		if err := r.nemesis.play(ctx, e); err != nil {
			return fmt.Errorf("episode %d (%v): %w", count, e, err)
		}
		mended := time.Now()
		if err := r.awaitService(ctx); err != nil {
			return fmt.Errorf("after episode %d (%v): %w", count, e, err)
		}
		r.options.Logger.Info("all serve", "after", time.Since(mended))
	}
	return nil
}

// request asks a node for something. It may decline, or have other worries: what matters is what clients see of it.
func (r *run) request(node int, command ...string) {
	connection, err := client.Connect(r.options.Addresses[node], watchLimit)
	if err != nil {
		return
	}
	defer connection.Close()
	reply, err := connection.Do(command...)
	r.options.Logger.Info("asked", "node", node, "command", command, "reply", reply, "error", err)
}

// awaitService waits until every node is a member and has answered clients.
func (r *run) awaitService(ctx context.Context) error {
	began, before := time.Now(), r.tally.counted()
	defer r.wanted.Store(0)
	for {
		silent, wanted := r.nemesis.members.missing(), 0
		members := silent < 0
		for node, count := range r.tally.counted() {
			if count-before[node] < serviceCommands {
				silent, wanted = node, node+1
			}
		}
		switch {
		case silent < 0:
			return nil
		case members: // one that is none can answer no client
			r.wanted.Store(int64(wanted))
		}
		if err := r.nemesis.check(); err != nil {
			return err
		}
		if time.Since(began) > r.options.Recovery {
			return fmt.Errorf("node %d is no member, or has not answered %d commands, after %v with nothing broken", silent,
				serviceCommands, r.options.Recovery)
		}
		if err := wait(ctx, pollPeriod); err != nil {
			return err
		}
	}
}

// verdict checks the histories of all registers.
func (r *run) verdict() error {
	var problems []error
	for _, register := range r.registers.all {
		problems = append(problems, register.checkHistory())
	}
	return errors.Join(problems...)
}
