package bench

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/internal/load"
	"github.com/raftredis/raftredis/internal/setting"
)

// passwordVariable is where redis-cli looks for a password.
const passwordVariable = "REDISCLI_AUTH"

// The values of some flags.
const (
	uniform, zipf         = "uniform", "zipf"
	equal, poisson        = "equal", "poisson"
	asText, asCSV, asJSON = "text", "csv", "json"
)

// defaultSkew is the exponent of the Yahoo Cloud Serving Benchmark.
const defaultSkew = 0.99

// Options are what to send, where, and how to show the result. Define gives them their flags.
type Options struct {
	load                           load.Options
	mix, values, distribution      string
	arrivals, format, plots        string
	rate                           int64
	seed                           int64
	keys                           int64
	skew                           float64
	warmUpSeconds, durationSeconds int64
	timeoutMillis                  int64
	commands                       []load.Command
}

// The sections of help.
const (
	sectionWhere  = "Where"
	sectionWhat   = "What"
	sectionHow    = "How much"
	sectionResult = "Result"
)

// Define defines the flags of bench.
func (o *Options) Define(flags *pflag.FlagSet) {
	o.load.Connections, o.load.Pipeline, o.load.Threads = load.DefaultConnections, 1, 1
	o.mix, o.values, o.distribution, o.skew = "set", strconv.Itoa(load.DefaultValueBytes), uniform, defaultSkew
	o.keys, o.seed, o.arrivals, o.format = load.DefaultKeys, 1, equal, asText
	o.warmUpSeconds, o.timeoutMillis = 1, load.DefaultTimeout.Milliseconds()
	maxSeconds := int64(load.MaxTime / time.Second)
	for _, row := range []*setting.Row{
		{
			Flag: "user", Section: sectionWhere, Unit: "name", Value: &setting.Text{At: setting.TextAt(&o.load.User)},
			Help: "user, with --pass",
		},
		{
			Flag: "pass", Section: sectionWhere, Unit: "password", Value: &setting.Text{At: setting.TextAt(&o.load.Password)},
			Help: "password; better in the environment, as " + passwordVariable,
		},
		number("database", sectionWhere, "number", &o.load.Database, 0, math.MaxInt32, "database"),
		{
			Flag: "mix", Section: sectionWhat, Unit: "name", Value: &setting.Choice{
				At: setting.TextAt(&o.mix), Words: load.MixNames(),
			}, Help: "commands that have a name; raftredis help bench lists them",
		},
		{
			Flag: "command", Section: sectionWhat, Unit: "template", Value: (*commandList)(&o.commands),
			Help: "a command, as in the text above; several are mixed",
		},
		number("keys", sectionWhat, "number", &o.keys, 1, load.MaxKeys, "how many keys there are"),
		{
			Flag: "distribution", Section: sectionWhat, Unit: "name", Value: &setting.Choice{
				At: setting.TextAt(&o.distribution), Words: []string{uniform, zipf},
			}, Help: "how keys are drawn: uniform, or zipf (some are hot)",
		},
		{
			Flag: "zipf-exponent", Section: sectionWhat, Unit: "number", Value: &decimal{&o.skew, 0.01, load.MaxSkew},
			Help: "how hot: key k is drawn in proportion to 1/(k+1)^exponent",
		},
		{
			Flag: "value-bytes", Section: sectionWhat, Unit: "N or N-M", Value: &setting.Text{At: setting.TextAt(&o.values)},
			Help: "length of values",
		},
		number("seed", sectionWhat, "number", &o.seed, 0, math.MaxInt64, "the same seed makes the same requests"),
		number("connections", sectionHow, "number", &o.load.Connections, 1, load.MaxConnections,
			"connections, over all nodes"),
		number("pipeline", sectionHow, "number", &o.load.Pipeline, 1, load.MaxPipeline, "requests under way on each"),
		number("rate", sectionHow, "number", &o.rate, 0, load.MaxRate,
			"requests per second, whatever the server does; 0: as fast as it answers"),
		{
			Flag: "arrivals", Section: sectionHow, Unit: "name", Value: &setting.Choice{
				At: setting.TextAt(&o.arrivals), Words: []string{equal, poisson},
			}, Help: "gaps between requests at a rate: equal, or random (poisson)",
		},
		number("duration-seconds", sectionHow, "number", &o.durationSeconds, 0, maxSeconds,
			"how long; 0: 10, or until all --requests are sent"),
		number("requests", sectionHow, "number", &o.load.Requests, 0, math.MaxInt64, "how many requests; 0: any number"),
		number("warm-up-seconds", sectionHow, "number", &o.warmUpSeconds, 0, maxSeconds,
			"what comes before and does not count"),
		number("timeout-millis", sectionHow, "number", &o.timeoutMillis, 1, load.MaxTime.Milliseconds(),
			"how long a reply may take"),
		number("threads", sectionHow, "number", &o.load.Threads, 1, load.MaxThreads,
			"threads of the generator: more if one is busy all the time"),
		{
			Flag: "format", Section: sectionResult, Unit: "name", Value: &setting.Choice{
				At: setting.TextAt(&o.format), Words: []string{asText, asCSV, asJSON},
			}, Help: "text, csv or json, on standard output",
		},
		{
			Flag: "plots", Section: sectionResult, Unit: "prefix", Names: setting.File,
			Value: &setting.Text{At: setting.TextAt(&o.plots)},
			Help:  "write PREFIX-latency.svg and PREFIX-throughput.svg",
		},
	} {
		cli.Define(flags, row)
	}
}

