package blackbox

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Writers is a number of clients that write as fast as they are answered. Their nodes must never fail them: any error
// reply and any broken connection fails the test. Only the connection to a node that is told to stop may end. They
// write
//
//	SET CLIENT:SEQ VALUE   each key once
//	INCR written           the total must be exactly what was acknowledged
type Writers struct {
	writers []*writer
	// answered counts acknowledged pipelines.
	answered atomic.Int64
	stopped  atomic.Bool
	running  sync.WaitGroup
}

// writer is one client. Its goroutine owns it from Begin to End.
type writer struct {
	name string
	next int
	// written are the keys whose SET was acknowledged; increments counts acknowledged INCRs.
	written    []string
	increments int
	// leaving says that its node is told to stop; unanswered counts pipelines that such a node may have never read.
	leaving    bool
	unanswered int
	// replies are the times of its replies since Begin; slowest is the longest wait for a reply.
	replies []time.Time
	slowest time.Duration
	failure error
}

const (
	writerCount = 8
	writtenKey  = "written"
)

func NewWriters() *Writers {
	w := &Writers{}
	for i := range writerCount {
		w.writers = append(w.writers, &writer{name: "writer" + strconv.Itoa(i)})
	}
	return w
}

// Begin spreads the writers over some nodes. One of them, leaving, may be about to stop.
func (w *Writers) Begin(nodes []*Node, leaving *Node) {
	w.stopped.Store(false)
	for i, each := range w.writers {
		n := nodes[i%len(nodes)]
		each.replies, each.slowest, each.leaving = nil, 0, n == leaving
		w.running.Go(func() { each.failure = w.drive(each, n.Port) })
	}
}

// End stops each writer after its present pipeline, and fails the test if one saw an error.
func (w *Writers) End(t testing.TB) {
	t.Helper()
	w.stopped.Store(true)
	w.running.Wait()
	for _, each := range w.writers {
		if each.failure != nil {
			t.Fatalf("%s: %v", each.name, each.failure)
		}
	}
}

// StopWith ends the writers with the test, before its nodes are killed.
func (w *Writers) StopWith(t testing.TB) {
	t.Cleanup(func() {
		w.stopped.Store(true)
		w.running.Wait()
	})
}

// drive writes until the writers are stopped. It returns what must not happen as an error.
func (w *Writers) drive(each *writer, port int) error {
	connection, err := Connect(port)
	if err != nil {
		return err
	}
	defer connection.Close()
	for !w.stopped.Load() {
		key := each.name + ":" + strconv.Itoa(each.next)
		each.next++
		sent := time.Now()
		replies, err := connection.Pipeline([][]string{{"SET", key, ValueOf(key)}, {"INCR", writtenKey}})
		for i, reply := range replies {
			if reply.Kind != "+:"[i] {
				return fmt.Errorf("the reply to a write after %v is %v", time.Since(sent), reply)
			}
		}
		if len(replies) > 0 {
			each.written = append(each.written, key)
		}
		switch {
		case err != nil && each.leaving && len(replies) == 0:
			each.unanswered++
			return nil
		case err != nil:
			return fmt.Errorf("after %v and %d of 2 replies: %w", time.Since(sent), len(replies), err)
		}
		each.increments++
		now := time.Now()
		each.replies, each.slowest = append(each.replies, now), max(each.slowest, now.Sub(sent))
		w.answered.Add(1)
	}
	return nil
}

// AwaitAnswered waits for more replies.
func (w *Writers) AwaitAnswered(t testing.TB, more int64) {
	t.Helper()
	enough := w.answered.Load() + more
	Eventually(t, ReadyLimit, fmt.Sprintf("%d more writes are acknowledged", more), func() bool {
		return w.answered.Load() >= enough
	})
}

// Silence is the longest time after from in which no writer was answered, and slowest the longest wait of one writer
// for a reply. Writers of the leaving node do not count. Call it after End.
func (w *Writers) Silence(from time.Time) (silence, slowest time.Duration) {
	var replies []time.Time
	for _, each := range w.writers {
		if !each.leaving {
			replies, slowest = append(replies, each.replies...), max(slowest, each.slowest)
		}
	}
	slices.SortFunc(replies, time.Time.Compare)
	for _, reply := range replies {
		if reply.After(from) {
			silence, from = max(silence, reply.Sub(from)), reply
		}
	}
	return silence, slowest
}

// Verify reads everything back through one node. The total is exact: a leaving node answers all that it has read, so
// what it did not answer it did not do.
func (w *Writers) Verify(t testing.TB, n *Node) {
	t.Helper()
	client := n.Connect(t)
	defer client.Close()
	acknowledged, unanswered := 0, 0
	for _, each := range w.writers {
		acknowledged += each.increments
		unanswered += each.unanswered
		for key, value := range ValuesOf(t, client, each.written) {
			if value.Null || value.Text != ValueOf(key) {
				t.Fatalf("node %d: %s was acknowledged and is %v", n.Number, key, value)
			}
		}
	}
	if total, err := client.Must(t, "GET", writtenKey).Int(); err != nil || total != acknowledged {
		t.Fatalf("node %d: %s is %d (%v), want the %d that were acknowledged (%d were not answered)",
			n.Number, writtenKey, total, err, acknowledged, unanswered)
	}
}

// Outages are the silences of several rounds.
type Outages []time.Duration

// Check compares the outages with their limits and logs all of them.
func (o Outages) Check(t testing.TB, what string, maxMedian, limit time.Duration) {
	t.Helper()
	sorted := slices.Sorted(slices.Values(o))
	median, longest := sorted[len(sorted)/2], sorted[len(sorted)-1]
	for i := range sorted {
		sorted[i] = sorted[i].Round(time.Millisecond)
	}
	t.Logf("%s: median %v, longest %v, all %v", what, median, longest, sorted)
	if median > maxMedian {
		t.Errorf("%s: the median is %v, more than %v", what, median, maxMedian)
	}
	if longest > limit {
		t.Errorf("%s: the longest is %v, more than %v", what, longest, limit)
	}
}
