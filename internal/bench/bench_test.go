package bench

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/internal/load"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// measured is a result as of a run of an open loop in which some requests failed.
func measured() *load.Result {
	r := &load.Result{
		Options: load.Options{
			Addresses: []string{"10.0.0.1:6379", "10.0.0.2:6379"}, Connections: 50, Pipeline: 1, Threads: 1, Rate: 1200,
			Keys: 1000, Skew: 0.99, MinValueBytes: 64, MaxValueBytes: 128, Seed: 1, WarmUp: time.Second,
		},
		Began: time.Date(2026, 11, 30, 14, 0, 0, 0, time.UTC), Elapsed: 10 * time.Second,
		All: load.Outcome{Name: "all", Latency: load.NewHistogram()}, Lag: load.NewHistogram(),
		Errors: []load.Errors{
			{Kind: "CLUSTERDOWN", Count: 4, First: "CLUSTERDOWN no leader"}, {Kind: load.KindUnsent, Count: 1},
		},
		BrokenConnections: 1, FailedDials: 2, DialError: "connection refused", Busiest: 0.25,
		Processor: load.ProcessorTime{User: 30 * time.Millisecond, System: 90 * time.Millisecond},
	}
	for i, name := range []string{"GET", "HSET hash:{random} field {value}"} {
		o := load.Outcome{Name: name, Template: name, Failed: int64(5 * i), Latency: load.NewHistogram()}
		for n := range 6000 {
			took := time.Duration((i+1)*(n+200)) * 100 * time.Nanosecond
			if n >= 5900 {
				took += 800 * time.Millisecond
			}
			o.Latency.Record(took)
		}
		r.All.Latency.Merge(o.Latency)
		r.All.Failed += o.Failed
		r.Commands = append(r.Commands, o)
	}
	for n := range 10 {
		i := load.Interval{
			Start: time.Duration(n) * time.Second, Length: time.Second, Done: 1200, P50: 310 * time.Microsecond,
			P99: 600 * time.Microsecond, Max: 900 * time.Microsecond,
		}
		if n == 5 {
			i.Done, i.Failed, i.P99, i.Max = 350, 5, 800*time.Millisecond, 800*time.Millisecond
		}
		r.Intervals = append(r.Intervals, i)
	}
	r.Lag.Record(12 * time.Microsecond)
	return r
}

// golden compares an output with a file of testdata; `go test ./internal/bench -rewrite` writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is different (%v):\n%s", name, err, got)
	}
}

func TestResult_InAllFormats(t *testing.T) {
	for _, format := range []string{asText, asCSV, asJSON} {
		var out bytes.Buffer
		prefix := filepath.Join(t.TempDir(), "plot")
		o := Options{format: format, plots: prefix}
		if err := o.show(&out, measured()); err != nil {
			t.Fatal(err)
		}
		golden(t, "result."+format, out.Bytes())
		for _, name := range []string{"latency.svg", "throughput.svg"} {
			text, err := os.ReadFile(prefix + "-" + name)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, text)
		}
	}
}

// What programs read is what they expect, and text fits a terminal.
func TestResult_IsReadBack(t *testing.T) {
	var text, table, object bytes.Buffer
	r := measured()
	if err := errors.Join(writeText(&text, r), writeCSV(&table, r), writeJSON(&object, r)); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if n := len([]rune(line)); n > 81 {
			t.Errorf("a line of %d columns: %s", n, line)
		}
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil || len(rows) != 4 || rows[3][0] != "all" || rows[3][2] != "12000" || rows[3][3] != "5" {
		t.Errorf("CSV is read as %q, %v", rows, err)
	}
	var d document
	if err := json.Unmarshal(object.Bytes(), &d); err != nil || d.All.Answered != 12000 || len(d.Intervals) != 10 ||
		d.Intervals[5].Failed != 5 || d.All.P99 < 800_000 || len(d.Errors) != 2 {
		t.Errorf("JSON is read as %+v, %v", d, err)
	}
}

// A result without anything has all parts, and no division by zero.
func TestResult_OfNothingIsWritten(t *testing.T) {
	for _, format := range []string{asText, asCSV, asJSON} {
		r := &load.Result{
			All: load.Outcome{Latency: load.NewHistogram()}, Lag: load.NewHistogram(), Interrupted: true, Busiest: -1,
			Commands: []load.Outcome{{Name: "SET", Latency: load.NewHistogram()}},
			Options:  load.Options{Addresses: []string{load.DefaultAddress}},
		}
		var out bytes.Buffer
		o := Options{format: format, plots: filepath.Join(t.TempDir(), "plot")}
		if err := o.show(&out, r); err != nil || strings.Contains(out.String(), "NaN") ||
			strings.Contains(out.String(), "null") {
			t.Errorf("%s: %v\n%s", format, err, out.String())
		}
		if err := verdict(r); err != nil {
			t.Errorf("an interrupted run without a failure ends with %v", err)
		}
	}
}

