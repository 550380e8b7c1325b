package failover_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

const (
	// casClients count in casCounters counters, each of them to casTotal at the end.
	casClients  = 16
	casCounters = 2
	// casKills is how many leaders are killed meanwhile, casBetween how many counts lie between two of them.
	casKills   = 4
	casBetween = 60
)

// casCounts are clients that count by WATCH.
type casCounts struct {
	ports            []int
	stopped          atomic.Bool
	counted, retried atomic.Int64
	// known are the counts that each client knows of, by counter.
	mu    sync.Mutex
	known [casCounters]int64
}

// countByWatch counts until it is told to stop. Each count is a transaction that depends on the counter, and on a mark
// of this client's own which has the number of its last count. So a client that does not know what became of a count
// looks at its mark, and counts again only in a transaction that depends on it: if the first one takes effect after
// all, the second one does not.
func (w *casCounts) countByWatch(t *testing.T, id int, rng *rand.Rand) {
	counter, mark := fmt.Sprint("counter", id%casCounters), fmt.Sprint("mark", id)
	var connection *blackbox.Client
	leave := func() {
		if connection != nil {
			connection.Close()
		}
		connection = nil
	}
	defer leave()
	for next := int64(1); !w.stopped.Load(); {
		if connection == nil {
			connection, _ = blackbox.Connect(w.ports[rng.IntN(len(w.ports))]) // one that is down refuses at once
			continue
		}
		seen, err := connection.Pipeline([][]string{{"WATCH", counter, mark}, {"GET", counter}, {"GET", mark}})
		if err != nil || seen[0].Text != "OK" || seen[1].Kind == '-' || seen[2].Kind == '-' {
			leave()
			continue
		}
		value, done := numberIn(t, seen[1]), numberIn(t, seen[2])
		if done == next { // it took effect, and this client was not told
			w.note(id)
			next++
			continue
		}
		if done != next-1 {
			t.Errorf("client %d is at count %d and finds %d done", id, next, done)
			return
		}
		replies, err := connection.Pipeline([][]string{
			{"MULTI"}, {"SET", counter, strconv.FormatInt(value+1, 10)}, {"SET", mark, strconv.FormatInt(next, 10)}, {"EXEC"},
		})
		switch {
		case err != nil || replies[3].Kind == '-':
			w.retried.Add(1)
			leave() // refused, or unknown: the mark tells
		case !replies[3].Null:
			w.note(id)
			next++
		}
	}
}

func numberIn(t *testing.T, reply blackbox.Reply) int64 {
	if reply.Null {
		return 0
	}
	n, err := strconv.ParseInt(reply.Text, 10, 64)
	if err != nil {
		t.Errorf("a counter is %v", reply)
	}
	return n
}

// note notes that a client has counted so often.
func (w *casCounts) note(id int) {
	w.counted.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known[id%casCounters]++
}

// awaitCounted waits for more counts.
func (w *casCounts) awaitCounted(t *testing.T, more int64) {
	t.Helper()
	enough := w.counted.Load() + more
	blackbox.Eventually(t, blackbox.ReadyLimit, fmt.Sprintf("%d more counts", more), func() bool {
		return w.counted.Load() >= enough
	})
}

// H18: Sixteen clients on all nodes count by WATCH while leaders are killed. Each counter is at the end what its
// clients have counted, to the last one.
func TestCompareAndSet_CountersAreExact(t *testing.T) {
	seed := blackbox.SeedOf(t)
	c := blackbox.StartCluster(t, 3, append(blackbox.HastyElections, "--uncertain-after-millis", "2000")...)
	w := &casCounts{}
	for _, n := range c.Nodes {
		w.ports = append(w.ports, n.Port)
	}
	var running sync.WaitGroup
	for id := range casClients {
		rng := rand.New(rand.NewPCG(seed, uint64(id)))
		running.Go(func() { w.countByWatch(t, id, rng) })
	}
	end := func() { w.stopped.Store(true); running.Wait() }
	t.Cleanup(end)
	for range casKills {
		w.awaitCounted(t, casBetween)
		victim := blackbox.Leader(t, c.Nodes)
		victim.Process.Kill()
		w.awaitCounted(t, casBetween)
		c.Start(victim)
		victim.Process.AwaitReady(blackbox.ReadyLimit)
	}
	w.awaitCounted(t, casBetween)
	end()
	w.compare(t, c)
}

// compare compares the counters with the marks, which have what each client has counted, and with what clients know. A
// count of unknown fate may take effect while it looks: so it looks at all of them at once.
func (w *casCounts) compare(t *testing.T, c *blackbox.Cluster) {
	t.Helper()
	for _, n := range c.Nodes {
		connection := n.Connect(t)
		for counter := range casCounters {
			connection.Must(t, "MULTI")
			connection.Must(t, "GET", fmt.Sprint("counter", counter))
			for id := counter; id < casClients; id += casCounters {
				connection.Must(t, "GET", fmt.Sprint("mark", id))
			}
			all := connection.Must(t, "EXEC")
			if len(all.Items) != 1+casClients/casCounters {
				t.Fatalf("node %d: EXEC is answered %v", n.Number, all)
			}
			got, want := numberIn(t, all.Items[0]), int64(0)
			for _, mark := range all.Items[1:] {
				want += numberIn(t, mark)
			}
			if got != want || got < w.known[counter] || got > w.known[counter]+casClients {
				t.Errorf("node %d: counter %d is %d, its clients have counted %d, and were told of %d", n.Number, counter, got,
					want, w.known[counter])
			}
		}
	}
	t.Logf("%d counts, %d transactions without an answer", w.counted.Load(), w.retried.Load())
}
