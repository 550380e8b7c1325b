package fsm

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/raftredis/raftredis/internal/argv"
)

const (
	// frozenElementsVariable sets how many elements the values have: 1000000 is what is promised.
	frozenElementsVariable = "RAFTREDIS_FROZEN_ELEMENTS"
	frozenElements         = 100_000
	// maxFreezeCost is how much longer than the slowest write without freezes the slowest with freezes may take, in time
	// of the processor: what else the machine does is not measured.
	maxFreezeCost = 20 * time.Millisecond
	// frozenWrites is how many writes of each value are measured, and freezeEvery how many there are between freezes.
	frozenWrites, freezeEvery = 2000, 10
)

// growing is a large value: how it is made, element by element, and how it is written then. Commands are lines of
// words.
type growing struct {
	name string
	fill func(i int) string
	// settle are the commands behind that; nil for none.
	settle func(elements int) []string
	// changes are writes anywhere in the value, of which one is drawn after the other. They leave its length about as it
	// was.
	changes []change
}

// change is a write of a value of so many elements.
type change func(r *rand.Rand, elements int) string

// to is a change with a line in which %d is any number below the number of elements.
func to(line string) change {
	count := strings.Count(line, "%d")
	return func(r *rand.Rand, elements int) string {
		numbers := make([]any, count)
		for i := range numbers {
			numbers[i] = r.IntN(elements)
		}
		return fmt.Sprintf(line, numbers...)
	}
}

// beyond is a change with a line in which %d is a number of no element.
func beyond(line string) change {
	return func(r *rand.Rand, elements int) string { return fmt.Sprintf(line, elements+r.IntN(elements)) }
}

// smallElements is how many short elements a container has that is not a tree yet, at most: see value.Table and its
// like, of which each has another limit below.
const smallElements = 160

// small is a change of a container with few elements, which grows to smallElements and loses all but one again: a block
// becomes a tree, and a tree a block. %d in the lines is the number of the element.
func small(add, remove string) change {
	var count int
	var shrinks bool
	return func(*rand.Rand, int) string {
		if shrinks {
			count--
			shrinks = count > 1
			return fmt.Sprintf(remove, count)
		}
		count++
		shrinks = count == smallElements
		return fmt.Sprintf(add, count-1)
	}
}

// line is the fill of values whose element i is made by a line with that number in it.
func line(text string) func(i int) string {
	return func(i int) string { return strings.ReplaceAll(text, "%d", strconv.Itoa(i)) }
}

// growings are the values that are written while the state is frozen: a row for each type.
var growings = []growing{
	{
		name: "string of 512 MiB",
		fill: func(i int) string { return fmt.Sprintf("SETRANGE string %d x", i*4096%(512<<20-1)) },
		changes: []change{
			func(r *rand.Rand, _ int) string { return fmt.Sprintf("SETRANGE string %d y", r.IntN(512<<20-1)) },
		},
	},
	{name: "topic", fill: line("RAFT.LOG APPEND topic entry%d"), changes: []change{to("RAFT.LOG APPEND topic other%d")}},
	{name: "keys", fill: line("SET key%d value"), changes: []change{to("SET key%d other")}},
	{
		name: "hash", fill: line("HSET hash field%d value%d"),
		changes: []change{
			to("HSET hash field%d other%d"), beyond("HSET hash field%d new"), beyond("HDEL hash field%d"),
			to("HDEL hash field%d field%d field%d"), to("HSET hash field%d a field%d b field%d c"),
			to("HINCRBY hash number %d"), to("HSETNX hash field%d again"),
			small("HSET smallhash field%d value", "HDEL smallhash field%d"),
		},
	},
	{
		name: "set", fill: line("SADD set member%d"),
		changes: []change{
			beyond("SADD set member%d"), beyond("SREM set member%d"), to("SREM set member%d"),
			to("SADD set member%d member%d member%d"), to("SPOP set 3"), to("SMOVE set other member%d"),
			to("SMOVE other set member%d"), small("SADD smallset member%d", "SREM smallset member%d"),
		},
	},
	{
		name: "sorted set", fill: line("ZADD zset %d member%d"),
		changes: []change{
			to("ZADD zset %d member%d"), beyond("ZADD zset 5 member%d"), to("ZINCRBY zset 1.5 member%d"),
			to("ZREM zset member%d"), to("ZADD zset %d member%d %d member%d %d member%d"), to("ZPOPMIN zset 2"),
			to("ZPOPMAX zset"), func(r *rand.Rand, n int) string {
				at := r.IntN(n / 2)
				return fmt.Sprintf("ZREMRANGEBYRANK zset %d %d", at, at+2)
			},
			func(r *rand.Rand, n int) string {
				at := r.IntN(n)
				return fmt.Sprintf("ZREMRANGEBYSCORE zset (%d %d", at, at+3)
			},
		},
	},
	{
		name: "list", fill: line("RPUSH list element%d"),
		changes: []change{
			to("LPUSH list front%d"), to("RPUSH list back%d back%d"), to("LPOP list"), to("RPOP list"),
			func(r *rand.Rand, n int) string { return fmt.Sprintf("LSET list %d other%d", r.IntN(n/2), r.IntN(n)) },
			to("LINSERT list BEFORE element%d inserted"), to("LINSERT list AFTER element%d inserted"),
			to("LREM list 1 inserted"), to("LREM list -1 element%d"), to("LTRIM list 1 -2"), to("LPUSH list a b c d"),
			to("LMOVE list list LEFT RIGHT"), to("LMOVE list otherlist LEFT RIGHT"), to("LMOVE otherlist list RIGHT LEFT"),
			small("RPUSH smalllist anelementofthirtybytesandmore%d", "LREM smalllist 1 anelementofthirtybytesandmore%d"),
		},
	},
	{
		name: "stream", fill: func(i int) string { return fmt.Sprintf("XADD stream %d-0 field value%d", i+1, i) },
		settle: func(elements int) []string {
			return []string{
				"XGROUP CREATE stream group 0",
				fmt.Sprintf("XREADGROUP GROUP group one COUNT %d STREAMS stream >", elements/2),
			}
		},
		changes: []change{
			to("XADD stream * field other%d"), to("XDEL stream %d-0"), to("XACK stream group %d-0 %d-0"),
			func(_ *rand.Rand, n int) string { return fmt.Sprintf("XADD stream MAXLEN %d * field cut", n) },
			func(_ *rand.Rand, n int) string { return fmt.Sprintf("XTRIM stream MAXLEN ~ %d", n-n/10) },
			to("XCLAIM stream group two 0 %d-0 %d-0"), to("XREADGROUP GROUP group one COUNT 3 STREAMS stream >"),
			to("XAUTOCLAIM stream group three 0 %d-0 COUNT 3"), to("XADD smallstream MAXLEN 2 * field value%d"),
		},
	},
}

