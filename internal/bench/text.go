package bench

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/load"
)

// limitShare is how busy a thread of the generator is when the generator may be what limits the figures.
const limitShare = 0.9

// nameColumns is how much of a command's name a table shows.
const nameColumns = 15

// writeText writes the result for people, in 80 columns.
func writeText(out io.Writer, r *load.Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", describe(r))
	fmt.Fprintf(&b, "%-*s %9s %10s %7s | %7s %7s %7s %7s\n", nameColumns, "", "per s", "answered", "failed", "p50 ms",
		"p99", "p99.9", "max")
	for i := range r.Commands {
		writeRow(&b, r, &r.Commands[i])
	}
	if len(r.Commands) > 1 {
		writeRow(&b, r, &r.All)
	}
	writeFailures(&b, r)
	fmt.Fprintf(&b, "\n%s\n", generator(r))
	_, err := io.WriteString(out, b.String())
	return err
}

func writeRow(b *strings.Builder, r *load.Result, o *load.Outcome) {
	name := []rune(o.Name)
	if len(name) > nameColumns {
		name = append(name[:nameColumns-1], '…')
	}
	h := o.Latency
	fmt.Fprintf(b, "%-*s %9.0f %10d %7d | %7s %7s %7s %7s\n", nameColumns, string(name), r.Rate(o), o.Done(), o.Failed,
		millis(h.Quantile(0.5)), millis(h.Quantile(0.99)), millis(h.Quantile(0.999)), millis(h.Max()))
}

// describe says what was done.
func describe(r *load.Result) string {
	o := &r.Options
	loop := "closed loop"
	if o.Rate > 0 {
		loop = fmt.Sprintf("open loop, %.0f requests/s due", o.Rate)
		if o.Poisson {
			loop += " at random"
		}
	}
	text := fmt.Sprintf("%s, %s, pipeline %d\n", loop, count(o.Connections, "connection"), o.Pipeline)
	text += fmt.Sprintf("%.1f s", r.Elapsed.Seconds())
	if o.WarmUp > 0 {
		text += fmt.Sprintf(" after %.0f s of warm-up", o.WarmUp.Seconds())
	}
	if r.Interrupted {
		text += ", interrupted"
	}
	text += fmt.Sprintf(", %s keys", strconv.FormatUint(o.Keys, 10))
	if o.Skew > 0 {
		text += fmt.Sprintf(" (zipf %v)", o.Skew)
	}
	text += fmt.Sprintf(", values of %d", o.MinValueBytes)
	if o.MaxValueBytes > o.MinValueBytes {
		text += fmt.Sprintf("-%d", o.MaxValueBytes)
	}
	return text + " bytes\nat " + strings.Join(o.Addresses, ", ")
}

// writeFailures says which requests and connections failed.
func writeFailures(b *strings.Builder, r *load.Result) {
	if r.Failed() > 0 {
		b.WriteString("\nfailed")
		if r.WarmUpFailed > 0 {
			fmt.Fprintf(b, " (%d of them in the warm-up)", r.WarmUpFailed)
		}
		b.WriteString(":\n")
	}
	for _, e := range r.Errors {
		fmt.Fprintf(b, "%10d  %s\n", e.Count, strings.ToValidUTF8(cmp.Or(e.First, e.Kind), "?"))
	}
	if r.BrokenConnections > 0 || r.FailedDials > 0 {
		fmt.Fprintf(b, "\n%s broke, %s failed", count(int(r.BrokenConnections), "connection"),
			count(int(r.FailedDials), "dial"))
		if r.DialError != "" {
			fmt.Fprintf(b, ", the last one with: %s", r.DialError)
		}
		b.WriteString("\n")
	}
}

// generator says what the generator itself took, and whether it was the limit.
func generator(r *load.Result) string {
	text := fmt.Sprintf("generator: %.1f us of processor time a request", microsPerRequest(r))
	if r.Busiest >= 0 {
		text += fmt.Sprintf(", busiest thread %.0f %%", 100*r.Busiest)
	}
	if r.Lag.Count() > 0 {
		text += fmt.Sprintf("\nsent late: p50 %s, p99 %s, max %s ms", millis(r.Lag.Quantile(0.5)),
			millis(r.Lag.Quantile(0.99)), millis(r.Lag.Max()))
	}
	if r.Busiest >= limitShare {
		text += "\nIt was the limit: the server may do more. Raise --threads, or --pipeline."
	}
	return text
}

// microsPerRequest is the generator's processor time.
func microsPerRequest(r *load.Result) float64 {
	requests := r.All.Done() + r.All.Failed
	if requests == 0 {
		return 0
	}
	return float64(r.Processor.Total().Nanoseconds()) / 1000 / float64(requests)
}

// millis is a duration in milliseconds, with three digits or a few more.
func millis(d time.Duration) string {
	n := float64(d.Nanoseconds()) / 1e6
	switch {
	case n >= 100:
		return strconv.FormatFloat(n, 'f', 0, 64)
	case n >= 10:
		return strconv.FormatFloat(n, 'f', 1, 64)
	case n >= 1:
		return strconv.FormatFloat(n, 'f', 2, 64)
	}
	return strconv.FormatFloat(n, 'f', 3, 64)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
