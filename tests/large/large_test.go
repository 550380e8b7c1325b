package large_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/client"
)

const (
	mib = 1 << 20
	// largestBytes is Redis's largest argument.
	largestBytes = 512 * mib
	// pulsePeriod is the pause between two small writes of a client that does nothing else.
	pulsePeriod = time.Millisecond
)

// effort is how much is written, and what is demanded of small writes meanwhile.
type effort struct {
	sizes []int
	// pair is the size of each of two values of one MSET.
	pair int
	// percentile99 bounds small writes of other clients; 0: only their number counts.
	percentile99 time.Duration
	flags        []string
}

var (
	// fullEffort is what is promised, on a machine with nothing else to do and 16 GB of memory.
	fullEffort = effort{
		sizes:        []int{mib - 1, mib, mib + 1, 64 * mib, largestBytes - 1, largestBytes},
		pair:         300 * mib,
		percentile99: 100 * time.Millisecond,
	}
	// smallEffort has no limit on time, for machines that have something else to do. Elections wait longer for the same
	// reason.
	smallEffort = effort{
		sizes: []int{mib - 1, mib, mib + 1, 64 * mib}, pair: 20 * mib, flags: blackbox.PatientElections,
	}
)

func effortOf() effort {
	if os.Getenv("RAFTREDIS_LARGE_VALUES") != "" {
		return fullEffort
	}
	return smallEffort
}

// text is a value whose bytes differ from place to place, so that pieces in a wrong order are noticed.
func text(bytes int) string {
	var s strings.Builder
	s.Grow(bytes + 32)
	for s.Len() < bytes {
		fmt.Fprintf(&s, "%d of %d,", s.Len(), bytes)
	}
	return s.String()[:bytes]
}

// replyLimit is how long a client waits for the reply to a large command, on a busy machine.
const replyLimit = 3 * time.Minute

// do sends one command over a connection of its own.
func do(n *blackbox.Node, args ...string) (blackbox.Reply, error) {
	connection, err := client.Connect(blackbox.Address(n.Port), replyLimit)
	if err != nil {
		return blackbox.Reply{}, err
	}
	defer connection.Close()
	return connection.Do(args...)
}

// ask is do for a node that runs. No message of it holds a large value.
func ask(t *testing.T, n *blackbox.Node, args ...string) blackbox.Reply {
	t.Helper()
	reply, err := do(n, args...)
	if err != nil {
		t.Fatalf("node %d: %s of %d arguments: %v", n.Number, args[0], len(args)-1, err)
	}
	return reply
}

// expect fails the test if a reply is not the one given.
func expect(t *testing.T, got blackbox.Reply, want string) {
	t.Helper()
	if got.String() != want {
		t.Fatalf("the reply is %.100v, want %s", got, want)
	}
}

// pulse is a client that does small writes.
type pulse struct {
	node *blackbox.Node
	took []time.Duration
	// beats is how many there are in took.
	beats   atomic.Int64
	failure error
	// mu guards took while the client runs.
	mu sync.Mutex
}

// pulses are one such client on each node.
type pulses struct {
	all     []*pulse
	stopped atomic.Bool
	running sync.WaitGroup
}

func startPulses(t *testing.T, c *blackbox.Cluster) *pulses {
	t.Helper()
	p := &pulses{}
	for _, n := range c.Nodes {
		one := &pulse{node: n}
		p.all = append(p.all, one)
		p.running.Go(func() { one.failure = one.beat(&p.stopped) })
	}
	t.Cleanup(func() { p.stopped.Store(true); p.running.Wait() })
	return p
}

func (p *pulse) beat(stopped *atomic.Bool) error {
	connection, err := blackbox.Connect(p.node.Port)
	if err != nil {
		return err
	}
	defer connection.Close()
	ticker := time.NewTicker(pulsePeriod)
	defer ticker.Stop()
	for !stopped.Load() {
		<-ticker.C
		began := time.Now()
		reply, err := connection.Do("SET", "pulse", "beat")
		if err != nil || reply.String() != "+OK" {
			return fmt.Errorf("a small write was answered %v, %w", reply, err)
		}
		p.mu.Lock()
		p.took = append(p.took, time.Since(began))
		p.beats.Store(int64(len(p.took)))
		p.mu.Unlock()
	}
	return nil
}

// A large write has at least largeBytes, and minBeats small ones are done beside it on each node: a small one waits for
// one piece, and not for 64.
const (
	largeBytes = 64 * mib
	minBeats   = 10
)

