package fsm

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/draw"
)

const (
	// comparedStreamCalls is how many replies of random calls on streams are compared in an ordinary run.
	comparedStreamCalls = 30_000
	// burstEntries is how many entries are added at once now and then: some blocks of them.
	burstEntries = 230
)

// streamCalls draws calls on streams such that Redis 7.0 does with them what 7.2 does.
type streamCalls struct {
	x *draw.StreamMix
	// queue are calls that come next, in this order.
	queue [][]string
}

// next is the next call. In Redis 7.0 a consumer is made when it gets something, in 7.2 when it asks: so it is made
// before it asks.
func (s *streamCalls) next() (name string, line []string) {
	if len(s.queue) == 0 {
		s.fill()
	}
	line, s.queue = s.queue[0], s.queue[1:]
	name = strings.ToLower(line[0])
	if (name == "xgroup" || name == "xinfo") && len(line) > 1 {
		name += " " + strings.ToLower(line[1])
	}
	return name, line
}

func (s *streamCalls) fill() {
	key, other := s.x.Keys[s.x.IntN(len(s.x.Keys))], s.x.Keys[s.x.IntN(len(s.x.Keys))]
	switch s.x.IntN(160) {
	case 0:
		s.queue = append(s.queue, []string{"del", key})
		return
	case 1:
		s.queue = append(s.queue, []string{"copy", key, other, "replace"})
		return
	case 2:
		s.queue = append(s.queue, []string{"rename", key, other})
		return
	case 3:
		s.queue = append(s.queue, []string{"set", key, "text"}, []string{"xinfo", "stream", other})
		return
	case 4:
		s.burst(key)
		return
	}
	name, line := s.x.Call()
	switch {
	case name == "xreadgroup" && len(line) > 3 && strings.EqualFold(line[1], "group"):
		at := slices.IndexFunc(line, func(word string) bool { return strings.EqualFold(word, "streams") }) + 1
		for _, key := range line[at : at+(len(line)-at)/2] {
			s.queue = append(s.queue, []string{"xgroup", "createconsumer", key, line[2], line[3]})
		}
	case (name == "xclaim" || name == "xautoclaim") && len(line) > 3:
		s.queue = append(s.queue, []string{"xgroup", "createconsumer", line[1], line[2], line[3]})
	}
	s.queue = append(s.queue, line)
}

// burst adds many entries, with a group that reads them.
func (s *streamCalls) burst(key string) {
	s.queue = append(s.queue, []string{"del", key}, []string{"xgroup", "create", key, "g", "0", "mkstream"})
	for i := range burstEntries {
		value := strings.Repeat("v", s.x.IntN(60))
		s.queue = append(s.queue, []string{"xadd", key, fmt.Sprintf("%d-*", i/3+1), "f", value})
	}
	for _, consumer := range []string{"alice", "bob"} {
		s.queue = append(s.queue,
			[]string{"xgroup", "createconsumer", key, "g", consumer},
			[]string{"xreadgroup", "group", "g", consumer, "count", "90", "streams", key, ">"})
	}
}

// TestStreamsAreThoseOfRedis compares replies to random calls on streams, and at times all that there is to each
// stream.
func TestStreamsAreThoseOfRedis(t *testing.T) {
	w := newTwins(t, random(t, 64))
	w.x.Keys = []string{"a", "b", "{a}c"}
	calls := &streamCalls{x: draw.NewStreamMix(w.x)}
	w.call, w.exact, w.databases = calls.next, true, 1 // what is queued belongs together
	for round := 0; w.compared < comparedStreamCalls; round++ {
		if round%40 == 0 {
			for _, key := range w.x.Keys {
				calls.queue = append(calls.queue, []string{"xinfo", "stream", key, "full", "count", "0"}, []string{"type", key})
			}
		}
		w.round()
		if round%200 == 0 {
			checkHash(t, w.m)
		}
	}
	w.compareStored()
	checkHash(t, w.m)
	for _, c := range calls.x.Commands() {
		if w.done[c.Name] < comparedCallsEach || w.refused[c.Name] < comparedCallsEach {
			t.Errorf("%s was compared %d times without an error and %d times with one", c.Name, w.done[c.Name],
				w.refused[c.Name])
		}
	}
	if w.unclear > w.compared/25 {
		t.Errorf("%d rounds had an unclear moment, and what was stored was forgotten", w.unclear)
	}
	t.Logf("%d replies compared, %d rounds at an unclear moment, excused %v", w.compared, w.unclear, w.excused)
}