func TestVerdict_FailuresAreTold(t *testing.T) {
	if err := verdict(measured()); err == nil || exit.Code(err) != exit.Failed ||
		!strings.Contains(err.Error(), "5 of 12005 requests failed, most of them with CLUSTERDOWN: CLUSTERDOWN no leader") {
		t.Errorf("the verdict is %v", err)
	}
	nothing := &load.Result{All: load.Outcome{Latency: load.NewHistogram()}}
	if err := verdict(nothing); err == nil {
		t.Error("a run that sent nothing is a success")
	}
}

// parse reads a command line.
func parse(args ...string) (load.Options, error) {
	var o Options
	flags := pflag.NewFlagSet("bench", pflag.ContinueOnError)
	o.Define(flags)
	if err := flags.Parse(args); err != nil {
		return load.Options{}, err
	}
	return o.resolve(flags.Args())
}

func TestFlags_BecomeOptions(t *testing.T) {
	t.Setenv(passwordVariable, "secret")
	o, err := parse("--rate", "5000", "--arrivals", "poisson", "--distribution", "zipf", "--value-bytes", "10-20",
		"--command", "3 GET key:{key}", "--command", "PING", "--duration-seconds", "7", "--warm-up-seconds", "0",
		"--timeout-millis", "250", "--keys", "99", "--seed", "4", "10.0.0.1:6379", "[fd00::1]:7000")
	if err != nil {
		t.Fatal(err)
	}
	if o.Rate != 5000 || !o.Poisson || o.Skew != defaultSkew || o.MinValueBytes != 10 || o.MaxValueBytes != 20 ||
		o.Duration != 7*time.Second || o.WarmUp != 0 || o.Timeout != 250*time.Millisecond || o.Keys != 99 || o.Seed != 4 ||
		strings.Join(o.Addresses, " ") != "10.0.0.1:6379 [fd00::1]:7000" || o.Password != "secret" ||
		len(o.Commands) != 2 || o.Commands[0].Weight != 3 {
		t.Errorf("the options are %+v", o)
	}
	o, err = parse()
	if err != nil || o.Skew != 0 || o.Rate != 0 || o.MinValueBytes != 64 || len(o.Commands) != 1 ||
		o.WarmUp != time.Second {
		t.Errorf("without flags the options are %+v, %v", o, err)
	}
}

func TestFlags_ThatAreWrongSayWhatWouldDo(t *testing.T) {
	for words, want := range map[string]string{
		"--value-bytes 0": `--value-bytes is "0"; it must be a length`, "--value-bytes 9-8": "it must be a length",
		"--value-bytes x": "it must be a length", "--mix none": "set, get", "--connections 0": "1 to 100000",
		"--zipf-exponent 0": "a number from 0.01 to 10", "--zipf-exponent NaN": "a number from",
		"--command {x}": "no placeholder",
		"--format xml":  "text, csv or json", "6379": "is no address", "--rate -1": "0 to 1000000000",
	} {
		if _, err := parse(strings.Fields(words)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is answered by %v, want %q", words, err, want)
		}
	}
}

func TestProgress_IsALine(t *testing.T) {
	i := load.Interval{Start: 2 * time.Second, Length: time.Second, Done: 5000}
	i.P50, i.P99 = 310*time.Microsecond, 2500*time.Microsecond
	for want, got := range map[string]string{
		"3 of 10 s: 5000 requests/s, p50 0.310, p99 2.50 ms": progressLine(i, 10*time.Second),
		"3 s: 5000 requests/s, p50 0.310, p99 2.50 ms":       progressLine(i, 0),
	} {
		if got != want {
			t.Errorf("the line is %q, want %q", got, want)
		}
	}
	i.WarmUp, i.Failed = true, 7
	if got := progressLine(i, time.Second); got != "warm-up: 5000 requests/s, p50 0.310, p99 2.50 ms, 7 failed" {
		t.Errorf("the line of a warm-up is %q", got)
	}
	var out bytes.Buffer // no terminal
	m := newMeter(&out, &load.Options{})
	m.show(i)
	m.end()
	if out.Len() != 0 {
		t.Errorf("where there is no terminal %q is written", out.String())
	}
}
