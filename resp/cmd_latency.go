package resp

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// latencyHandlers answer LATENCY.
var latencyHandlers = []handler{
	{of: command.LatencyDoctor, answer: latencyDoctor},
	{of: command.LatencyGraph, answer: latencyGraph},
	help(command.LatencyHelp),
	{of: command.LatencyHistogram, answer: latencyHistogram},
	{of: command.LatencyHistory, answer: latencyHistory},
	{of: command.LatencyLatest, answer: latencyLatest},
	{of: command.LatencyReset, answer: latencyReset},
}

// latencies are the samples of latency-monitor-threshold: when something took at least so long, and how long, for each
// kind of event. Two are of commands: command, and fast-command for those that are constant or logarithmic in time. The
// others are what commands wait for, see Server.Late.
type latencies struct {
	mu     sync.Mutex
	events map[string]*latencyEvent
}

// latencySamples is how many seconds of an event are kept, as in Redis.
const latencySamples = 160

type latencyEvent struct {
	// samples are the newest last, one for each second at most; longest is the longest ever.
	samples []latencySample
	longest int64
}

type latencySample struct{ second, millis int64 }

// note takes a sample.
func (l *latencies) note(event string, now time.Time, took time.Duration) {
	sample := latencySample{now.Unix(), took.Milliseconds()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.events == nil {
		l.events = make(map[string]*latencyEvent)
	}
	e := l.events[event]
	if e == nil {
		e = &latencyEvent{}
		l.events[event] = e
	}
	e.longest = max(e.longest, sample.millis)
	if n := len(e.samples); n > 0 && e.samples[n-1].second == sample.second {
		e.samples[n-1].millis = max(e.samples[n-1].millis, sample.millis)
		return
	}
	if len(e.samples) == latencySamples {
		e.samples = append(e.samples[:0], e.samples[1:]...)
	}
	e.samples = append(e.samples, sample)
}

// latencyLatest is LATENCY LATEST: for each event its name, when it last happened, how long it took then, and at most.
func latencyLatest(c *Conn, dst []byte, _ [][]byte) []byte {
	l := &c.server.latencies
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for name := range l.events {
		names = append(names, name)
	}
	slices.Sort(names)
	dst = reply.ArrayHeader(dst, len(names))
	for _, name := range names {
		e := l.events[name]
		last := e.samples[len(e.samples)-1]
		dst = reply.BulkString(reply.ArrayHeader(dst, 4), name)
		dst = reply.Integer(reply.Integer(reply.Integer(dst, last.second), last.millis), e.longest)
	}
	return dst
}

// latencyHistory is LATENCY HISTORY event.
func latencyHistory(c *Conn, dst []byte, args [][]byte) []byte {
	l := &c.server.latencies
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.events[string(args[2])]
	if e == nil {
		return reply.ArrayHeader(dst, 0)
	}
	dst = reply.ArrayHeader(dst, len(e.samples))
	for _, sample := range e.samples {
		dst = reply.Integer(reply.Integer(reply.ArrayHeader(dst, 2), sample.second), sample.millis)
	}
	return dst
}

// latencyReset is LATENCY RESET [event ...]: it answers how many events had samples.
func latencyReset(c *Conn, dst []byte, args [][]byte) []byte {
	l := &c.server.latencies
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.events)
	if len(args) == 2 {
		l.events = nil
	}
	for _, event := range args[2:] {
		delete(l.events, string(event))
	}
	return reply.Integer(dst, int64(before-len(l.events)))
}

// latencyHistogram is LATENCY HISTOGRAM [command ...]: for each command that was called, how often, and how many calls
// took at most so many microseconds, for each power of two where that number grows.
func latencyHistogram(c *Conn, dst []byte, args [][]byte) []byte {
	wanted := func(string) bool { return true }
	if len(args) > 2 {
		wanted = func(name string) bool {
			return slices.ContainsFunc(args[2:], func(arg []byte) bool {
				container, _, _ := strings.Cut(name, "|")
				return strings.EqualFold(string(arg), name) || strings.EqualFold(string(arg), container)
			})
		}
	}
	count := 0
	var body []byte
	c.server.measures.everyCommand(func(spec *command.Spec, all *commandTotal) {
		if !all.tracked || !wanted(spec.Name) {
			return
		}
		count++
		body = reply.MapHeader(reply.BulkString(body, spec.Name), c.protocol(), 2)
		body = reply.Integer(reply.BulkString(body, "calls"), all.calls)
		body = reply.BulkString(body, "histogram_usec")
		body = all.histogram.appendTo(body, c.protocol())
	})
	return append(reply.MapHeader(dst, c.protocol(), count), body...)
}

// appendTo appends the bounds at which the number of values grows, each with the number up to it.
func (d *distribution) appendTo(dst []byte, protocol int) []byte {
	type bound struct{ micros, upTo int64 }
	var bounds []bound
	seen := int64(0)
	for i, n := range d {
		if n == 0 {
			continue
		}
		seen += n
		limit := int64(1)
		for limit < most(i) {
			limit *= 2
		}
		if last := len(bounds) - 1; last >= 0 && bounds[last].micros == limit {
			bounds[last].upTo = seen
		} else {
			bounds = append(bounds, bound{limit, seen})
		}
	}
	slices.SortFunc(bounds, func(a, b bound) int { return cmp.Compare(a.micros, b.micros) })
	dst = reply.MapHeader(dst, protocol, len(bounds))
	for _, b := range bounds {
		dst = reply.Integer(reply.Integer(dst, b.micros), b.upTo)
	}
	return dst
}