// number is a row for a whole number.
func number[T ~int | ~int64](flag, section, unit string, variable *T, low, high int64, help string) *setting.Row {
	return &setting.Row{
		Flag: flag, Section: section, Unit: unit, Help: help,
		Value: &setting.Int{At: setting.At(variable), Min: low, Max: high},
	}
}

// resolve puts the flags and the addresses together.
func (o *Options) resolve(addresses []string) (load.Options, error) {
	l := o.load
	for _, text := range addresses {
		host, port, err := address.Parse(text)
		if err != nil {
			return l, exit.WrongUsage("bench", "%v", err)
		}
		l.Addresses = append(l.Addresses, address.Join(host, port))
	}
	if l.Password == "" {
		l.Password = os.Getenv(passwordVariable)
	}
	if l.Commands = o.commands; len(l.Commands) == 0 {
		l.Commands, _ = load.Mix(o.mix) // the flag takes no other name
	}
	if o.distribution == zipf {
		l.Skew = o.skew
	}
	low, high, err := parseSpan(o.values)
	if err != nil {
		return l, exit.WrongUsage("bench", "--value-bytes %s", err)
	}
	l.MinValueBytes, l.MaxValueBytes = low, high
	l.Rate, l.Poisson = float64(o.rate), o.arrivals == poisson
	l.Keys, l.Seed = uint64(o.keys), uint64(o.seed)
	l.Duration = time.Duration(o.durationSeconds) * time.Second
	l.WarmUp = time.Duration(o.warmUpSeconds) * time.Second
	l.Timeout = time.Duration(o.timeoutMillis) * time.Millisecond
	return l, nil
}

// parseSpan reads 64, or 64-1024.
func parseSpan(text string) (low, high int, err error) {
	first, second, is := strings.Cut(text, "-")
	if !is {
		second = first
	}
	low, errLow := strconv.Atoi(first)
	high, errHigh := strconv.Atoi(second)
	if errLow != nil || errHigh != nil || low < 1 || low > high || high > load.MaxValueBytes {
		return 0, 0, fmt.Errorf("is %q; it must be a length, such as 64, or two, such as 64-1024, from 1 to %d", text,
			load.MaxValueBytes)
	}
	return low, high, nil
}

// commandList is a setting: a template that is added to a list.
type commandList []load.Command

// Parse reads a template with its weight.
func (c *commandList) Parse(text string) (func(), *setting.Refusal) {
	command, err := load.ParseCommand(text)
	if err != nil {
		return nil, &setting.Refusal{Found: err.Error(), Wanted: "a command, such as 'SET key:{key} {value}'"}
	}
	return func() { *c = append(*c, command) }, nil
}

// String is the list as people write it.
func (c *commandList) String() string {
	var all []string
	for _, command := range *c {
		all = append(all, command.Template)
	}
	return strings.Join(all, ", ")
}

// decimal is a setting: a number with a point.
type decimal struct {
	at        *float64
	low, high float64
}

// Parse reads a number.
func (d *decimal) Parse(text string) (func(), *setting.Refusal) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= d.low && n <= d.high) {
		return nil, &setting.Refusal{Found: strconv.Quote(text), Wanted: fmt.Sprintf("a number from %v to %v", d.low, d.high)}
	}
	return func() { *d.at = n }, nil
}

// String is the number.
func (d *decimal) String() string { return strconv.FormatFloat(*d.at, 'g', -1, 64) }
