package resp

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// settings are what CONFIG SET changes while connections use it. They concern this node only, and never what commands
// do to keys.
type settings struct {
	maxClients, maxBulkBytes     atomic.Int64
	maxOutputBytes, maxMailBytes atomic.Int64
	keepAliveSeconds             atomic.Int64
	// idle is in nanoseconds.
	idle                           atomic.Int64
	slowerThanMicros, slowLogCount atomic.Int64
	latencyThresholdMillis         atomic.Int64
	password                       atomic.Pointer[string]
}

// Defaults of settings that are not in Limits; all are Redis's.
const (
	defaultKeepAliveSeconds = 300
	defaultMaxMailBytes     = 32 << 20
	defaultSlowerThanMicros = 10_000
	defaultSlowLogCount     = 128
)

// mostSlowLogCount bounds what the slow log may hold.
const mostSlowLogCount = 1 << 20

func (s *settings) init(limits Limits, password string) {
	s.maxClients.Store(int64(limits.MaxClients))
	s.maxBulkBytes.Store(int64(limits.MaxBulkBytes))
	s.maxOutputBytes.Store(int64(limits.MaxOutputBytes))
	s.maxMailBytes.Store(defaultMaxMailBytes)
	s.idle.Store(int64(limits.IdleTimeout))
	s.keepAliveSeconds.Store(defaultKeepAliveSeconds)
	s.slowerThanMicros.Store(defaultSlowerThanMicros)
	s.slowLogCount.Store(defaultSlowLogCount)
	s.password.Store(&password)
}

// parameter is a setting as CONFIG knows it.
type parameter struct {
	name  string
	value func() string
	// parse checks a new value and returns what puts it in force, or why it cannot be. Nil: it is decided when the node
	// starts.
	parse func(text string) (apply func(), failure string)
}

// Why a value is refused; all but the last two are Redis's texts.
const (
	noInteger   = "argument couldn't be parsed into an integer"
	noMemory    = "argument must be a memory value"
	immutable   = "can't set immutable config"
	bufferCount = "Wrong number of arguments in buffer limit configuration."
	bufferClass = "Invalid client class specified in buffer limit configuration."
	bufferValue = "Error in hard, soft or soft_seconds setting in buffer limit configuration."
	bufferSoft  = "only hard limits can be set, and those of slave not at all"
	onlyValue   = "this node has no other value for it"
)

// integer is a parameter that is a whole number.
func integer(name string, value *atomic.Int64, least, most int64) parameter {
	parse := func(text string) (func(), string) {
		n, ok := parseLength([]byte(text))
		if !ok {
			return nil, noInteger
		}
		return func() { value.Store(n) }, between(n, least, most)
	}
	return parameter{name, decimal(value), parse}
}

// timeout is the parameter of that name. Connections that wait already hear of it by told.
func (s *settings) timeout(told func()) parameter {
	value := func() string { return strconv.FormatInt(s.idle.Load()/int64(time.Second), 10) }
	parse := func(text string) (func(), string) {
		seconds, ok := parseLength([]byte(text))
		if !ok {
			return nil, noInteger
		}
		apply := func() {
			s.idle.Store(seconds * int64(time.Second))
			told()
		}
		return apply, between(seconds, 0, math.MaxInt32)
	}
	return parameter{"timeout", value, parse}
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
	return parameter{name, decimal(value), parse}
}

// constant is a parameter that Redis lets people change and that has one value here: setting that is no error.
func constant(name, value string) parameter {
	parse := func(text string) (func(), string) {
		if !strings.EqualFold(text, value) {
			return nil, onlyValue
		}
		return func() {}, ""
	}
	return parameter{name, func() string { return value }, parse}
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
	n, ok := parseLength([]byte(digits))
	if !known || !ok || n < 0 || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}

// Classes of clients in client-output-buffer-limit. There are no replicas among clients; their limit is Redis's default
// and means nothing.
const replicaOutputLimit = "268435456 67108864 60"

// outputLimit is client-output-buffer-limit. What Redis limits for clients that subscribe is here what waits for a
// client besides its replies.
func (s *settings) outputLimit(leastBytes int64) parameter {
	value := func() string {
		return "normal " + decimal(&s.maxOutputBytes)() + " 0 0 slave " + replicaOutputLimit + " pubsub " +
			decimal(&s.maxMailBytes)() + " 0 0"
	}
	parse := func(text string) (func(), string) { return s.parseOutputLimit(strings.Fields(text), leastBytes) }
	return parameter{"client-output-buffer-limit", value, parse}
}

// parseOutputLimit reads one or more of: class, hard limit, soft limit, seconds.
func (s *settings) parseOutputLimit(words []string, leastBytes int64) (apply func(), failure string) {
	if len(words) == 0 || len(words)%4 != 0 {
		return nil, bufferCount
	}
	normal, mail := s.maxOutputBytes.Load(), s.maxMailBytes.Load()
	for ; len(words) > 0; words = words[4:] {
		hard, ok := parseMemory(words[1])
		soft, softOK := parseMemory(words[2])
		seconds, secondsOK := parseLength([]byte(words[3]))
		isReplica := false
		field, least := &normal, leastBytes
		switch strings.ToLower(words[0]) {
		case "normal":
		case "pubsub":
			field, least = &mail, 1
		case "slave", "replica":
			isReplica = true
		default:
			return nil, bufferClass
		}
		switch {
		case !ok || !softOK || !secondsOK || seconds < 0:
			return nil, bufferValue
		case isReplica && strings.Join(words[1:4], " ") == replicaOutputLimit:
			continue
		case isReplica || soft != 0 || seconds != 0:
			return nil, bufferSoft
		}
		if failure = between(hard, least, mostBytes); failure != "" {
			return nil, failure
		}
		*field = hard
	}
	return func() {
		s.maxOutputBytes.Store(normal)
		s.maxMailBytes.Store(mail)
	}, ""
}

// requirePass is requirepass. Who has authenticated stays so, as in Redis.
func (s *settings) requirePass() parameter {
	parse := func(text string) (func(), string) { return func() { s.password.Store(&text) }, "" }
	return parameter{"requirepass", func() string { return *s.password.Load() }, parse}
}
