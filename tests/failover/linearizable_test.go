package failover_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// request and answer are an operation on one key as the checker sees it.
type request struct {
	command, key, value string
}

// answer is what the client was told. An operation of unknown fate has no answer.
type answer struct {
	unknown, null bool
	text          string
}

// content is the state of a key.
type content struct {
	exists bool
	value  string
}

// stringModel is a string under SET, GET and APPEND. An operation of unknown fate takes effect at some time after its
// call, or in effect never: then it is put behind everything else.
var stringModel = porcupine.Model{
	Partition: partitionByKey,
	Init:      func() any { return content{} },
	Step: func(state, input, output any) (bool, any) {
		now, in, out := state.(content), input.(request), output.(answer)
		switch in.command {
		case "GET":
			return out.unknown || out.null == !now.exists && out.text == now.value, now
		case "SET":
			return out.unknown || out.text == "OK", content{true, in.value}
		}
		next := content{true, now.value + in.value}
		return out.unknown || out.text == strconv.Itoa(len(next.value)), next
	},
	Equal:             func(a, b any) bool { return a.(content) == b.(content) },
	DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v → %+v", in, out) },
}

func partitionByKey(history []porcupine.Operation) (parts [][]porcupine.Operation) {
	places := map[string]int{}
	for _, o := range history {
		key := o.Input.(request).key
		place, known := places[key]
		if !known {
			place = len(parts)
			places[key] = place
			parts = append(parts, nil)
		}
		parts[place] = append(parts[place], o)
	}
	return parts
}

const (
	// checkClients and checkKeyOperations keep each key's history within what the checker decides at once: many
	// operations, clients or unknown fates on one key make it search for hours. Keys are therefore used up and left.
	checkClients       = 6
	checkKeyOperations = 200
	checkTimeout       = time.Minute
)

// recorder makes a history.
type recorder struct {
	ports   []int
	began   time.Time
	stopped atomic.Bool
	// calls counts operations begun, for the choice of keys; completed those with an answer.
	calls, completed atomic.Int64
	mu               sync.Mutex
	history          []porcupine.Operation
}

// client operates through its own node until r is stopped, or through another one for a while when its own is down. It
// returns to its own, so that no pause ever holds all clients.
func (r *recorder) client(id int, rng *rand.Rand) {
	const awayOperations = 20
	var connection *blackbox.Client
	away := 0
	for sequence := 0; !r.stopped.Load(); sequence++ {
		if connection == nil {
			connection, away = r.connect(id, rng), awayOperations
			continue // a node that is down refuses at once; another draw finds one that is not
		}
		in := request{command: []string{"GET", "SET", "APPEND"}[rng.IntN(3)]}
		in.key = "key" + strconv.FormatInt(r.calls.Add(1)/checkKeyOperations, 10)
		if in.command != "GET" {
			in.value = fmt.Sprintf("<%d.%d>", id, sequence)
		}
		if away--; !r.operate(id, connection, in) || away == 0 {
			connection.Close()
			connection = nil
		}
	}
	if connection != nil {
		connection.Close()
	}
}

// connect tries the client's own node and then any; nil if both are down.
func (r *recorder) connect(id int, rng *rand.Rand) *blackbox.Client {
	for _, port := range []int{r.ports[id%len(r.ports)], r.ports[rng.IntN(len(r.ports))]} {
		if connection, err := blackbox.Connect(port); err == nil {
			return connection
		}
	}
	return nil
}

// operate does one operation, records it unless it certainly had no effect, and reports whether the connection is
// whole.
func (r *recorder) operate(id int, connection *blackbox.Client, in request) bool {
	args := []string{in.command, in.key}
	if in.command != "GET" {
		args = append(args, in.value)
	}
	o := porcupine.Operation{ClientId: id, Input: in, Call: time.Since(r.began).Nanoseconds()}
	reply, err := connection.Do(args...)
	o.Return = time.Since(r.began).Nanoseconds()
	out := answer{null: reply.Null, text: reply.Text}
	if err != nil || reply.Fate() == blackbox.Unknown {
		out, o.Return = answer{unknown: true}, math.MaxInt64
	}
	o.Output = out
	if err == nil && reply.Fate() == blackbox.NotDone || out.unknown && in.command == "GET" {
		return err == nil // it had no effect, and told nothing
	}
	r.mu.Lock()
	r.history = append(r.history, o)
	r.mu.Unlock()
	r.completed.Add(1)
	return err == nil
}

