// Package channels knows which clients of a node listen to which channels, and hands messages to them. It knows clients
// by what hears a message, and nothing of connections.
//
// Invariants:
//
//  1. All clients that listen to a channel hear its messages in the order in which they are sent.
//  2. To send costs the look at a counter while no client listens, and blocks for no client ever.
//  3. What a table holds is bounded: names by what a client may hold in requests, patterns by their number and their
//     length, since each message is compared with all of them. So is a comparison.
//  4. Who sends waits for no more than a portion of the names that a client comes for, leaves or lists.
package channels

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/raftredis/raftredis/internal/glob"
)

// Kind is what a name stands for.
type Kind uint8

// The kinds.
const (
	// Plain is a channel, Pattern the channels whose names match, Shard a shard channel, which no pattern matches.
	Plain Kind = iota
	Pattern
	Shard
	Kinds
)

const (
	// MaxPatternBytes is how long a pattern may be that a client listens to. The table does not look at that.
	MaxPatternBytes = 1 << 10
	// maxSteps is how many steps the comparison of a pattern with a channel may take (glob.Within): one that takes more
	// ends without a match. It never does where the product of the lengths is at most that. So 10,000 patterns are
	// compared in less than a second, whatever they are.
	maxSteps = 16 << 10
	// portion is how many names come, go or are listed under one lock: some 300 microseconds, two milliseconds to come.
	portion = 1000
	// hearWork and compareWork are how much work it is to hand a message to a client, and to compare one with a pattern,
	// besides what follows from lengths: in the unit of command.MaxEntryWork.
	hearWork, compareWork = 128, 32
)

// Listener is a client that listens.
type Listener interface {
	// Hear gets a message. It must not block, call the table, or keep the message.
	Hear(m *Message)
}

// Table are the clients that listen. Make one with New. Any goroutine may call the methods.
type Table struct {
	// listening is the number of pairs of a name and a client that listens to it.
	listening   atomic.Int64
	maxPatterns int
	// changing is held by a client that comes for patterns, or leaves some, from the first portion to the last.
	changing sync.Mutex

	mu sync.Mutex
	// names are those to which clients listen. patterns are those among them, in the order in which they came: a client
	// that listens to several hears a message by each, in this order.
	names    [Kinds]map[string]*audience
	patterns []*audience
	// known are the sums over all patterns.
	known   sums
	message Message
}

// sums are how long patterns are together, what their spreads are (glob.Spread), and how many pairs there are of one
// and a client that listens to it.
type sums struct{ bytes, spread, clients int }

// audience are the clients that listen to a name.
type audience struct {
	name string
	// pattern is the name of a pattern.
	pattern []byte
	clients map[Listener]struct{}
}

// New makes a table with at most so many patterns.
func New(maxPatterns int) *Table {
	t := &Table{maxPatterns: maxPatterns}
	for kind := range t.names {
		t.names[kind] = make(map[string]*audience)
	}
	return t
}

// Join has a client listen to names, each there once, to which it does not listen yet. What is sent meanwhile it hears
// by some of them. False: there are too many patterns, and nothing has changed.
func (t *Table) Join(kind Kind, names []string, client Listener) bool {
	if kind == Pattern {
		t.changing.Lock()
		defer t.changing.Unlock()
		if !t.hasRoom(names) {
			return false
		}
	}
	t.inPortions(names, func(some []string) {
		for _, name := range some {
			t.join(kind, name, client)
		}
		t.listening.Add(int64(len(some)))
	})
	return true
}

// inPortions has change see names, a portion at a time, under the lock.
func (t *Table) inPortions(names []string, change func(some []string)) {
	for some := range slices.Chunk(names, portion) {
		t.mu.Lock()
		change(some)
		t.mu.Unlock()
	}
}

// hasRoom reports whether there may be patterns beside those to which clients listen. The caller holds changing, and so
// the patterns stay those that they are.
func (t *Table) hasRoom(names []string) bool {
	if len(names) > t.maxPatterns {
		return false
	}
	count := t.Count(Pattern)
	t.inPortions(names, func(some []string) {
		for _, name := range some {
			if t.names[Pattern][name] == nil {
				count++
			}
		}
	})
	return count <= t.maxPatterns
}

