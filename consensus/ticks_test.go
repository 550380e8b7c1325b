package consensus_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/raftredis/raftredis/consensus"
)

// fuse is a machine that ends something at a time, as a key with a deadline ends: a query after that time must find it
// ended, on every node, and so must every later query.
type fuse struct {
	counter
	mu sync.Mutex
	// time is that of the log, deadline the stamp of the first question that comes later than it; ticks counts the
	// questions that needed a tick.
	time, deadline int64
	ticks          int
}

// ended is what a fuse answers.
type ended struct{ time, deadline int64 }

func (f *fuse) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	f.time = max(f.time, stamp)
	return f.counter.Apply(index, stamp, data, local)
}

func (f *fuse) Query(stamp int64, local any) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.deadline == 0 && stamp > f.time {
		f.deadline = stamp
	}
	if f.time < f.deadline && f.deadline <= stamp {
		f.ticks++
		return true
	}
	*local.(*ended) = ended{f.time, f.deadline}
	return false
}

// The log stands still. Time moves for who looks, on the leader and elsewhere, and no more often than somebody looks.
func TestAQueryThatLooksAtADeadlineMovesTimeFirst(t *testing.T) {
	directory := t.TempDir()
	var nodes []*consensus.Node
	var fuses []*fuse
	for i := range 3 {
		o := smallOptions(filepath.Join(directory, string(rune('a'+i))))
		f := &fuse{}
		o.Machine, o.Bootstrap, o.Expect = f, i == 0, 3
		if i > 0 {
			o.Join = addresses(nodes[0])
		}
		nodes, fuses = append(nodes, open(t, o)), append(fuses, f)
	}
	for _, n := range nodes {
		if err := n.WaitServing(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	for i, n := range nodes {
		var got ended
		// The time on which voters agree trails by a message: the first questions may come at the log's own time.
		until(t, "a question later than the log", func() bool {
			var one ended
			if err := n.Query(within(t), &one); err != nil {
				t.Fatal(err)
			}
			return one.deadline != 0
		})
		var asking sync.WaitGroup
		for range 10 {
			asking.Go(func() {
				var one ended
				if err := n.Query(within(t), &one); err != nil {
					t.Error(err)
				}
			})
		}
		asking.Wait()
		if err := n.Query(within(t), &got); err != nil {
			t.Fatal(err)
		}
		if got.time < got.deadline {
			t.Fatalf("node %d answers at %d about %d", i, got.time, got.deadline)
		}
		fuses[i].mu.Lock()
		asked := fuses[i].ticks
		fuses[i].mu.Unlock()
		if asked == 0 {
			t.Fatalf("node %d needed no tick: the test proves nothing", i)
		}
	}
	// Entry 1, a term's first one, and for each node a tick or two.
	if last := nodes[0].Status().LastIndex; last > 12 {
		t.Fatalf("the log has %d entries: readers who wait together shall share a tick", last)
	}
}

// candle is a machine on which something ends all the time: a query with a stamp later than the machine's time
// needs a tick. That time trails the log's by trailMillis, as it trails the clock where a commit takes so long.
type candle struct {
	counter
	time int64
}

const trailMillis = 5

func (c *candle) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	c.time = max(c.time, stamp-trailMillis)
	return c.counter.Apply(index, stamp, data, local)
}

func (c *candle) Query(stamp int64, _ any) bool { return c.time < stamp }

// A query that followed the clock would have no answer while things end all the time. One that stays at the time of its
// first confirmation has an answer when the log's time has come so far.
func TestAQueryIsAnsweredThoughSomethingEndsAllTheTime(t *testing.T) {
	o := smallOptions(t.TempDir())
	o.Machine, o.Bootstrap = &candle{}, true
	n := open(t, o)
	if err := n.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := n.Query(within(t), nil); err != nil {
			t.Fatal(err)
		}
	}
}
