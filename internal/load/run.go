package load

import (
	"context"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	// stopGrace is how long a run that is interrupted waits for replies that are under way.
	stopGrace = time.Second
	// tickPeriod is how often a loop looks for replies that are late, and whether it is to stop.
	tickPeriod = 50 * time.Millisecond
)

// Run sends requests as the options say, and returns what it has measured. The end of ctx ends it early, with a
// result. An error without a result means that it has not begun: options that are wrong, or a server that cannot be
// reached. An error with a result means that no server could be reached any more.
//
// Requests that fail are no error: see Result.Failed. Run starts goroutines, and returns when all have ended.
func Run(ctx context.Context, o Options) (*Result, error) { return runBy(ctx, o, drive) }

// runBy is Run with a driver.
func runBy(ctx context.Context, o Options, drive driver) (*Result, error) {
	p, err := newPlan(o)
	if err != nil {
		return nil, err
	}
	connections, err := p.dialAll(ctx, p.Connections)
	if err != nil {
		return nil, err
	}
	r := &run{plan: p, connections: connections, drive: drive}
	for range p.Threads {
		r.recorders = append(r.recorders, newRecorder(len(p.requests)))
	}
	return r.work(ctx)
}

// run is a run under way.
type run struct {
	*plan
	connections []*net.TCPConn
	recorders   []*recorder
	// busy is, of each loop, which part of its time it used a processor.
	busy  []float64
	drive driver
	mu    sync.Mutex
	err   error
}

// work runs the loops and samples them until all have ended.
func (r *run) work(ctx context.Context) (*Result, error) {
	r.busy = make([]float64, r.Threads)
	dialling, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := context.AfterFunc(ctx, func() { r.stopped.Store(true) })
	defer stop()
	r.begin(time.Now())
	var loops sync.WaitGroup
	for n := range r.Threads {
		var members []member
		for i := n; i < r.Connections; i += r.Threads {
			members = append(members, member{link: newLink(r.plan, r.recorders[n], i), number: i, conn: r.connections[i]})
		}
		loops.Go(func() {
			busy, err := r.drive(dialling, r.plan, r.recorders[n], members)
			r.ended(n, busy, err)
		})
	}
	over := make(chan struct{})
	go func() {
		loops.Wait()
		close(over)
	}()
	s := &sampler{run: r, recent: NewHistogram()}
	s.sample(over)
	cancel()
	return r.result(s, ctx.Err() != nil), r.err
}

// member is a link with the connection that it begins with, and the number of its address.
type member struct {
	*link
	number int
	conn   *net.TCPConn
}

// driver makes links work on their connections until all are idle, and closes the connections. It returns which part of
// the time that counts its thread used a processor, -1 if that is not known.
type driver func(ctx context.Context, p *plan, rec *recorder, members []member) (busy float64, err error)

// ended takes what a loop returns. The first error stops all.
func (r *run) ended(n int, busy float64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy[n] = busy
	if err != nil {
		r.stopped.Store(true)
		if r.err == nil {
			r.err = err
		}
	}
}

// result puts together what the recorders and the sampler have.
func (r *run) result(s *sampler, interrupted bool) *Result {
	result := &Result{
		Options: r.Options, Began: s.began, Interrupted: interrupted, Intervals: s.intervals, Lag: NewHistogram(),
		All: Outcome{Name: "all", Latency: NewHistogram()}, Busiest: slices.Max(r.busy), Processor: s.used,
	}
	for i := range r.requests {
		result.Commands = append(result.Commands, Outcome{
			Name: r.requests[i].name, Template: r.Commands[i].Template, Latency: NewHistogram(),
		})
	}
	last := r.counts
	for _, rec := range r.recorders {
		rec.addTo(result)
		last = max(last, rec.last)
	}
	result.Elapsed = time.Duration(last - r.counts)
	return result
}
