package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/raftredis/raftredis/internal/console"
	"github.com/raftredis/raftredis/internal/load"
)

// Run generates load for the nodes at some addresses, and writes the result to out; on a terminal it tells on log how
// it goes. SIGINT and SIGTERM end it with the result so far, a second one at once.
func (o *Options) Run(addresses []string, out, log io.Writer) error {
	l, err := o.resolve(addresses)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal does what it does by default
	meter := newMeter(log, &l)
	l.Progress = meter.show
	r, failure := load.Run(ctx, l)
	meter.end()
	if r == nil {
		return failure
	}
	return errors.Join(failure, o.show(out, r), verdict(r))
}

// show writes the result and the plots.
func (o *Options) show(out io.Writer, r *load.Result) error {
	writers := map[string]func(io.Writer, *load.Result) error{asText: writeText, asCSV: writeCSV, asJSON: writeJSON}
	if err := writers[o.format](out, r); err != nil || o.plots == "" {
		return err
	}
	return writePlots(o.plots, r)
}

// verdict is an error if a request has failed, or if none was sent.
func verdict(r *load.Result) error {
	all := r.All.Done() + r.Failed()
	switch {
	case r.Failed() > 0:
		return fmt.Errorf("bench: %d of %d requests failed, most of them with %s: %s", r.Failed(), all, r.Errors[0].Kind,
			r.Errors[0].First)
	case all == 0 && !r.Interrupted:
		return errors.New("bench: no request was due: raise --rate or --duration-seconds")
	}
	return nil
}

// meter shows on a terminal how a run goes.
type meter struct {
	out    io.Writer
	moving bool
	total  time.Duration
}

func newMeter(out io.Writer, o *load.Options) *meter {
	m := &meter{out: out, moving: console.IsTerminal(out), total: o.Duration}
	if o.Duration == 0 && o.Requests == 0 {
		m.total = load.DefaultDuration
	}
	return m
}

// show shows an interval.
func (m *meter) show(i load.Interval) {
	if m.moving {
		fmt.Fprint(m.out, console.Overwrite(progressLine(i, m.total)))
	}
}

// end removes the line.
func (m *meter) end() {
	if m.moving {
		fmt.Fprint(m.out, console.Overwrite(""))
	}
}

// progressLine is an interval in a line.
func progressLine(i load.Interval, total time.Duration) string {
	phase := fmt.Sprintf("%.0f s", (i.Start + i.Length).Seconds())
	switch {
	case i.WarmUp:
		phase = "warm-up"
	case total > 0:
		phase = fmt.Sprintf("%.0f of %.0f s", (i.Start + i.Length).Seconds(), total.Seconds())
	}
	line := fmt.Sprintf("%s: %.0f requests/s, p50 %s, p99 %s ms", phase, i.Rate(), millis(i.P50), millis(i.P99))
	if i.Failed > 0 {
		line += fmt.Sprintf(", %d failed", i.Failed)
	}
	return line
}
