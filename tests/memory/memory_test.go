// Package memory_test compares the memory of a node with that of a Redis that holds the same.
package memory_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

const (
	// mixedElements is how many elements each container of the mixed key space has.
	mixedElements = 20_000
	// elementsVariable asks for the full form: so many elements of each population, which has a node for itself.
	elementsVariable = "RAFTREDIS_MEMORY_ELEMENTS"
	// batchCalls are sent together.
	batchCalls = 200
	// maxRatio is how many times the memory of Redis a node may take for the same elements.
	maxRatio = 1.3
	// emptyBytes, and that part of what it held, are how much memory a node may hold that was full and is empty: the
	// runtime keeps its tables of the heap.
	emptyBytes, emptyShare = 16 << 20, 20
	// steadyPeriod is how long the memory must not fall to be steady, and steadyLimit how long that may take. A node that
	// has nothing to do gives memory back after some seconds, and once more up to a minute later.
	steadyPeriod, steadyLimit = 15 * time.Second, 3 * time.Minute
)

// A node takes at most maxRatio times the memory of a Redis that holds the same elements of all types, some seconds
// behind the last write and without a command that asks for it. When they are gone, the memory comes back.
//
// The full form compares each population alone, with default settings, and prints the table of docs/benchmarks.md:
//
//	RAFTREDIS_MEMORY_ELEMENTS=1000000 go test ./tests/memory -timeout 1h -v
func TestMemory_IsAboutThatOfRedis(t *testing.T) {
	if text := os.Getenv(elementsVariable); text != "" {
		elements, err := strconv.Atoi(text)
		if err != nil || elements < 10*callElements {
			t.Fatalf("%s is %q", elementsVariable, text)
		}
		compareEach(t, elements)
		return
	}
	p := newPair(t)
	for _, each := range populations() {
		p.fill(t, each, int(mixedElements*each.share))
	}
	p.own.await(t, int(float64(p.redis.bytes(t))*maxRatio))
	full := p.own.bytes(t)
	p.own.do(t, []string{"FLUSHALL"})
	p.own.await(t, emptyBytes+full/emptyShare)
}

// compareEach compares each population alone, in two ways: what the elements add to an empty process, and all that it
// holds.
func compareEach(t *testing.T, elements int) {
	var table strings.Builder
	fmt.Fprintf(&table, "| %d elements of | redis-server | raftredis | ratio | whole process | ratio | loaded | "+
		"emptied |\n|---|---|---|---|---|---|---|---|\n", elements)
	for _, each := range populations() {
		t.Run(strings.ReplaceAll(each.name, " ", "-"), func(t *testing.T) {
			p := newPair(t, func(c *blackbox.Cluster) { c.Flags = nil })
			redisEmpty, ownEmpty := p.redis.bytes(t), p.own.steady(t)
			p.fill(t, each, elements)
			loaded := p.own.bytes(t)
			redis, own := p.redis.bytes(t), p.own.steady(t)
			p.own.do(t, []string{"FLUSHALL"})
			p.own.await(t, emptyBytes+own/emptyShare)
			added := float64(own-ownEmpty) / float64(redis-redisEmpty)
			whole := float64(own) / float64(redis)
			fmt.Fprintf(&table, "| %s | %.1f | %.1f | %.2f | %.1f to %.1f MB | %.2f | %.1f | %.1f MB |\n", each.name,
				float64(redis-redisEmpty)/float64(elements), float64(own-ownEmpty)/float64(elements), added,
				float64(redis)/1e6, float64(own)/1e6, whole, float64(loaded-ownEmpty)/float64(elements),
				float64(p.own.bytes(t))/1e6)
			if added > maxRatio || whole > maxRatio {
				t.Errorf("the elements take %.2f times the memory that they take in Redis, the process %.2f times that of "+
					"Redis; want %.1f at most", added, whole, maxRatio)
			}
		})
	}
	t.Logf("bytes of memory that each element adds\n%s", table.String())
}

// pair is a node, alone in its cluster, and a Redis.
type pair struct{ redis, own side }

// side is one of the two.
type side struct {
	port, pid  int
	connection *blackbox.Client
}

func newPair(t *testing.T, changes ...func(c *blackbox.Cluster)) *pair {
	t.Helper()
	redisPort, redis := blackbox.StartRedis(t)
	c := blackbox.NewCluster(t, 1)
	for _, change := range changes {
		change(c)
	}
	c.StartAll()
	blackbox.Leader(t, c.Nodes)
	p := &pair{
		redis: side{port: redisPort, pid: redis.Pid()}, own: side{port: c.Nodes[0].Port, pid: c.Nodes[0].Process.Pid()},
	}
	for _, s := range []*side{&p.redis, &p.own} {
		var err error
		if s.connection, err = blackbox.Connect(s.port); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.connection.Close() })
	}
	return p
}

// fill writes so many elements to both.
func (p *pair) fill(t *testing.T, each population, elements int) {
	t.Helper()
	for written := 0; written < elements; {
		var calls [][]string
		for len(calls) < batchCalls && written < elements {
			call, more := each.call(written)
			calls, written = append(calls, call), written+more
		}
		p.redis.do(t, calls...)
		p.own.do(t, calls...)
	}
}

func (s *side) do(t *testing.T, calls ...[]string) {
	t.Helper()
	replies, err := s.connection.Pipeline(calls)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range replies {
		if r.Kind == '-' {
			t.Fatalf("%.100q: %s", calls[i], r.Text)
		}
	}
}

// bytes is the memory that is the process's own: not that of the program's file, which all its processes share.
func (s *side) bytes(t *testing.T) int { return blackbox.AnonymousBytes(t, s.pid) }

// await waits until the process holds so many bytes, or less.
func (s *side) await(t *testing.T, limit int) {
	t.Helper()
	now := 0
	if !blackbox.Poll(steadyLimit, func() bool {
		now = s.bytes(t)
		return now <= limit
	}) {
		text, err := blackbox.Info(s.port, "memory")
		t.Errorf("the node holds %d KiB, want %d at most\n%v %v", now>>10, limit>>10, text, err)
	}
}

// steady is the memory when it has not fallen for a while.
func (s *side) steady(t *testing.T) (lowest int) {
	t.Helper()
	since := time.Now()
	blackbox.Eventually(t, steadyLimit, "the memory is steady", func() bool {
		if now := s.bytes(t); lowest == 0 || now < lowest-lowest/200 {
			lowest, since = now, time.Now()
		}
		return time.Since(since) >= steadyPeriod
	})
	return lowest
}
