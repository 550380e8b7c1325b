package large_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/client"
)

// freezing is how large the test is, and what is demanded.
type freezing struct {
	elements int
	// length is for how long values are written without freezes, and then with them.
	length time.Duration
	// later is how much later than the slowest command without freezes the slowest with them may be answered.
	later time.Duration
}

var (
	// fullFreezing is what is promised, on a machine with nothing else to do.
	fullFreezing = freezing{elements: 1_000_000, length: 20 * time.Second, later: 20 * time.Millisecond}
	// smallFreezing is for machines that have something else to do: there, a command is late for any reason.
	smallFreezing = freezing{elements: 20_000, length: time.Second, later: 2 * time.Second}
)

func freezingOf() freezing {
	if os.Getenv("RAFTREDIS_LARGE_VALUES") != "" {
		return fullFreezing
	}
	return smallFreezing
}

// growing is a large container: how it is filled, some elements at a time, and how it is written then, one command
// after the other. %d is the number of an element.
type growing struct {
	key, command, element string
	writes                []string
}

var growings = []growing{
	{"hash", "HSET hash", "f%d v", []string{
		"HSET hash f%d w", "HDEL hash f%d", "HSET hash f%d again", "HINCRBY hash n 1",
	}},
	{"set", "SADD set", "m%d", []string{"SREM set m%d", "SADD set m%d", "SPOP set", "SADD set other%d"}},
	{"zset", "ZADD zset", "%d m%d", []string{
		"ZADD zset %d m7", "ZINCRBY zset 1 m%d", "ZREM zset m%d", "ZPOPMIN zset", "ZADD zset %d new",
	}},
	{"list", "RPUSH list", "e%d", []string{
		"LPUSH list e%d", "RPOP list", "LSET list %d x", "LPOP list", "RPUSH list e%d", "LINSERT list BEFORE e%d y",
	}},
	{"stream", "XADD stream *", "", []string{
		"XADD stream * field v%d", "XADD stream MAXLEN ~ 1000000 * field v%d",
		"XREADGROUP GROUP g c COUNT 2 STREAMS stream >", "XADD stream MAXLEN = 1000000 * field v%d",
	}},
}

// numbered is a line as words, with a number in place of each %d.
func numbered(line string, number int) []string {
	return strings.Fields(strings.ReplaceAll(line, "%d", fmt.Sprint(number)))
}

// fill writes the elements of a container.
func (g *growing) fill(t *testing.T, n *blackbox.Node, elements int) {
	t.Helper()
	const perCommand = 500
	if g.element == "" {
		pipeline(t, n, elements, func(i int) []string { return numbered(g.command+" field value%d", i) })
		expect(t, ask(t, n, "XGROUP", "CREATE", g.key, "g", "0"), "+OK")
		return
	}
	pipeline(t, n, (elements+perCommand-1)/perCommand, func(i int) []string {
		line := strings.Fields(g.command)
		for k := i * perCommand; k < min((i+1)*perCommand, elements); k++ {
			line = append(line, numbered(g.element, k)...)
		}
		return line
	})
}

// writer is a client that writes one container.
type writer struct {
	of      *growing
	longest time.Duration
	what    []string
	count   int
	failure error
}

// run writes until it is stopped, and often enough for a comparison.
func (w *writer) run(n *blackbox.Node, elements int, stopped *atomic.Bool) error {
	connection, err := client.Connect(blackbox.Address(n.Port), replyLimit)
	if err != nil {
		return err
	}
	defer connection.Close()
	ticker := time.NewTicker(pulsePeriod)
	defer ticker.Stop()
	for ; !stopped.Load() || w.count < minAnswered; w.count++ {
		<-ticker.C
		command := numbered(w.of.writes[w.count%len(w.of.writes)], w.count*7919%(elements/2))
		began := time.Now()
		reply, err := connection.Do(command...)
		if err != nil || reply.Kind == '-' {
			return fmt.Errorf("%v was answered %v, %w", command, reply, err)
		}
		if took := time.Since(began); took > w.longest {
			w.longest, w.what = took, command
		}
	}
	return nil
}

// writeAll has a client for each container write, for some time.
func writeAll(t *testing.T, n *blackbox.Node, size freezing) (all []*writer) {
	t.Helper()
	var stopped atomic.Bool
	var running sync.WaitGroup
	for i := range growings {
		w := &writer{of: &growings[i]}
		all = append(all, w)
		running.Go(func() { w.failure = w.run(n, size.elements, &stopped) })
	}
	timer := time.NewTimer(size.length)
	<-timer.C
	stopped.Store(true)
	running.Wait()
	for _, w := range all {
		if w.failure != nil {
			t.Fatal(w.failure)
		}
	}
	return all
}

// freezeAgainAndAgain has a node freeze its state all the time until stop is called: for snapshots, and for reads that
// go through a whole list in vain. It says how many of these there were.
func freezeAgainAndAgain(t *testing.T, n *blackbox.Node) (stop func() (reads int)) {
	t.Helper()
	var stopped atomic.Bool
	var running sync.WaitGroup
	var failure error
	reads := 0
	running.Go(func() {
		connection, err := client.Connect(blackbox.Address(n.Port), replyLimit)
		if err != nil {
			failure = err
			return
		}
		defer connection.Close()
		for ; !stopped.Load() && failure == nil; reads++ {
			if _, failure = connection.Do("BGSAVE"); failure != nil { // one may be under way
				return
			}
			_, failure = connection.Do("LPOS", "list", "nothing")
		}
	})
	return func() int {
		stopped.Store(true)
		running.Wait()
		if failure != nil {
			t.Fatal(failure)
		}
		return reads
	}
}

// S22: A freeze copies nothing, and a write behind it copies a few nodes, however large a container is: so while
// snapshots are taken and long reads are answered from frozen states, no write is answered much later than without.
// What is promised, on a machine with nothing else to do:
//
//	RAFTREDIS_LARGE_VALUES=1 go test ./tests/large -run '^TestFreezes' -v
func TestFreezes_DelayNoWriteOfALargeContainer(t *testing.T) {
	size := freezingOf()
	c := blackbox.StartCluster(t, 1, append([]string{"--snapshot-log-bytes", "0"}, blackbox.PatientElections...)...)
	n := blackbox.Leader(t, c.Nodes)
	for i := range growings {
		growings[i].fill(t, n, size.elements)
	}
	without := writeAll(t, n, size)
	stop := freezeAgainAndAgain(t, n)
	with := writeAll(t, n, size)
	reads, snapshots := stop(), n.RaftNumber(t, "raft_snapshots_created")
	t.Logf("%d elements each, %d long reads, %d snapshots", size.elements, reads, snapshots)
	if reads < 2 || snapshots < 1 {
		t.Errorf("%d long reads and %d snapshots freeze too little", reads, snapshots)
	}
	for i, w := range with {
		t.Logf("%-7s slowest of %5d %9v (%.50q), of %5d with freezes %9v (%.50q)", w.of.key, without[i].count,
			without[i].longest, without[i].what, w.count, w.longest, w.what)
		if w.longest > without[i].longest+size.later {
			t.Errorf("%s: with freezes the slowest command takes %v, %v without: more than %v longer",
				w.of.key, w.longest, without[i].longest, size.later)
		}
	}
}