// beside does something with a large value, and adds a line to the table. It fails the test if the value is written and
// large, and small writes do not go on beside it.
func (p *pulses) beside(t *testing.T, c *blackbox.Cluster, table *table, bytes int, way string, do func()) {
	t.Helper()
	var before []int64
	for _, one := range p.all {
		before = append(before, one.beats.Load())
	}
	terms, began := blackbox.Terms(t, c), time.Now()
	do()
	line := line{bytes: bytes, way: way, took: time.Since(began), before: terms, after: blackbox.Terms(t, c)}
	for i, one := range p.all {
		beats := one.beats.Load() - before[i]
		if bytes >= largeBytes && beats < minBeats && !strings.HasPrefix(way, "GET") {
			t.Errorf("node %d did %d small writes beside %s of %d bytes, want %d", one.node.Number, beats, way, bytes, minBeats)
		}
		one.mu.Lock()
		line.small = append(line.small, one.took[before[i]:]...)
		one.mu.Unlock()
	}
	table.add(line)
}

// line is what was done with a large value, and the small writes of all clients meanwhile.
type line struct {
	bytes         int
	way           string
	took          time.Duration
	small         []time.Duration
	before, after []string
}

// table is the lines of a test.
type table struct{ text strings.Builder }

func newTable() *table {
	t := &table{}
	fmt.Fprintf(&t.text, "%-11s %-16s %8s %7s %9s %9s %s\n",
		"bytes", "way", "seconds", "small", "p99 ms", "longest", "terms before, after")
	return t
}

func (t *table) add(l line) {
	slices.Sort(l.small)
	at := func(percent int) float64 {
		if len(l.small) == 0 {
			return 0
		}
		return float64(l.small[min(len(l.small)*percent/100, len(l.small)-1)].Microseconds()) / 1000
	}
	fmt.Fprintf(&t.text, "%-11d %-16s %8.2f %7d %9.1f %9.1f %v, %v\n",
		l.bytes, l.way, l.took.Seconds(), len(l.small), at(99), at(100), l.before, l.after)
}

// end stops the clients. It fails the test if one saw an error or waited too long.
func (p *pulses) end(t *testing.T, percentile99 time.Duration) {
	t.Helper()
	p.stopped.Store(true)
	p.running.Wait()
	for _, one := range p.all {
		if one.failure != nil {
			t.Fatalf("node %d: %v", one.node.Number, one.failure)
		}
		slices.Sort(one.took)
		at := func(percent int) time.Duration { return one.took[len(one.took)*percent/100] }
		t.Logf("node %d: %d small writes, median %v, 99th percentile %v, longest %v", one.node.Number, len(one.took),
			at(50), at(99), one.took[len(one.took)-1])
		if percentile99 > 0 && at(99) > percentile99 {
			t.Errorf("node %d: the 99th percentile of small writes is %v, above %v", one.node.Number, at(99), percentile99)
		}
	}
}

// Values of all sizes are written and read through leader and follower, and so are two in one command. Small writes go
// on meanwhile, and the leader stays. All that is promised, with values up to 512 MB:
//
//	RAFTREDIS_LARGE_VALUES=1 go test ./tests/large -run '^TestLarge_Values' -timeout 20m -v
func TestLarge_ValuesGoThroughEveryNode(t *testing.T) {
	size := effortOf()
	c := blackbox.StartCluster(t, 3, size.flags...)
	leader := blackbox.Leader(t, c.Nodes)
	follower := c.Others(leader)[0]
	before := blackbox.Terms(t, c)
	p, table := startPulses(t, c), newTable()
	defer func() { t.Logf("\n%s", table.text.String()) }()
	ways := map[*blackbox.Node]string{leader: "leader", follower: "follower"}
	for _, bytes := range size.sizes {
		value := text(bytes)
		for _, n := range []*blackbox.Node{leader, follower} {
			p.beside(t, c, table, bytes, "SET "+ways[n], func() { expect(t, ask(t, n, "SET", "large", value), "+OK") })
			for _, reader := range []*blackbox.Node{leader, follower} {
				p.beside(t, c, table, bytes, "GET "+ways[reader], func() { expectValue(t, reader, "large", value) })
			}
			expect(t, ask(t, n, "DEL", "large"), ":1")
		}
	}
	value := text(size.pair)
	p.beside(t, c, table, 2*size.pair, "MSET follower", func() {
		expect(t, ask(t, follower, "MSET", "one", value, "two", value), "+OK")
	})
	for _, key := range []string{"one", "two"} {
		p.beside(t, c, table, size.pair, "GET leader", func() { expectValue(t, leader, key, value) })
	}
	expect(t, ask(t, follower, "DEL", "one", "two"), ":2")
	p.end(t, size.percentile99)
	expectTooLarge(t, c.Nodes)
	if after := blackbox.Terms(t, c); !slices.Equal(before, after) {
		t.Errorf("terms are %v, were %v: somebody campaigned", after, before)
	}
	blackbox.ExpectEqualStates(t, c.Nodes)
}

