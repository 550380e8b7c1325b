package stats

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Latencies are the samples of latency-monitor-threshold: when something took at least so long, and how long, for each
// kind of event. Two are of commands: command, and fast-command for those that are constant or logarithmic in time. The
// others are what commands wait for, see resp.Server.Late. The zero value is empty and ready.
type Latencies struct {
	mu     sync.Mutex
	events map[string]*Event
}

// maxSamples is how many seconds of an event are kept, as in Redis.
const maxSamples = 160

// Event is a kind of thing that was late.
type Event struct {
	// Samples are the newest last, one for each second at most; Longest is the longest ever, in milliseconds.
	Samples []Sample
	Longest int64
}

// Sample is how long an event took in some second.
type Sample struct{ Second, Millis int64 }

// Note takes a sample.
func (l *Latencies) Note(event string, now time.Time, took time.Duration) {
	sample := Sample{now.Unix(), took.Milliseconds()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.events == nil {
		l.events = make(map[string]*Event)
	}
	e := l.events[event]
	if e == nil {
		e = &Event{}
		l.events[event] = e
	}
	e.Longest = max(e.Longest, sample.Millis)
	if n := len(e.Samples); n > 0 && e.Samples[n-1].Second == sample.Second {
		e.Samples[n-1].Millis = max(e.Samples[n-1].Millis, sample.Millis)
		return
	}
	if len(e.Samples) == maxSamples {
		e.Samples = append(e.Samples[:0], e.Samples[1:]...)
	}
	e.Samples = append(e.Samples, sample)
}

// Events are copies of all events, by name.
func (l *Latencies) Events() map[string]Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := make(map[string]Event, len(l.events))
	for name, e := range l.events {
		events[name] = Event{Samples: slices.Clone(e.Samples), Longest: e.Longest}
	}
	return events
}

// Names are the names of events, in order.
func Names(events map[string]Event) []string { return slices.Sorted(maps.Keys(events)) }

// Forget forgets the events with these names, and reports how many there were.
func (l *Latencies) Forget(names ...string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.events)
	for _, name := range names {
		delete(l.events, name)
	}
	return before - len(l.events)
}

// Reset forgets all events, and reports how many there were.
func (l *Latencies) Reset() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.events)
	l.events = nil
	return before
}
