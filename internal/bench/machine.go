package bench

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/raftredis/raftredis/internal/load"
)

// writeCSV writes a line for each command, and one for all together if there are several.
func writeCSV(out io.Writer, r *load.Result) error {
	w := csv.NewWriter(out)
	rows := [][]string{{
		"command", "per_second", "answered", "failed", "mean_micros", "p50_micros", "p90_micros", "p99_micros",
		"p99.9_micros", "max_micros",
	}}
	outcomes := r.Commands
	if len(outcomes) > 1 {
		outcomes = append(outcomes[:len(outcomes):len(outcomes)], r.All)
	}
	for i := range outcomes {
		o := &outcomes[i]
		row := []string{
			o.Name, strconv.FormatFloat(r.Rate(o), 'f', 1, 64), strconv.FormatInt(o.Done(), 10),
			strconv.FormatInt(o.Failed, 10),
		}
		for _, d := range []time.Duration{
			o.Latency.Mean(), o.Latency.Quantile(0.5), o.Latency.Quantile(0.9), o.Latency.Quantile(0.99),
			o.Latency.Quantile(0.999), o.Latency.Max(),
		} {
			row = append(row, strconv.FormatFloat(micros(d), 'f', -1, 64))
		}
		rows = append(rows, row)
	}
	return w.WriteAll(rows)
}

// micros is a duration in microseconds, with one digit behind the point.
func micros(d time.Duration) float64 { return float64(d.Round(100*time.Nanosecond)) / 1000 }

// The result as JSON. Names end with the unit; latencies are microseconds.
type (
	document struct {
		Addresses     []string `json:"addresses"`
		Connections   int      `json:"connections"`
		Pipeline      int      `json:"pipeline"`
		Threads       int      `json:"threads"`
		Rate          float64  `json:"rate_per_second"` // 0: closed loop
		Poisson       bool     `json:"poisson"`
		Keys          uint64   `json:"keys"`
		Skew          float64  `json:"zipf_exponent"`
		MinValueBytes int      `json:"min_value_bytes"`
		MaxValueBytes int      `json:"max_value_bytes"`
		Seed          uint64   `json:"seed"`
		WarmUp        float64  `json:"warm_up_seconds"`

		Began       time.Time `json:"began"`
		Elapsed     float64   `json:"elapsed_seconds"`
		Interrupted bool      `json:"interrupted"`

		Commands     []outcome  `json:"commands"`
		All          outcome    `json:"all"`
		Distribution []step     `json:"distribution"`
		Intervals    []interval `json:"intervals"`

		Errors            []failure `json:"errors"`
		WarmUpFailed      int64     `json:"warm_up_failed"`
		BrokenConnections int64     `json:"broken_connections"`
		FailedDials       int64     `json:"failed_dials"`
		DialError         string    `json:"dial_error,omitempty"`

		Generator generatorUse `json:"generator"`
	}
	outcome struct {
		Name     string  `json:"name"`
		Template string  `json:"template,omitempty"`
		Rate     float64 `json:"per_second"`
		Answered int64   `json:"answered"`
		Failed   int64   `json:"failed"`
		Mean     float64 `json:"mean_micros"`
		P50      float64 `json:"p50_micros"`
		P90      float64 `json:"p90_micros"`
		P99      float64 `json:"p99_micros"`
		P999     float64 `json:"p99.9_micros"`
		P9999    float64 `json:"p99.99_micros"`
		Max      float64 `json:"max_micros"`
	}
	step struct {
		Quantile float64 `json:"quantile"`
		Latency  float64 `json:"micros"`
		Count    int64   `json:"count"`
	}
	interval struct {
		Start    float64 `json:"start_seconds"`
		Length   float64 `json:"seconds"`
		Answered int64   `json:"answered"`
		Failed   int64   `json:"failed"`
		P50      float64 `json:"p50_micros"`
		P99      float64 `json:"p99_micros"`
		Max      float64 `json:"max_micros"`
	}
	failure struct {
		Kind  string `json:"kind"`
		Count int64  `json:"count"`
		First string `json:"first"`
	}
	generatorUse struct {
		User    float64 `json:"user_seconds"`
		System  float64 `json:"system_seconds"`
		Request float64 `json:"micros_per_request"`
		Busiest float64 `json:"busiest_thread_share"` // -1: unknown
		LateP50 float64 `json:"late_p50_micros"`
		LateP99 float64 `json:"late_p99_micros"`
		LateMax float64 `json:"late_max_micros"`
	}
)

// writeJSON writes everything that was measured.
func writeJSON(out io.Writer, r *load.Result) error {
	o := &r.Options
	d := document{
		Addresses: o.Addresses, Connections: o.Connections, Pipeline: o.Pipeline, Threads: o.Threads, Rate: o.Rate,
		Poisson: o.Poisson, Keys: o.Keys, Skew: o.Skew, MinValueBytes: o.MinValueBytes, MaxValueBytes: o.MaxValueBytes,
		Seed: o.Seed, WarmUp: o.WarmUp.Seconds(), Began: r.Began.UTC(), Elapsed: r.Elapsed.Seconds(),
		Interrupted: r.Interrupted, All: outcomeOf(r, &r.All), WarmUpFailed: r.WarmUpFailed,
		BrokenConnections: r.BrokenConnections, FailedDials: r.FailedDials, DialError: r.DialError,
		Commands: []outcome{}, Distribution: []step{}, Intervals: []interval{}, Errors: []failure{},
		Generator: generatorUse{
			User: r.Processor.User.Seconds(), System: r.Processor.System.Seconds(), Request: microsPerRequest(r),
			Busiest: r.Busiest, LateP50: micros(r.Lag.Quantile(0.5)), LateP99: micros(r.Lag.Quantile(0.99)),
			LateMax: micros(r.Lag.Max()),
		},
	}
	for i := range r.Commands {
		d.Commands = append(d.Commands, outcomeOf(r, &r.Commands[i]))
	}
	for _, s := range r.All.Latency.Distribution() {
		d.Distribution = append(d.Distribution, step{s.Quantile, micros(s.Latency), s.Count})
	}
	for _, i := range r.Intervals {
		d.Intervals = append(d.Intervals, interval{
			i.Start.Seconds(), i.Length.Seconds(), i.Done, i.Failed, micros(i.P50), micros(i.P99), micros(i.Max),
		})
	}
	for _, e := range r.Errors {
		d.Errors = append(d.Errors, failure(e))
	}
	w := json.NewEncoder(out)
	w.SetIndent("", "  ")
	return w.Encode(&d)
}

func outcomeOf(r *load.Result, o *load.Outcome) outcome {
	h := o.Latency
	return outcome{
		Name: o.Name, Template: o.Template, Rate: r.Rate(o), Answered: o.Done(), Failed: o.Failed, Mean: micros(h.Mean()),
		P50: micros(h.Quantile(0.5)), P90: micros(h.Quantile(0.9)), P99: micros(h.Quantile(0.99)),
		P999: micros(h.Quantile(0.999)), P9999: micros(h.Quantile(0.9999)), Max: micros(h.Max()),
	}
}