// expectTooLarge expects that a value one byte above Redis's limit is refused by Redis's text, and changes nothing.
// As Redis does, the node closes the connection; other clients go on. Only the header is sent, since nothing behind it
// is read.
func expectTooLarge(t *testing.T, nodes []*blackbox.Node) {
	t.Helper()
	for _, n := range nodes {
		connection, err := net.Dial("tcp", blackbox.Address(n.Port))
		if err != nil {
			t.Fatal(err)
		}
		_ = connection.SetDeadline(time.Now().Add(replyLimit))
		fmt.Fprintf(connection, "*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n$%d\r\n", largestBytes+1)
		reply, err := io.ReadAll(connection)
		if want := "-ERR Protocol error: invalid bulk length\r\n"; err != nil || string(reply) != want {
			t.Errorf("node %d: a value one byte too long is answered %q, %v; want %q", n.Number, reply, err, want)
		}
		_ = connection.Close()
		expect(t, ask(t, n, "EXISTS", "large"), ":0")
	}
}

func expectValue(t *testing.T, n *blackbox.Node, key, value string) {
	t.Helper()
	if got := ask(t, n, "GET", key); got.Text != value {
		t.Fatalf("node %d has %d bytes in %s, want %d", n.Number, len(got.Text), key, len(value))
	}
}

// What max-entry-bytes does not allow is refused by name, alone, and one byte less is done.
func TestLarge_TheLimitIsNamed(t *testing.T) {
	const limit = 4 * mib
	c := blackbox.StartCluster(t, 1, "--max-entry-bytes", "4mb")
	const overhead = len("\x03\x03SET\x05large") + 4 // the length of the value takes four bytes
	for _, bytes := range []int{limit - overhead - 1, limit - overhead} {
		expect(t, ask(t, c.Nodes[0], "SET", "large", text(bytes)), "+OK")
	}
	refused := ask(t, c.Nodes[0], "SET", "large", text(limit-overhead+1))
	if refused.Kind != '-' || !strings.Contains(refused.Text, "max-entry-bytes") {
		t.Errorf("one byte more is answered %.100v", refused)
	}
	expect(t, ask(t, c.Nodes[0], "STRLEN", "large"), fmt.Sprintf(":%d", limit-overhead))
}

// The leader is killed in the middle of a large value that comes through a follower. The value is done once, whole, or
// not at all.
func TestLarge_ALeaderDiesInTheMiddleOfAValue(t *testing.T) {
	c := blackbox.StartCluster(t, 3, blackbox.HastyElections...)
	for round := range 3 {
		leader := blackbox.Leader(t, c.Nodes)
		follower := c.Others(leader)[0]
		value, key := text(64*mib), fmt.Sprintf("large%d", round)
		before := follower.RaftNumber(t, "raft_commit_index")
		replies := make(chan blackbox.Reply, 1)
		go func() {
			reply, err := do(follower, "SET", key, value)
			if err != nil {
				reply = blackbox.Reply{Kind: '-', Text: "UNCERTAIN " + err.Error()}
			}
			replies <- reply
		}()
		blackbox.Eventually(t, blackbox.EffectLimit, "some pieces are committed", func() bool {
			facts, err := blackbox.Info(follower.Port, "raft")
			var commit int
			_, scanned := fmt.Sscan(facts["raft_commit_index"], &commit)
			return err == nil && scanned == nil && commit >= before+5+10*round
		})
		leader.Process.Kill()
		reply := <-replies
		fate := reply.Fate()
		t.Logf("round %d: the value was answered %.60v", round, reply)
		got := ask(t, follower, "GET", key)
		if whole := got.Text == value; !whole && !(got.Null && fate != blackbox.Done) || whole && fate == blackbox.NotDone {
			t.Fatalf("round %d: answered %.60v, and %d bytes of %d are there", round, reply, len(got.Text), len(value))
		}
		c.Start(leader)
		leader.Process.AwaitReady(blackbox.ReadyLimit)
		blackbox.ExpectEqualStates(t, c.Nodes)
	}
}