// awaitCompleted waits for more answers.
func (r *recorder) awaitCompleted(t testing.TB, more int64) {
	t.Helper()
	enough := r.completed.Load() + more
	blackbox.Eventually(t, blackbox.ReadyLimit, fmt.Sprintf("%d more operations are answered", more), func() bool {
		return r.completed.Load() >= enough
	})
}

// disturb kills or pauses nodes, one at a time, leaders preferred, each for as long as some operations take.
func disturb(t *testing.T, c *blackbox.Cluster, r *recorder, rng *rand.Rand, rounds int) {
	const operations = 600
	for range rounds {
		r.awaitCompleted(t, operations)
		victim := c.Nodes[rng.IntN(len(c.Nodes))]
		if rng.IntN(2) == 0 {
			victim = blackbox.Leader(t, c.Nodes)
		}
		if rng.IntN(2) == 0 {
			victim.Process.Kill()
			r.awaitCompleted(t, operations)
			c.Start(victim)
			victim.Process.AwaitReady(blackbox.ReadyLimit)
			continue
		}
		victim.Process.Signal(syscall.SIGSTOP)
		// Clients of the paused node wait for it; the others go on.
		r.awaitCompleted(t, operations/10)
		victim.Process.Signal(syscall.SIGCONT)
	}
	r.awaitCompleted(t, operations)
}

// B18, H1, H4: Six clients record what they were told; the checker looks for an order that explains it.
func TestLinearizable_WhileNodesAreKilledAndPaused(t *testing.T) {
	seed := blackbox.SeedOf(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	c := blackbox.StartCluster(t, 3, append(blackbox.HastyElections, "--uncertain-after-millis", "3000")...)
	r := &recorder{began: time.Now()}
	for _, n := range c.Nodes {
		r.ports = append(r.ports, n.Port)
	}
	var running sync.WaitGroup
	for id := range checkClients {
		clientRng := rand.New(rand.NewPCG(seed, uint64(id)+1))
		running.Go(func() { r.client(id, clientRng) })
	}
	// Also when the test fails in between: clients end before the nodes are taken away.
	t.Cleanup(func() {
		r.stopped.Store(true)
		running.Wait()
	})
	disturb(t, c, r, rng, 12)
	r.stopped.Store(true)
	running.Wait()
	judgeHistory(t, r.history, seed)
}

// judgeHistory fails the test unless a history is shown to be linearizable.
func judgeHistory(t *testing.T, history []porcupine.Operation, seed uint64) {
	t.Helper()
	unknown := 0
	for _, o := range history {
		if o.Output.(answer).unknown {
			unknown++
		}
	}
	t.Logf("%d operations, %d of unknown fate", len(history), unknown)
	if result := porcupine.CheckOperationsTimeout(stringModel, history, checkTimeout); result != porcupine.Ok {
		t.Errorf("the history of %d operations (%d of unknown fate) is not shown to be linearizable: %v (seed %d)",
			len(history), unknown, result, seed)
	}
}

// The checker must find what it is there to find.
func TestLinearizable_TheCheckFindsAStaleRead(t *testing.T) {
	history := []porcupine.Operation{
		{ClientId: 0, Input: request{"SET", "k", "old"}, Output: answer{text: "OK"}, Call: 0, Return: 1},
		{ClientId: 0, Input: request{"SET", "k", "new"}, Output: answer{text: "OK"}, Call: 2, Return: 3},
		{ClientId: 1, Input: request{"GET", "k", ""}, Output: answer{text: "old"}, Call: 4, Return: 5},
	}
	if result := porcupine.CheckOperationsTimeout(stringModel, history, checkTimeout); result != porcupine.Illegal {
		t.Errorf("a stale read is %v, want illegal", result)
	}
	history[1].Output, history[1].Return = answer{unknown: true}, math.MaxInt64
	if result := porcupine.CheckOperationsTimeout(stringModel, history, checkTimeout); result != porcupine.Ok {
		t.Errorf("a read before a write of unknown fate is %v, want ok", result)
	}
}
