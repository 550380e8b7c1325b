package blackbox

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// Load is a number of clients that write pipelines until their nodes die. They remember what they were told:
//
//	INCR total           what was acknowledged, and what was sent and not answered
//	SET CLIENT:SEQ VALUE each key is written once, with a value of its own
type Load struct {
	seed    uint64
	clients []*loadClient
	// total is the fate of all INCRs; its key is the load's.
	acknowledged, unknown atomic.Int64
	// Answered counts acknowledged writes; Reached is closed when it reaches enough.
	Answered, enough atomic.Int64
	Reached          chan struct{}
	running          sync.WaitGroup
}

// loadClient is one client with a connection to one node.
type loadClient struct {
	name string
	port int
	rng  *rand.Rand
	next int
	// written are the keys whose SET was acknowledged, doubtful those whose fate is unknown. The value of a key is
	// valueOf.
	written, doubtful []string
	failure           error
}

const (
	totalKey        = "total"
	maxLoadPipeline = 16
)

func ValueOf(key string) string { return "value of " + key }

func NewLoad(seed uint64, ports []int, clients int) *Load {
	l := &Load{seed: seed}
	for i := range clients {
		l.clients = append(l.clients, &loadClient{
			name: "client" + strconv.Itoa(i), port: ports[i%len(ports)], rng: rand.New(rand.NewPCG(seed, uint64(i))),
		})
	}
	return l
}

// Begin starts all clients; l.Reached is closed after enough more acknowledged writes.
func (l *Load) Begin(enough int64) {
	l.enough.Store(l.Answered.Load() + enough)
	l.Reached = make(chan struct{})
	for _, c := range l.clients {
		l.running.Go(func() { c.failure = l.drive(c) })
	}
}

// End waits for all clients, whose nodes are dead. It returns an error if a client had a reply that no node may give.
func (l *Load) End() error {
	l.running.Wait()
	for _, c := range l.clients {
		if c.failure != nil {
			return fmt.Errorf("%s: %w", c.name, c.failure)
		}
	}
	return nil
}

// drive sends pipelines until the connection breaks. An error is a reply that should not exist.
func (l *Load) drive(c *loadClient) error {
	connection, err := Connect(c.port)
	if err != nil {
		return nil // the node was killed already
	}
	defer connection.Close()
	for {
		commands := c.pipeline()
		replies, err := connection.Pipeline(commands)
		for i, command := range commands {
			fate := Unknown
			if i < len(replies) {
				fate = replies[i].Fate()
				if fate == Done && replies[i].Kind == '-' {
					return fmt.Errorf("%q was answered %v", command, replies[i])
				}
			}
			l.record(c, command, fate)
		}
		if err != nil {
			return nil
		}
	}
}

func (c *loadClient) pipeline() [][]string {
	commands := make([][]string, 1+c.rng.IntN(maxLoadPipeline))
	for i := range commands {
		if c.rng.IntN(2) == 0 {
			commands[i] = []string{"INCR", totalKey}
			continue
		}
		key := c.name + ":" + strconv.Itoa(c.next)
		c.next++
		commands[i] = []string{"SET", key, ValueOf(key)}
	}
	return commands
}

func (l *Load) record(c *loadClient, command []string, fate Fate) {
	increment := command[0] == "INCR"
	switch {
	case fate == NotDone:
		return
	case fate == Unknown && increment:
		l.unknown.Add(1)
	case fate == Unknown:
		c.doubtful = append(c.doubtful, command[1])
	case increment:
		l.acknowledged.Add(1)
	default:
		c.written = append(c.written, command[1])
	}
	if fate == Done && l.Answered.Add(1) == l.enough.Load() {
		close(l.Reached)
	}
}

// Verify reads everything back through one node.
func (l *Load) Verify(t testing.TB, port int) {
	t.Helper()
	client := MustConnect(t, port)
	defer client.Close()
	total, err := client.Must(t, "GET", totalKey).Int()
	low, high := l.acknowledged.Load(), l.acknowledged.Load()+l.unknown.Load()
	if err != nil || int64(total) < low || int64(total) > high {
		t.Fatalf("port %d: %s is %d (%v), want %d to %d (seed %d)", port, totalKey, total, err, low, high, l.seed)
	}
	for _, c := range l.clients {
		for key, value := range ValuesOf(t, client, c.written) {
			if value.Null || value.Text != ValueOf(key) {
				t.Fatalf("port %d: %s was acknowledged and is %v (seed %d)", port, key, value, l.seed)
			}
		}
		for key, value := range ValuesOf(t, client, c.doubtful) {
			if !value.Null && value.Text != ValueOf(key) {
				t.Fatalf("port %d: %s may be absent or whole, and is %v (seed %d)", port, key, value, l.seed)
			}
		}
	}
}

// ValuesOf reads many keys.
func ValuesOf(t testing.TB, client *Client, keys []string) map[string]Reply {
	t.Helper()
	const atOnce = 500
	values := make(map[string]Reply, len(keys))
	for len(keys) > 0 {
		some := keys[:min(len(keys), atOnce)]
		keys = keys[len(some):]
		reply := client.Must(t, append([]string{"MGET"}, some...)...)
		if len(reply.Items) != len(some) {
			t.Fatalf("MGET of %d keys answered %v", len(some), reply)
		}
		for i, key := range some {
			values[key] = reply.Items[i]
		}
	}
	return values
}
