package fsm

import (
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
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

// growing is a large value: how it is made, element by element, and how it is written then.
type growing struct {
	name string
	fill func(i int) []string
	// change is a write somewhere in the value of so many elements.
	change func(r *rand.Rand, elements int) []string
}

// growings are the values that are written while the state is frozen: a row for each type.
var growings = []growing{
	{
		"string of 512 MiB",
		func(i int) []string {
			return []string{"SETRANGE", "string", strconv.Itoa(i * 4096 % (512<<20 - 1)), "x"}
		},
		func(r *rand.Rand, _ int) []string {
			return []string{"SETRANGE", "string", strconv.Itoa(r.IntN(512<<20 - 1)), "y"}
		},
	},
	{
		"topic",
		func(i int) []string { return []string{"RAFT.LOG", "APPEND", "topic", "entry " + strconv.Itoa(i)} },
		func(r *rand.Rand, _ int) []string {
			return []string{"RAFT.LOG", "APPEND", "topic", strconv.Itoa(r.Int())}
		},
	},
	{
		"keys",
		func(i int) []string { return []string{"SET", "key " + strconv.Itoa(i), "value"} },
		func(r *rand.Rand, n int) []string { return []string{"SET", "key " + strconv.Itoa(r.IntN(n)), "other"} },
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
			var body []byte
			for j := i; j < min(i+perEntry, elements); j++ {
				body = argv.Append(body, toArgs(g.fill(j)))
			}
			m.Apply(m.Index()+1, 1, body, nil)
		}
	}
	return m
}

// threadTime is how long the processor has worked for this thread.
func threadTime(t *testing.T) time.Duration {
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
	slowest := func(g *growing, freezes bool) (longest time.Duration) {
		var kept []*Image
		for i := range frozenWrites {
			if freezes && i%freezeEvery == 0 {
				kept = append(kept, m.Freeze())
			}
			if len(kept) > 3 {
				kept[0].Release()
				kept = kept[1:]
			}
			body := argv.Append(nil, toArgs(g.change(r, elements)))
			began := threadTime(t)
			m.Apply(m.Index()+1, 1, body, nil)
			longest = max(longest, threadTime(t)-began)
		}
		for _, image := range kept {
			image.Release()
		}
		return longest
	}
	for i := range growings {
		g := &growings[i]
		alone := slowest(g, false)
		frozen := slowest(g, true)
		t.Logf("%-20s slowest of %d writes: %v without freezes, %v with one at each %dth", g.name, frozenWrites, alone,
			frozen, freezeEvery)
		if frozen > alone+maxFreezeCost {
			t.Errorf("%s: with freezes the slowest write takes %v, without %v: more than %v longer",
				g.name, frozen, alone, maxFreezeCost)
		}
	}
	checkHash(t, m)
}
