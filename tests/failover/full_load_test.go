package failover_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

const (
	// fullLoadClients keep all nodes busy; half of them send one command at a time, the others pipelines.
	fullLoadClients  = 48
	fullLoadPipeline = 16
	fullLoadKeys     = 10_000
	// fullLoadSeconds is the ordinary length of the test; RAFTREDIS_FULL_LOAD_SECONDS sets another.
	fullLoadSeconds = 15
)

// A busy leader is not a dead one: while all clients send as fast as they can and nothing fails, no node campaigns.
// Nothing is cleaned up in the meantime, so an hour writes some tens of gigabytes:
//
//	RAFTREDIS_FULL_LOAD_SECONDS=3600 go test ./tests/failover -run '^TestFullLoad' -timeout 0 -v
func TestFullLoad_NoElectionWhileNothingFails(t *testing.T) {
	seconds := fullLoadSeconds
	if text := os.Getenv("RAFTREDIS_FULL_LOAD_SECONDS"); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil || seconds < 1 {
			t.Fatalf("RAFTREDIS_FULL_LOAD_SECONDS is %q, want a number of seconds", text)
		}
	}
	c := blackbox.StartCluster(t, 3) // with the default times of elections
	first := blackbox.Leader(t, c.Nodes)
	before := blackbox.Terms(t, c)
	l := &fullLoad{}
	for id := range fullLoadClients {
		port := c.Nodes[id%len(c.Nodes)].Port
		l.running.Go(func() { l.fail(l.drive(id, port)) })
	}
	t.Cleanup(func() { l.stopped.Store(true); l.running.Wait() })
	deadline := time.Now().Add(time.Duration(seconds) * time.Second)
	blackbox.Eventually(t, time.Duration(seconds)*time.Second+blackbox.EffectLimit, "the end of the load", func() bool {
		return l.stopped.Load() || time.Now().After(deadline)
	})
	l.stopped.Store(true)
	l.running.Wait()
	if err := l.failure.Load(); err != nil {
		t.Fatal(*err)
	}
	after := blackbox.Terms(t, c)
	t.Logf("%d s, %d writes and %d reads answered, %d clients; terms %v", seconds, l.writes.Load(), l.reads.Load(),
		fullLoadClients, after)
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("terms are %v, were %v before the load: somebody campaigned", after, before)
	}
	if last := blackbox.Leader(t, c.Nodes); last != first {
		t.Errorf("node %d leads, node %d did before the load", last.Number, first.Number)
	}
	if l.writes.Load() == 0 || l.reads.Load() == 0 {
		t.Error("there was no load")
	}
}

// fullLoad is clients that send as fast as they can. The first reply that should not be stops all of them.
type fullLoad struct {
	stopped       atomic.Bool
	writes, reads atomic.Int64
	failure       atomic.Pointer[error]
	running       sync.WaitGroup
}

func (l *fullLoad) fail(err error) {
	if err != nil {
		l.failure.CompareAndSwap(nil, &err)
		l.stopped.Store(true)
	}
}

func (l *fullLoad) drive(id, port int) error {
	rng := rand.New(rand.NewPCG(uint64(id), 0))
	connection, err := blackbox.Connect(port)
	if err != nil {
		return err
	}
	defer connection.Close()
	commands := make([][]string, 1)
	if id%2 == 1 {
		commands = make([][]string, fullLoadPipeline)
	}
	for !l.stopped.Load() {
		writes := 0
		for i := range commands {
			key := "key" + strconv.Itoa(rng.IntN(fullLoadKeys))
			commands[i] = []string{"GET", key}
			if rng.IntN(2) == 0 {
				commands[i] = []string{"SET", key, blackbox.ValueOf(key)}
				writes++
			}
		}
		replies, err := connection.Pipeline(commands)
		if err != nil {
			return fmt.Errorf("client %d: %w", id, err)
		}
		for i, r := range replies {
			if r.Kind == '-' || commands[i][0] == "GET" && !r.Null && r.Text != blackbox.ValueOf(commands[i][1]) {
				return fmt.Errorf("client %d: %q was answered %v", id, commands[i], r)
			}
		}
		l.writes.Add(int64(writes))
		l.reads.Add(int64(len(commands) - writes))
	}
	return nil
}
