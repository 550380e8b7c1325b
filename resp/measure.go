package resp

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/command"
)

// measures are what INFO commandstats, errorstats and latencystats, LATENCY and SLOWLOG tell.
//
// The time of a command is that from the moment when its run was complete until its replies were there: what its client
// waited for besides the network. For a write that is the way to the leader, the log on a majority of disks, and the
// application; for a read it is the confirmation. All commands of a run have the time of the run.
type measures struct {
	// shares are the counts, in parts: connections on different processors would otherwise wait for each other at every
	// command. A connection has one share for its life; what INFO tells is the sum.
	shares [shares]share
	// untracked says that how the times of commands are distributed is not kept (latency-tracking).
	untracked atomic.Bool

	mu sync.Mutex
	// errors counts error replies by their first word, errorReplies all of them.
	errors       map[string]int64
	errorReplies int64
}

// shares is the number of parts; beyond as many processors some get into each other's way again.
const shares = 8

// share is what some of the connections have counted.
type share struct {
	traffic struct{ commands, inputBytes, outputBytes atomic.Int64 }
	// byID has a place for each command.
	byID []commandMeasure
}

// commandMeasure is what is known of one command.
type commandMeasure struct {
	// calls were executed, failed of them with an error; rejected ones were not executed.
	calls, failed, rejected, micros atomic.Int64
	histogram                       atomic.Pointer[histogram]
}

// traffic is how many commands came, and how many bytes of requests and of replies passed.
type traffic struct{ commands, inputBytes, outputBytes int64 }

// maxErrorKinds bounds the words by which errors are counted: some begin with what a client sent.
const maxErrorKinds = 128

func (m *measures) init() {
	for i := range m.shares {
		m.shares[i].byID = make([]commandMeasure, command.IDs())
	}
}

// shareOf is the share of the connection with a number.
func (m *measures) shareOf(id int64) *share { return &m.shares[uint64(id)%shares] }

// executed counts some calls of one command, each of which took so long.
func (m *measures) executed(s *share, spec *command.Spec, calls int64, took time.Duration) {
	one, micros := &s.byID[spec.ID()], took.Microseconds()
	one.calls.Add(calls)
	one.micros.Add(calls * micros)
	if m.untracked.Load() {
		return
	}
	h := one.histogram.Load()
	if h == nil {
		one.histogram.CompareAndSwap(nil, new(histogram))
		h = one.histogram.Load()
	}
	h[step(micros)].Add(calls)
}

// answered looks whether the reply to a call is an error.
func (m *measures) answered(s *share, spec *command.Spec, replies []byte) {
	if len(replies) > 0 && replies[0] == '-' {
		s.byID[spec.ID()].failed.Add(1)
		m.failed(replies)
	}
}

// traffic is that of all connections.
func (m *measures) traffic() (all traffic) {
	for i := range m.shares {
		t := &m.shares[i].traffic
		all.commands += t.commands.Load()
		all.inputBytes += t.inputBytes.Load()
		all.outputBytes += t.outputBytes.Load()
	}
	return all
}

// failed counts an error reply.
func (m *measures) failed(text []byte) {
	end := 1
	for end < len(text) && text[end] > ' ' {
		end++
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.errorReplies++
	if m.errors == nil {
		m.errors = make(map[string]int64)
	}
	word := string(text[1:end])
	if _, known := m.errors[word]; known || len(m.errors) < maxErrorKinds {
		m.errors[word]++
	}
}

// reset forgets everything.
func (m *measures) reset() {
	for i := range m.shares {
		s := &m.shares[i]
		for _, count := range []*atomic.Int64{&s.traffic.commands, &s.traffic.inputBytes, &s.traffic.outputBytes} {
			count.Store(0)
		}
		for id := range s.byID {
			one := &s.byID[id]
			for _, count := range []*atomic.Int64{&one.calls, &one.failed, &one.rejected, &one.micros} {
				count.Store(0)
			}
			one.histogram.Store(nil)
		}
	}
	m.mu.Lock()
	m.errors, m.errorReplies = nil, 0
	m.mu.Unlock()
}

// allErrors is the number of error replies.
func (m *measures) allErrors() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.errorReplies
}

// commandTotal is what all connections together have counted of one command.
type commandTotal struct {
	calls, failed, rejected, micros int64
	// histogram is of the calls whose time was kept; tracked says that there are any.
	histogram distribution
	tracked   bool
}

func (m *measures) total(spec *command.Spec) (all commandTotal) {
	for i := range m.shares {
		one := &m.shares[i].byID[spec.ID()]
		all.calls += one.calls.Load()
		all.failed += one.failed.Load()
		all.rejected += one.rejected.Load()
		all.micros += one.micros.Load()
		if h := one.histogram.Load(); h != nil {
			all.tracked = true
			for at := range h {
				all.histogram[at] += h[at].Load()
			}
		}
	}
	return all
}

// everyCommand visits the commands and subcommands that have been called, or refused, by name.
func (m *measures) everyCommand(visit func(spec *command.Spec, all *commandTotal)) {
	for spec := range command.Each() {
		if all := m.total(spec); all.calls+all.rejected > 0 {
			visit(spec, &all)
		}
	}
}

func infoCommandStats(b *strings.Builder, s *Server) {
	s.measures.everyCommand(func(spec *command.Spec, all *commandTotal) {
		fmt.Fprintf(b, "cmdstat_%s:calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d\r\n", spec.Name,
			all.calls, all.micros, float64(all.micros)/float64(max(all.calls, 1)), all.rejected, all.failed)
	})
}

func infoErrorStats(b *strings.Builder, s *Server) {
	s.measures.mu.Lock()
	defer s.measures.mu.Unlock()
	var words []string
	for word := range s.measures.errors {
		words = append(words, word)
	}
	slices.Sort(words)
	for _, word := range words {
		fmt.Fprintf(b, "errorstat_%s:count=%d\r\n", word, s.measures.errors[word])
	}
}

// histogram counts microseconds: exactly below 16, and above in eight steps for each doubling, so that no value is told
// by more than an eighth too high.
type histogram [histogramSteps]atomic.Int64

// distribution is the sum of some histograms.
type distribution [histogramSteps]int64

const (
	exactMicros    = 16
	stepsPerOctave = 8
	// longestOctave is that of the longest time that is told apart: 2^40 microseconds, twelve days.
	longestOctave  = 40
	histogramSteps = exactMicros + (longestOctave-3)*stepsPerOctave
)

// step is the place where a value is counted.
func step(micros int64) int {
	if micros < exactMicros {
		return int(max(micros, 0))
	}
	octave := bits.Len64(uint64(micros)) - 1
	if octave > longestOctave {
		return histogramSteps - 1
	}
	return exactMicros + (octave-4)*stepsPerOctave + int(micros>>(octave-3)&(stepsPerOctave-1))
}

// most is the largest value that is counted at a place.
func most(step int) int64 {
	if step < exactMicros {
		return int64(step)
	}
	octave, within := (step-exactMicros)/stepsPerOctave+4, int64((step-exactMicros)%stepsPerOctave)
	return int64(1)<<octave + (within+1)<<(octave-3) - 1
}

// percentile is the value that a share of all values does not exceed.
func (d *distribution) percentile(share float64) int64 {
	total := int64(0)
	for _, n := range d {
		total += n
	}
	seen := int64(0)
	for i, n := range d {
		if seen += n; seen > 0 && float64(seen) >= share*float64(total) {
			return most(i)
		}
	}
	return 0
}
