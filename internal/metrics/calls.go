package metrics

import (
	"iter"
	"maps"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// Calls counts commands and times them. Commands are numbered from 0.
//
// The time of a command is that from the moment when its run was complete until its replies were there: what its client
// waited for besides the network. For a write that is the way to the leader, the log on a majority of disks, and the
// application; for a read it is the confirmation. All commands of a run have the time of the run.
type Calls struct {
	names []string
	// shards are the counts, in parts: connections on different processors would otherwise wait for each other at every
	// command. A connection has one shard for its life; what is told is the sum.
	shards [shards]Shard
	// Untracked says that the distributions of times are not kept (latency-tracking).
	Untracked atomic.Bool

	// errors counts error replies by their first word. The map never changes; mu is for who replaces it.
	mu     sync.Mutex
	errors atomic.Pointer[map[string]*Counter]
	// allErrors counts all of them.
	allErrors Counter

	// marked is what was counted at the last Mark.
	marked atomic.Pointer[mark]
}

type mark struct {
	traffic Traffic
	totals  map[int]*Total
}

// shards is the number of parts; beyond as many processors some get into each other's way again.
const shards = 8

// maxErrorKinds bounds the words by which errors are counted: some begin with what a client sent.
const maxErrorKinds = 128

// Shard is what some of the connections have counted.
type Shard struct {
	calls *Calls
	// Commands and the bytes of requests and replies.
	Commands, InputBytes, OutputBytes atomic.Int64
	// Hits and Misses are keys that were read and that were there, or were not.
	Hits, Misses atomic.Int64
	byID         []measured
}

// measured is what a shard knows of one command.
type measured struct {
	calls, failed, rejected, micros atomic.Int64
	histogram                       atomic.Pointer[histogram]
}

// Traffic is how many commands came, how many bytes of requests and of replies passed, and how many keys were read that
// were there (Hits) or were not (Misses).
type Traffic struct{ Commands, InputBytes, OutputBytes, Hits, Misses int64 }

// Total is what all connections together have counted of one command.
type Total struct {
	// Calls were executed, Failed of them with an error; Rejected ones were not executed.
	Calls, Failed, Rejected, Micros int64
	// Times is of the calls whose time was kept.
	Times Times
}

// NewCalls makes the counts of commands with these names, each at its number.
func NewCalls(names []string) *Calls {
	c := &Calls{names: names}
	for i := range c.shards {
		c.shards[i].calls, c.shards[i].byID = c, make([]measured, len(names))
	}
	c.errors.Store(&map[string]*Counter{})
	c.marked.Store(&mark{})
	return c
}

// Shard is the shard of the connection with a number.
func (c *Calls) Shard(connection int64) *Shard { return &c.shards[uint64(connection)%shards] }

// Executed counts some calls of one command, each of which took so long.
func (s *Shard) Executed(id int, calls int64, took time.Duration) {
	one, micros := &s.byID[id], took.Microseconds()
	one.calls.Add(calls)
	one.micros.Add(calls * micros)
	if s.calls.Untracked.Load() {
		return
	}
	h := one.histogram.Load()
	if h == nil {
		one.histogram.CompareAndSwap(nil, new(histogram))
		h = one.histogram.Load()
	}
	h[stepOf(micros)].Add(calls)
}

// Answered looks whether the reply to a call is an error.
func (s *Shard) Answered(id int, replies []byte) {
	if len(replies) > 0 && replies[0] == '-' {
		s.byID[id].failed.Add(1)
		s.calls.Failed(replies)
	}
}

// Rejected counts a call that was not executed.
func (s *Shard) Rejected(id int) { s.byID[id].rejected.Add(1) }

// Failed counts an error reply.
func (c *Calls) Failed(text []byte) {
	end := 1
	for end < len(text) && text[end] > ' ' {
		end++
	}
	c.allErrors.Inc()
	count := (*c.errors.Load())[string(text[1:end])]
	if count == nil {
		count = c.newError(string(text[1:end]))
	}
	if count != nil {
		count.Inc()
	}
}

// newError begins to count errors with a word; nil if there are too many words already.
func (c *Calls) newError(word string) *Counter {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := *c.errors.Load()
	if count := known[word]; count != nil || len(known) >= maxErrorKinds {
		return count
	}
	longer := maps.Clone(known)
	longer[word] = &Counter{}
	c.errors.Store(&longer)
	return longer[word]
}

// Errors are the error replies since the last Mark, by their first words, in no order.
func (c *Calls) Errors() iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		for word, count := range *c.errors.Load() {
			if n := count.Since(); n > 0 && !yield(word, n) {
				return
			}
		}
	}
}

