package work

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/raftredis/raftredis/internal/load"
)

// Speed is what came of some work.
type Speed struct {
	// Requests were answered, Rate of them per second.
	Requests int64
	Rate     float64
	// Within these milliseconds half, 99 of 100, and 999 of 1,000 replies came.
	P50Millis, P99Millis, P999Millis float64
	// LagMillis is within which 999 of 1,000 requests of an open loop were sent late by the generator itself.
	LagMillis float64
}

// Work says what clients send.
type Work struct {
	// Ports are those of the servers on this machine; connections are spread over them.
	Ports []int
	// Mix is a name of internal/load, such as set, get or fill.
	Mix               string
	Clients, Pipeline int
	Keys, ValueBytes  int
	// Rate, unless it is 0, is that of an open loop, in requests per second.
	Rate float64
	// Requests or Period end it.
	Requests int
	Period   time.Duration
}

// patience is how long a reply may take. A stall counts, whatever it lasts; a server that hangs is an error.
const patience = 30 * time.Second

// interval is longer than any measurement: nothing looks at the progress.
const interval = time.Hour

func (w *Work) options() (load.Options, error) {
	commands, known := load.Mix(w.Mix)
	if !known {
		return load.Options{}, fmt.Errorf("there is no mix %q", w.Mix)
	}
	o := load.Options{
		Connections: w.Clients, Pipeline: w.Pipeline, Commands: commands, Keys: uint64(w.Keys), Rate: w.Rate,
		MinValueBytes: w.ValueBytes, MaxValueBytes: w.ValueBytes, Requests: int64(w.Requests), Duration: w.Period,
		Timeout: patience, Interval: interval,
	}
	for _, port := range w.Ports {
		o.Addresses = append(o.Addresses, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return o, nil
}

// maxTries is how often work begins anew that was over before the first request was sent, each time for twice as long:
// a machine may have much else to do.
const maxTries = 8

// Do does the work, all of it: the first error reply is an error, as is a request that was not answered.
func Do(ctx context.Context, w Work) (s Speed, err error) {
	for range maxTries {
		if s, err = do(ctx, w); !errors.Is(err, errNothing) {
			break
		}
		w.Period *= 2
	}
	return s, err
}

var errNothing = errors.New("no request was answered")

func do(ctx context.Context, w Work) (s Speed, err error) {
	o, err := w.options()
	if err != nil {
		return s, err
	}
	r, err := load.Run(ctx, o)
	switch {
	case err != nil:
		return s, err
	case r.Interrupted:
		return s, ctx.Err()
	case r.Failed() > 0:
		return s, fmt.Errorf("%d of %d requests failed, most with %s: %s", r.Failed(), r.All.Done()+r.Failed(),
			r.Errors[0].Kind, r.Errors[0].First)
	case r.All.Done() == 0:
		return s, fmt.Errorf("%w in %v", errNothing, w.Period)
	}
	return speedOf(r), nil
}

func speedOf(r *load.Result) Speed {
	latency := r.All.Latency
	return Speed{
		Requests: r.All.Done(), Rate: r.Rate(&r.All), P50Millis: millis(latency.Quantile(0.5)),
		P99Millis: millis(latency.Quantile(0.99)), P999Millis: millis(latency.Quantile(0.999)),
		LagMillis: millis(r.Lag.Quantile(0.999)),
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Fill writes each key once.
func Fill(ctx context.Context, port, keys, valueBytes int) error {
	const clients, pipeline = 50, 16
	_, err := Do(ctx, Work{
		Ports: []int{port}, Mix: "fill", Clients: clients, Pipeline: pipeline, Keys: keys, ValueBytes: valueBytes,
		Requests: keys,
	})
	return err
}

// forever is longer than what anything is done beside.
const forever = 24 * time.Hour

// Beside does work until stop is called, which returns when it has ended, and what failed.
func Beside(ctx context.Context, w Work) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	w.Period = forever
	o, err := w.options()
	var done sync.WaitGroup
	if err == nil {
		done.Go(func() {
			r, failure := load.Run(ctx, o)
			switch {
			case failure != nil && ctx.Err() == nil: // else it was stopped before all connections were there
				err = failure
			case r != nil && r.Failed() > 0:
				err = fmt.Errorf("beside: %d requests failed, most with %s: %s", r.Failed(), r.Errors[0].Kind, r.Errors[0].First)
			}
		})
	}
	return func() error {
		cancel()
		done.Wait()
		return err
	}
}