// elementsOf is how many elements the values have.
func elementsOf(t *testing.T) int {
	text := os.Getenv(frozenElementsVariable)
	if text == "" {
		return frozenElements
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number of elements", frozenElementsVariable, text)
	}
	return n
}

// filled is a machine with all large values.
func filled(t *testing.T, elements int) *Machine {
	t.Helper()
	const perEntry = 1000
	m := newMachine(t)
	for _, g := range growings {
		for i := 0; i < elements; i += perEntry {
			var calls [][][]byte
			for j := i; j < min(i+perEntry, elements); j++ {
				calls = append(calls, words(g.fill(j)))
			}
			expectNoError(t, do(m, calls...))
		}
		if g.settle != nil {
			for _, line := range g.settle(elements) {
				expectNoError(t, do(m, words(line)))
			}
		}
	}
	return m
}

// threadTime is how long the processor has worked for this thread.
func threadTime(t testing.TB) time.Duration {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
		t.Fatal(err)
	}
	return time.Duration(now.Nano())
}

// TestAFreezeCostsAWriteLittle is the promise about large values: while a state of all of them is frozen again and
// again, no write takes 20 ms longer than the slowest without. With as many elements as are promised:
//
//	RAFTREDIS_FROZEN_ELEMENTS=1000000 go test ./fsm -run '^TestAFreezeCostsAWriteLittle$' -v
func TestAFreezeCostsAWriteLittle(t *testing.T) {
	r, elements := random(t, 62), elementsOf(t)
	m := filled(t, elements)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	slowest := func(g *growing, freezes bool) (longest time.Duration, what string) {
		var kept []*Image
		for i := range frozenWrites {
			if freezes && i%freezeEvery == 0 {
				kept = append(kept, m.Freeze())
			}
			if len(kept) > 3 {
				kept[0].Release()
				kept = kept[1:]
			}
			line := g.changes[r.IntN(len(g.changes))](r, elements)
			run := newRun(2, words(line))
			body := run.Body(nil, argv.Append)
			began := threadTime(t)
			m.Apply(m.Index()+1, 1, body, run)
			if took := threadTime(t) - began; took > longest {
				longest, what = took, line
			}
			expectNoError(t, string(run.Reply))
		}
		for _, image := range kept {
			image.Release()
		}
		return longest, what
	}
	for i := range growings {
		g := &growings[i]
		alone, first := slowest(g, false)
		frozen, second := slowest(g, true)
		t.Logf("%-18s slowest of %d writes: %9v without freezes (%s), %9v with one at each %dth (%s)", g.name, frozenWrites,
			alone, first, frozen, freezeEvery, second)
		if frozen > alone+maxFreezeCost {
			t.Errorf("%s: with freezes the slowest write, %s, takes %v, without %v: more than %v longer",
				g.name, second, frozen, alone, maxFreezeCost)
		}
	}
	checkHash(t, m)
}
