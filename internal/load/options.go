package load

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// The limits of Options.
const (
	// MaxConnections is more than a server takes by default.
	MaxConnections = 100_000
	MaxPipeline    = 100_000
	MaxThreads     = 1024
	// MaxKeys is as many as have twelve digits.
	MaxKeys = 1_000_000_000_000
	// MaxValueBytes is Redis's limit for a string.
	MaxValueBytes = 512 << 20
	// MaxRate is more than any machine sends, in requests per second.
	MaxRate = 1e9
	// MaxSkew is so much that nearly all requests have one key.
	MaxSkew = 10
	// MaxTime is the longest Duration and WarmUp.
	MaxTime = 7 * 24 * time.Hour
)

// The defaults of Options.
const (
	DefaultAddress     = "127.0.0.1:6379"
	DefaultConnections = 50
	DefaultKeys        = 1_000_000
	DefaultValueBytes  = 64
	DefaultDuration    = 10 * time.Second
	DefaultTimeout     = 10 * time.Second
	DefaultInterval    = time.Second
)

// Options say what Run sends, where, and for how long. Fields that are zero get their defaults.
type Options struct {
	// Addresses are those of the servers, HOST:PORT. The connections are spread over them in turn.
	Addresses []string
	// User and Password are for AUTH, which is sent if there is a password. Database is for SELECT.
	User, Password string
	Database       int

	// Connections, and how many requests may be under way on each: a pipeline.
	Connections, Pipeline int
	// Threads is how many loops the connections are divided among; 1 by default.
	Threads int
	// Rate is that of an open loop, in requests per second of all connections together; 0 is a closed loop.
	Rate float64
	// Poisson has the gaps of the open loop be random, as those of many independent clients are. Otherwise all are equal.
	Poisson bool

	// Commands are drawn by their weights. The default is the mix "set".
	Commands []Command
	// Keys is how many keys there are: {key} is a number below it.
	Keys uint64
	// Skew is the exponent of Zipf's distribution of keys: key k is drawn in proportion to 1/(k+1)^Skew. 0 means that
	// all are equally frequent.
	Skew float64
	// MinValueBytes and MaxValueBytes bound the length of {value}, which is uniform between them.
	MinValueBytes, MaxValueBytes int
	// Seed makes the requests: the same seed makes the same.
	Seed uint64

	// WarmUp comes first and does not count. Then Duration counts, or Requests, whichever ends first; 0 is no bound. If
	// both are 0, Duration is DefaultDuration.
	WarmUp, Duration time.Duration
	Requests         int64
	// Timeout is how long a reply, a dial, and at the end what is still due may take.
	Timeout time.Duration

	// Interval is the length of Result.Intervals. Progress, if any, is called at the end of each, also of the warm-up.
	Interval time.Duration
	Progress func(Interval)
}

// Command is one of those that are sent.
type Command struct {
	// Template is the words of the command. Placeholders stand for something else each time: {key} for a number below
	// Options.Keys, by their distribution; {random} for one of which all are equally frequent; {seq} for 0, 1, 2 and so
	// on, over all connections, and 0 again behind the last key; {value} for random letters and digits. Numbers have
	// twelve digits. A word has one {value} at most.
	Template string
	// Weight is how often it is drawn, in relation to the others; 0 means 1.
	Weight int
	// Name is what the result calls it. By default it is the first word of the template.
	Name string
}

// withDefaults returns the options with all fields set.
func (o Options) withDefaults() Options {
	if len(o.Addresses) == 0 {
		o.Addresses = []string{DefaultAddress}
	}
	if len(o.Commands) == 0 {
		o.Commands, _ = Mix("set")
	}
	if o.Duration == 0 && o.Requests == 0 {
		o.Duration = DefaultDuration
	}
	if o.MinValueBytes == 0 && o.MaxValueBytes == 0 {
		o.MinValueBytes, o.MaxValueBytes = DefaultValueBytes, DefaultValueBytes
	}
	o.MaxValueBytes = max(o.MaxValueBytes, o.MinValueBytes)
	setDefault(&o.Connections, DefaultConnections)
	setDefault(&o.Pipeline, 1)
	setDefault(&o.Threads, 1)
	setDefault(&o.Keys, DefaultKeys)
	setDefault(&o.Timeout, DefaultTimeout)
	setDefault(&o.Interval, DefaultInterval)
	o.Threads = min(o.Threads, o.Connections)
	return o
}

func setDefault[T ~int | ~int64 | ~uint64](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// check returns what is wrong with options that have their defaults.
func (o *Options) check() error {
	return errors.Join(
		within("connections", o.Connections, 1, MaxConnections),
		within("pipeline", o.Pipeline, 1, MaxPipeline),
		within("threads", o.Threads, 1, MaxThreads),
		within("keys", o.Keys, 1, MaxKeys),
		within("bytes of values", o.MinValueBytes, 0, MaxValueBytes),
		within("bytes of values", o.MaxValueBytes, 0, MaxValueBytes),
		within("requests", o.Requests, 0, math.MaxInt64),
		within("database", o.Database, 0, math.MaxInt32),
		within("warm-up", o.WarmUp, 0, MaxTime),
		within("duration", o.Duration, 0, MaxTime),
		within("timeout", o.Timeout, time.Millisecond, MaxTime),
		within("interval", o.Interval, time.Millisecond, MaxTime),
		within("rate", o.Rate, 0, MaxRate),
		within("exponent of Zipf's distribution", o.Skew, 0, MaxSkew),
	)
}

func within[T int | int64 | uint64 | float64 | time.Duration](what string, value, low, high T) error {
	if value >= low && value <= high { // false for NaN, too
		return nil
	}
	return fmt.Errorf("%s: %v is not within %v to %v", what, value, low, high)
}
