// Package channels knows which clients of a node listen to which channels, and hands messages to them. It knows clients
// by what hears a message, and nothing of connections.
//
// Invariants:
//
//  1. All clients that listen to a channel hear its messages in the order in which they are sent.
//  2. To send costs the look at a counter while no client listens, and blocks for no client ever.
//  3. What a table holds is bounded: names by what a client may hold in requests, patterns by their number, since each
//     message is compared with all of them.
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

	mu sync.Mutex
	// names are those to which clients listen. patterns are those among them, in the order in which they came: a client
	// that listens to several hears a message by each, in this order.
	names    [Kinds]map[string]*audience
	patterns []*audience
	message  Message
}

// audience are the clients that listen to a name.
type audience struct {
	name    string
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

// Join has a client listen to names, to which it does not listen yet. False: there are too many patterns, and nothing
// has changed.
func (t *Table) Join(kind Kind, names []string, client Listener) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kind == Pattern && len(t.patterns)+t.unknown(names) > t.maxPatterns {
		return false
	}
	for _, name := range names {
		known := t.names[kind][name]
		if known == nil {
			known = &audience{name: name, clients: make(map[Listener]struct{})}
			t.names[kind][name] = known
			if kind == Pattern {
				t.patterns = append(t.patterns, known)
			}
		}
		known.clients[client] = struct{}{}
	}
	t.listening.Add(int64(len(names)))
	return true
}

// unknown counts the patterns to which no client listens. The caller holds the lock.
func (t *Table) unknown(patterns []string) (count int) {
	for _, name := range patterns {
		if t.names[Pattern][name] == nil {
			count++
		}
	}
	return count
}

// Leave ends what Join began, for names to which the client listens. It hears nothing by them from then on.
func (t *Table) Leave(kind Kind, names []string, client Listener) {
	if len(names) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range names {
		known := t.names[kind][name]
		delete(known.clients, client)
		if len(known.clients) == 0 {
			delete(t.names[kind], name)
			t.patterns = slices.DeleteFunc(t.patterns, func(a *audience) bool { return a == known })
		}
	}
	t.listening.Add(-int64(len(names)))
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
		if glob.Match([]byte(pattern.name), channel) {
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

// Names lists the names of a kind that match a pattern, sorted; nil matches all.
func (t *Table) Names(kind Kind, pattern []byte) (all []string) {
	t.mu.Lock()
	for name := range t.names[kind] {
		if pattern == nil || glob.Match(pattern, name) {
			all = append(all, name)
		}
	}
	t.mu.Unlock()
	slices.Sort(all)
	return all
}
