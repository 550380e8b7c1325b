package resp

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/raftredis/raftredis/internal/number"
)

// settings are what CONFIG SET changes while connections use it. They concern this node only, and never what commands
// do to keys.
type settings struct {
	maxClients, maxBulkBytes atomic.Int64
	output                   outputLimits
	keepAliveSeconds         atomic.Int64
	// idle is in nanoseconds.
	idle                           atomic.Int64
	slowerThanMicros, slowLogCount atomic.Int64
	latencyThresholdMillis         atomic.Int64
	password, enableDebug          atomic.Pointer[string]
	percentiles                    atomic.Pointer[[]string]
}

// Defaults of settings that are not in Limits; all are Redis's.
const (
	defaultKeepAliveSeconds = 300
	defaultSlowerThanMicros = 10_000
	defaultSlowLogCount     = 128
)

// mostSlowLogCount bounds what the slow log may hold.
const mostSlowLogCount = 1 << 20

func (s *settings) init(limits Limits, password string) {
	s.maxClients.Store(int64(limits.MaxClients))
	s.maxBulkBytes.Store(int64(limits.MaxBulkBytes))
	s.output.init(int64(limits.MaxOutputBytes))
	s.idle.Store(int64(limits.IdleTimeout))
	s.keepAliveSeconds.Store(defaultKeepAliveSeconds)
	s.slowerThanMicros.Store(defaultSlowerThanMicros)
	s.slowLogCount.Store(defaultSlowLogCount)
	s.password.Store(&password)
	debug := debugNo
	s.enableDebug.Store(&debug)
	percentiles := strings.Fields(defaultPercentiles)
	s.percentiles.Store(&percentiles)
}

// parameter is a setting as CONFIG knows it.
type parameter struct {
	name  string
	value func() string
	// parse checks a new value and returns what puts it in force, or why it cannot be. Nil: it is decided when the node
	// starts.
	parse func(text string) (apply func(), failure string)
	// atStart says that only a configuration file may set it.
	atStart bool
}

// Why a value is refused; all but the last are Redis's texts.
const (
	noInteger  = "argument couldn't be parsed into an integer"
	noMemory   = "argument must be a memory value"
	yesOrNo    = "argument must be 'yes' or 'no'"
	immutable  = "can't set immutable config"
	noneOfThem = "argument(s) must be one of the following: "
	onlyValue  = "this node has no other value for it"
)

// integer is a parameter that is a whole number.
func integer(name string, value *atomic.Int64, least, most int64) parameter {
	parse := func(text string) (func(), string) {
		n, ok := number.Parse([]byte(text))
		if !ok {
			return nil, noInteger
		}
		return func() { value.Store(n) }, between(n, least, most)
	}
	return parameter{name: name, value: decimal(value), parse: parse}
}

// negated is a parameter that is yes or no, kept as its opposite.
func negated(name string, no *atomic.Bool) parameter {
	value := func() string {
		if no.Load() {
			return "no"
		}
		return "yes"
	}
	parse := func(text string) (func(), string) {
		isNo := strings.EqualFold(text, "no")
		if !isNo && !strings.EqualFold(text, "yes") {
			return nil, yesOrNo
		}
		return func() { no.Store(isNo) }, ""
	}
	return parameter{name: name, value: value, parse: parse}
}

// timeout is the parameter of that name.
func (s *settings) timeout() parameter {
	value := func() string { return strconv.FormatInt(s.idle.Load()/int64(time.Second), 10) }
	parse := func(text string) (func(), string) {
		seconds, ok := number.Parse([]byte(text))
		if !ok {
			return nil, noInteger
		}
		return func() { s.idle.Store(seconds * int64(time.Second)) }, between(seconds, 0, math.MaxInt32)
	}
	return parameter{name: "timeout", value: value, parse: parse}
}

// tooManyClients is Redis's text, before the number that would do.
const tooManyClients = "The operating system is not able to handle the specified number of clients, try with"

