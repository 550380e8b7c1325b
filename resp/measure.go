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
	"github.com/raftredis/raftredis/internal/reply"
)

// measures are what INFO commandstats, errorstats and latencystats, LATENCY and SLOWLOG tell.
//
// The time of a command is that from the moment when its run was complete until its replies were there: what its client
// waited for besides the network. For a write that is the way to the leader, the log on a majority of disks, and the
// application; for a read it is the confirmation. All commands of a run have the time of the run.
type measures struct {
	commands [command.IDs]commandMeasure

	mu sync.Mutex
	// errors counts error replies by their first word.
	errors map[string]int64
}

// commandMeasure is what is known of one command.
type commandMeasure struct {
	// calls were executed, failed of them with an error; rejected ones were not executed.
	calls, failed, rejected, micros atomic.Int64
	histogram                       atomic.Pointer[histogram]
}

// maxErrorKinds bounds the words by which errors are counted: some begin with what a client sent.
const maxErrorKinds = 128

// executed counts a call that took so long.
func (m *measures) executed(id command.ID, took time.Duration) {
	one := &m.commands[id]
	micros := took.Microseconds()
	one.calls.Add(1)
	one.micros.Add(micros)
	h := one.histogram.Load()
	if h == nil {
		one.histogram.CompareAndSwap(nil, new(histogram))
		h = one.histogram.Load()
	}
	h.add(micros)
}

// answered looks at the reply to a call, and returns what is behind it.
func (m *measures) answered(id command.ID, replies []byte) []byte {
	if len(replies) > 0 && replies[0] == '-' {
		m.commands[id].failed.Add(1)
		m.failed(replies)
	}
	return reply.Skip(replies)
}

// failed counts an error reply.
func (m *measures) failed(text []byte) {
	end := 1
	for end < len(text) && text[end] > ' ' {
		end++
	}
	m.mu.Lock()
	defer m.mu.Unlock()
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
	for id := range m.commands {
		one := &m.commands[id]
		for _, count := range []*atomic.Int64{&one.calls, &one.failed, &one.rejected, &one.micros} {
			count.Store(0)
		}
		one.histogram.Store(nil)
	}
	m.mu.Lock()
	m.errors = nil
	m.mu.Unlock()
}

// everyCommand visits the commands and subcommands that have been called, or refused, by name.
func (m *measures) everyCommand(visit func(spec *command.Spec, one *commandMeasure)) {
	for _, spec := range command.All() {
		for i := range 1 + len(spec.Subcommands) {
			named := spec
			if i > 0 {
				named = &spec.Subcommands[i-1]
			}
			if one := &m.commands[named.ID]; one.calls.Load()+one.rejected.Load() > 0 {
				visit(named, one)
			}
		}
	}
}

func infoCommandStats(b *strings.Builder, f *front, _ *Info) {
	f.measures.everyCommand(func(spec *command.Spec, one *commandMeasure) {
		calls, micros := one.calls.Load(), one.micros.Load()
		fmt.Fprintf(b, "cmdstat_%s:calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d\r\n", spec.Name,
			calls, micros, float64(micros)/float64(max(calls, 1)), one.rejected.Load(), one.failed.Load())
	})
}

func infoErrorStats(b *strings.Builder, f *front, _ *Info) {
	f.measures.mu.Lock()
	defer f.measures.mu.Unlock()
	var words []string
	for word := range f.measures.errors {
		words = append(words, word)
	}
	slices.Sort(words)
	for _, word := range words {
		fmt.Fprintf(b, "errorstat_%s:count=%d\r\n", word, f.measures.errors[word])
	}
}

func infoLatencyStats(b *strings.Builder, f *front, _ *Info) {
	f.measures.everyCommand(func(spec *command.Spec, one *commandMeasure) {
		if h := one.histogram.Load(); h != nil {
			fmt.Fprintf(b, "latency_percentiles_usec_%s:p50=%d.000,p99=%d.000,p99.9=%d.000\r\n", spec.Name,
				h.percentile(0.5), h.percentile(0.99), h.percentile(0.999))
		}
	})
}

// histogram counts microseconds: exactly below 16, and above in eight steps for each doubling, so that no value is told
// by more than an eighth too high.
type histogram struct {
	counts [histogramSteps]atomic.Int64
}

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

func (h *histogram) add(micros int64) { h.counts[step(micros)].Add(1) }

// percentile is the value that a share of all values does not exceed.
func (h *histogram) percentile(share float64) int64 {
	total := int64(0)
	for i := range h.counts {
		total += h.counts[i].Load()
	}
	seen := int64(0)
	for i := range h.counts {
		if seen += h.counts[i].Load(); seen > 0 && float64(seen) >= share*float64(total) {
			return most(i)
		}
	}
	return 0
}
