package fsm

import (
	"fmt"
	"math"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// maxLayoutCost is how many times as much as by the default layout a write costs by any other one, in time of the
// processor. The estimate of a write knows no layout, and what one node has set all nodes pay.
const maxLayoutCost = 20

// layoutCost is calls whose cost depends on a layout: for how many elements, and what is there of each before.
type layoutCost struct {
	name     string
	elements int
	before   string
	call     func(i int) []string
	// together says that one call names all elements; else there is a call for each, all in one entry. again says that
	// the entry comes twice, and the second one counts.
	together, again bool
}

var layoutCosts = []layoutCost{
	{"XDEL of many", 5_000, "xadd s %d-1 f v", deletion, true, false},
	{"many XDEL", 5_000, "xadd s %d-1 f v", deletion, false, false},
	{"PFADD of what is counted", 30_000, "touch k%d", addition, true, true},
}

func deletion(i int) []string { return []string{"xdel", "s", strconv.Itoa(i) + "-1"} }

func addition(i int) []string { return []string{"pfadd", "h", "e" + strconv.Itoa(i)} }

// TestALayoutCostsAWriteLittle: whatever a node has set, an entry with its writes holds up the others about as long as
// by the defaults.
func TestALayoutCostsAWriteLittle(t *testing.T) {
	layouts := map[string]*command.Layout{
		"the default": nil, "no bounds": command.LayoutOf(0, 0, math.MaxInt64),
		"long nodes": command.LayoutOf(4096, math.MaxInt64, 15_000),
	}
	for _, c := range layoutCosts {
		took := make(map[string]time.Duration)
		for name, layout := range layouts {
			took[name] = time.Duration(math.MaxInt64)
			for range 2 { // the lesser counts: the collector takes its part of one
				took[name] = min(took[name], c.cost(t, layout))
			}
		}
		for name := range layouts {
			if took[name] > maxLayoutCost*took["the default"] {
				t.Errorf("%s: %v by %s, %v by the default", c.name, took[name], name, took["the default"])
			}
		}
		t.Logf("%s: %v", c.name, took)
	}
}

// cost is how long it takes to apply the calls for all elements but the first, from the last to the second.
func (c *layoutCost) cost(t *testing.T, l *command.Layout) time.Duration {
	m := newMachine(t)
	apply := func(calls ...[][]byte) time.Duration {
		run := newRun(2, calls...)
		run.Layout = l
		entry := run.Body(nil, argv.Append)
		began := threadTime(t)
		m.Apply(m.Index()+1, 0, entry, nil)
		return threadTime(t) - began
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	fill, calls := make([][][]byte, c.elements), make([][][]byte, 0, c.elements)
	for i := range fill {
		fill[i] = words(fmt.Sprintf(c.before, i+1))
	}
	for i := c.elements; i > 1; i-- {
		line := toArgs(c.call(i))
		if c.together && len(calls) > 0 {
			calls[0] = append(calls[0], line[2:]...)
			continue
		}
		calls = append(calls, line)
	}
	apply(fill...)
	if c.again {
		apply(calls...)
	}
	return apply(calls...)
}