// sparedDescriptors are the files that a node needs besides the sockets of its clients.
const sparedDescriptors = 64

// mostClients is maxclients: no more than the system has descriptors for.
func (s *settings) mostClients() parameter {
	p := integer("maxclients", &s.maxClients, 1, math.MaxUint32)
	parse := p.parse
	p.parse = func(text string) (func(), string) {
		apply, failure := parse(text)
		n, _ := number.Parse([]byte(text))
		var descriptors syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &descriptors); err != nil || failure != "" {
			return apply, failure
		}
		if most := int64(min(descriptors.Cur, math.MaxInt64)) - sparedDescriptors; n > most {
			failure = fmt.Sprintf("%s %d", tooManyClients, most)
		}
		return apply, failure
	}
	return p
}

// memory is a parameter that is a number of bytes, with units.
func memory(name string, value *atomic.Int64, least, most int64) parameter {
	parse := func(text string) (func(), string) {
		n, ok := parseMemory(text)
		if !ok {
			return nil, noMemory
		}
		return func() { value.Store(n) }, between(n, least, most)
	}
	return parameter{name: name, value: decimal(value), parse: parse}
}

// constant is a parameter that Redis lets people change and that has one value here: setting that is no error.
func constant(name, value string) parameter {
	parse := func(text string) (func(), string) {
		if !strings.EqualFold(text, value) {
			return nil, onlyValue
		}
		return func() {}, ""
	}
	return parameter{name: name, value: func() string { return value }, parse: parse}
}

// fixed is a parameter that is decided when the node starts.
func fixed(name, value string) parameter {
	return parameter{name: name, value: func() string { return value }}
}

func decimal(value *atomic.Int64) func() string {
	return func() string { return strconv.FormatInt(value.Load(), 10) }
}

func between(n, least, most int64) string {
	if n >= least && n <= most {
		return ""
	}
	return fmt.Sprintf("argument must be between %d and %d inclusive", least, most)
}

// memoryUnits are those of redis.conf.
var memoryUnits = map[string]int64{
	"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1000 * 1000, "mb": 1 << 20, "g": 1000 * 1000 * 1000, "gb": 1 << 30,
}

// parseMemory reads a number of bytes such as 100, 64kb or 1GB.
func parseMemory(text string) (int64, bool) {
	digits := strings.TrimRight(text, "bkmgBKMG")
	unit, known := memoryUnits[strings.ToLower(text[len(digits):])]
	n, ok := number.Parse([]byte(digits))
	if !known || !ok || n < 0 || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}

// then makes a parameter call told when a new value is in force.
func (p parameter) then(told func()) parameter {
	parse := p.parse
	p.parse = func(text string) (func(), string) {
		apply, failure := parse(text)
		return func() {
			apply()
			told()
		}, failure
	}
	return p
}

// enableDebugCommand is enable-debug-command: whether DEBUG is answered to nobody, to clients on this machine, or to
// all. As in Redis it is no unless the file says otherwise: DEBUG writes into the node's log what a client likes, and
// holds up its connection as long as the client likes.
func (s *settings) enableDebugCommand() parameter {
	values := []string{debugNo, debugYes, debugLocal}
	parse := func(text string) (func(), string) {
		text = strings.ToLower(text)
		if !slices.Contains(values, text) {
			return nil, noneOfThem + strings.Join(values, ", ")
		}
		return func() { s.enableDebug.Store(&text) }, ""
	}
	value := func() string { return *s.enableDebug.Load() }
	return parameter{name: "enable-debug-command", value: value, parse: parse, atStart: true}
}

// requirePass is requirepass. Who has authenticated stays so, as in Redis.
func (s *settings) requirePass() parameter {
	parse := func(text string) (func(), string) { return func() { s.password.Store(&text) }, "" }
	return parameter{name: "requirepass", value: func() string { return *s.password.Load() }, parse: parse}
}