// AllErrors is the number of error replies since the last Mark.
func (c *Calls) AllErrors() int64 { return c.allErrors.Since() }

// Mark makes Traffic, Since, Errors and AllErrors begin anew.
func (c *Calls) Mark() {
	now := &mark{traffic: c.all(), totals: make(map[int]*Total)}
	for id := range c.names {
		if total := c.total(id); total.Calls+total.Rejected > 0 {
			now.totals[id] = total
		}
	}
	c.marked.Store(now)
	c.mu.Lock() // no word is forgotten: the next map has all that this one has
	defer c.mu.Unlock()
	c.allErrors.Mark()
	for _, count := range *c.errors.Load() {
		count.Mark()
	}
}

// Traffic is that of all connections since the last Mark.
func (c *Calls) Traffic() Traffic {
	all, before := c.all(), c.marked.Load().traffic
	return Traffic{
		all.Commands - before.Commands, all.InputBytes - before.InputBytes, all.OutputBytes - before.OutputBytes,
		all.Hits - before.Hits, all.Misses - before.Misses,
	}
}

func (c *Calls) all() (t Traffic) {
	for i := range c.shards {
		s := &c.shards[i]
		t.Commands += s.Commands.Load()
		t.InputBytes += s.InputBytes.Load()
		t.OutputBytes += s.OutputBytes.Load()
		t.Hits += s.Hits.Load()
		t.Misses += s.Misses.Load()
	}
	return t
}

// Since is what was counted of a command since the last Mark.
func (c *Calls) Since(id int) *Total {
	total, before := c.total(id), c.marked.Load().totals[id]
	if before == nil {
		return total
	}
	total.Calls -= before.Calls
	total.Failed -= before.Failed
	total.Rejected -= before.Rejected
	total.Micros -= before.Micros
	total.Times.Micros -= before.Times.Micros
	for i := range total.Times.counts {
		total.Times.counts[i] -= before.Times.counts[i]
	}
	return total
}

// total is what was counted of a command since the start.
func (c *Calls) total(id int) *Total {
	all := &Total{}
	for i := range c.shards {
		one := &c.shards[i].byID[id]
		all.Calls += one.calls.Load()
		all.Failed += one.failed.Load()
		all.Rejected += one.rejected.Load()
		all.Micros += one.micros.Load()
		if h := one.histogram.Load(); h != nil {
			for at := range h {
				all.Times.counts[at] += h[at].Load()
			}
		}
	}
	all.Times.Micros = all.Micros
	return all
}

// Fill makes the rows of a set that are about commands tell what is counted here.
func (c *Calls) Fill(s *Set) {
	s.Commands = func() int64 { return c.all().Commands }
	s.InputBytes = func() int64 { return c.all().InputBytes }
	s.OutputBytes = func() int64 { return c.all().OutputBytes }
	s.ErrorReplies = c.allErrors.Value
	s.ErrorKinds = func() iter.Seq2[string, int64] {
		return func(yield func(string, int64) bool) {
			for word, count := range *c.errors.Load() {
				if !utf8.ValidString(word) {
					word = strconv.QuoteToASCII(word) // labels are UTF-8
				}
				if !yield(word, count.Value()) {
					return
				}
			}
		}
	}
	s.Called = c.column(func(t *Total) int64 { return t.Calls })
	s.CallsFailed = c.column(func(t *Total) int64 { return t.Failed })
	s.CallsRefused = c.column(func(t *Total) int64 { return t.Rejected })
	s.CallTimes = func() iter.Seq2[string, *Times] {
		return func(yield func(string, *Times) bool) {
			for id, name := range c.names {
				if total := c.total(id); total.Calls > 0 && !yield(name, &total.Times) {
					return
				}
			}
		}
	}
}

// column is one number of each command that was called or refused.
func (c *Calls) column(of func(*Total) int64) LabelledCounters {
	return func() iter.Seq2[string, int64] {
		return func(yield func(string, int64) bool) {
			for id, name := range c.names {
				if total := c.total(id); total.Calls+total.Rejected > 0 && !yield(name, of(total)) {
					return
				}
			}
		}
	}
}