// join has a client listen to a name. The caller holds the lock.
func (t *Table) join(kind Kind, name string, client Listener) {
	known := t.names[kind][name]
	if known == nil {
		known = &audience{name: name, clients: make(map[Listener]struct{})}
		t.names[kind][name] = known
		if kind == Pattern {
			known.pattern = []byte(name)
			t.patterns = append(t.patterns, known)
			t.known.bytes += len(name)
			t.known.spread += glob.Spread(known.pattern)
		}
	}
	known.clients[client] = struct{}{}
	if kind == Pattern {
		t.known.clients++
	}
}

// Leave ends what Join began, for names to which the client listens. It hears nothing by them from then on.
func (t *Table) Leave(kind Kind, names []string, client Listener) {
	if kind == Pattern {
		t.changing.Lock()
		defer t.changing.Unlock()
	}
	t.inPortions(names, func(some []string) {
		emptied := false
		for _, name := range some {
			known := t.names[kind][name]
			delete(known.clients, client)
			if len(known.clients) == 0 {
				delete(t.names[kind], name)
				emptied = true
			}
		}
		if kind == Pattern {
			t.known.clients -= len(some)
		}
		if kind == Pattern && emptied {
			t.dropEmptied()
		}
		t.listening.Add(-int64(len(some)))
	})
}

// dropEmptied drops the patterns to which no client listens any more. The caller holds the lock.
func (t *Table) dropEmptied() {
	t.patterns = slices.DeleteFunc(t.patterns, func(a *audience) bool {
		if len(a.clients) > 0 {
			return false
		}
		t.known.bytes -= len(a.name)
		t.known.spread -= glob.Spread(a.pattern)
		return true
	})
}

// Send hands a message to the clients that listen to a channel: first by its name, then by each pattern. It returns how
// often it was heard. What is sent to a shard channel no other one hears.
func (t *Table) Send(channel, text []byte, sharded bool) (heard int) {
	if t.listening.Load() == 0 {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	kind, word := Plain, "message"
	if sharded {
		kind, word = Shard, "smessage"
	}
	if known := t.names[kind][string(channel)]; known != nil {
		heard += t.send(known, Message{word: word, channel: channel, text: text})
	}
	if sharded {
		return heard
	}
	for _, pattern := range t.patterns {
		if glob.Within(pattern.pattern, channel, maxSteps) {
			heard += t.send(pattern, Message{word: "pmessage", pattern: &pattern.name, channel: channel, text: text})
		}
	}
	return heard
}

// send hands a message to all clients that listen to a name.
func (t *Table) send(to *audience, m Message) (heard int) {
	m.buffer = t.message.buffer[:0]
	t.message = m
	for client := range to.clients {
		client.Hear(&t.message)
	}
	t.message.channel, t.message.text = nil, nil
	t.message.trim()
	return len(to.clients)
}

// Work estimates how much it is to send a message of some length, in the unit of command.MaxEntryWork: what the
// comparisons may take, and as if each client heard the message that listens to the channel, or to a pattern.
func (t *Table) Work(channel []byte, bytes int, sharded bool) int {
	if t.listening.Load() == 0 {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	kind, clients, compared := Shard, 0, 0
	if !sharded {
		kind, clients = Plain, t.known.clients
		compared = min(t.known.bytes+t.known.spread*len(channel), maxSteps*len(t.patterns)) + compareWork*len(t.patterns)
	}
	if known := t.names[kind][string(channel)]; known != nil {
		clients += len(known.clients)
	}
	return compared + clients*(hearWork+bytes)
}

// Listening is the number of pairs of a name and a client that listens to it.
func (t *Table) Listening() int64 { return t.listening.Load() }

// Count is how many names of a kind there are.
func (t *Table) Count(kind Kind) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.names[kind])
}

// Listeners is how many clients listen to a name.
func (t *Table) Listeners(kind Kind, name []byte) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.names[kind][string(name)]; known != nil {
		return len(known.clients)
	}
	return 0
}

// Names lists the names of a kind that match a pattern, sorted; nil matches all. One that comes or goes meanwhile may
// be among them or not.
func (t *Table) Names(kind Kind, pattern []byte) []string {
	all := make([]string, 0, t.Count(kind))
	t.mu.Lock()
	for name := range t.names[kind] {
		if all = append(all, name); len(all)%portion == 0 {
			t.mu.Unlock() // others may change the map between two of its elements
			t.mu.Lock()
		}
	}
	t.mu.Unlock()
	if pattern != nil {
		compiled := glob.Compile(pattern)
		all = slices.DeleteFunc(all, func(name string) bool { return !compiled.Match(name) })
	}
	slices.Sort(all)
	return slices.Compact(all) // one that has gone and come again may be there twice
}
