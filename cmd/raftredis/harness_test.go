package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

// buildAndRun builds the binary, with the race detector if the tests have it.
func buildAndRun(m *testing.M) int {
	directory, err := os.MkdirTemp("", "raftredis-blackbox-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(directory)
	binary = filepath.Join(directory, "raftredis")
	args := []string{"build", "-o", binary}
	if raceDetector {
		args = append(args, "-race")
	}
	if output, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, output)
		return 1
	}
	return m.Run()
}

// Bounds on time. They are generous: they say that something happens at all, on a machine that does much else. What is
// bounded tightly is measured as a median, and says so.
const (
	readyLimit  = 30 * time.Second
	stopLimit   = 30 * time.Second
	effectLimit = 20 * time.Second
)

// smallJournal makes nodes of tests start fast.
var smallJournal = []string{"--journal-file-bytes", strconv.Itoa(16 << 20)}

// hastyElections make a cluster of tests elect fast; slower than this and a busy machine deposes leaders.
var hastyElections = []string{"--heartbeat-millis", "30", "--election-millis", "150"}

// cluster is a cluster of processes under test. One goroutine starts and stops them.
type cluster struct {
	t         testing.TB
	directory string
	port      int
	flags     []string
	nodes     []*node
	// spares are nodes that are described and not started yet, for tests that change the members.
	spares []*node
}

// node is a member: its process changes with every start, its number and port do not.
type node struct {
	number  int
	port    int
	process *blackbox.Process
	// begins are the flags that say what becomes of a blank directory; none: the node waits to be added.
	begins []string
	// flags go to this node only.
	flags []string
}

// newCluster describes a cluster of n nodes; nothing runs before start. The flags go to each node.
func newCluster(t testing.TB, n int, flags ...string) *cluster {
	t.Helper()
	return newClusterAndSpares(t, n, 0, flags...)
}

// newClusterAndSpares describes a cluster and some nodes that belong to none.
func newClusterAndSpares(t testing.TB, n, spares int, flags ...string) *cluster {
	t.Helper()
	c := &cluster{t: t, directory: t.TempDir(), port: blackbox.Ports(t, n+spares)}
	c.flags = append(append(c.flags, smallJournal...), flags...)
	for i := range n + spares {
		each := &node{number: i + 1, port: c.port + i}
		switch {
		case i == 0:
			each.begins = []string{"--bootstrap", "--expect", strconv.Itoa(n)}
		case i < n:
			each.begins = []string{"--join", blackbox.Address(c.port)}
		default:
			c.spares = append(c.spares, each)
			continue
		}
		c.nodes = append(c.nodes, each)
	}
	return c
}

// startCluster starts a cluster and waits until all nodes serve.
func startCluster(t testing.TB, n int, flags ...string) *cluster {
	t.Helper()
	c := newCluster(t, n, flags...)
	c.startAll()
	return c
}

// arguments are the command line of a node, the same for each start.
func (c *cluster) arguments(n *node) []string {
	args := []string{"serve", "--port", strconv.Itoa(n.port), "--dir", c.nodeDirectory(n)}
	return slices.Concat(args, n.begins, c.flags, n.flags)
}

func (c *cluster) nodeDirectory(n *node) string {
	return filepath.Join(c.directory, "node"+strconv.Itoa(n.number))
}

func (c *cluster) start(n *node) {
	c.t.Helper()
	n.process = blackbox.Start(c.t, fmt.Sprintf("node %d", n.number), exec.Command(binary, c.arguments(n)...))
}

func (c *cluster) startAll() {
	c.t.Helper()
	for _, n := range c.nodes {
		c.start(n)
	}
	c.awaitReady()
}

func (c *cluster) awaitReady() {
	c.t.Helper()
	for _, n := range c.nodes {
		n.process.AwaitReady(readyLimit)
	}
}

// killAll kills all nodes before it waits for the end of any.
func (c *cluster) killAll() {
	c.t.Helper()
	for _, n := range c.nodes {
		n.process.Signal(syscall.SIGKILL)
	}
	for _, n := range c.nodes {
		n.process.Kill()
	}
}

// leader returns the node that says it leads, in the highest term if several do, of those given.
func leader(t testing.TB, nodes []*node) *node {
	t.Helper()
	var found *node
	blackbox.Eventually(t, effectLimit, "a node leads", func() bool {
		highest := -1
		for _, n := range nodes {
			facts, err := info(n.port, "raft")
			if err != nil || facts["raft_role"] != "leader" {
				continue
			}
			if term, err := strconv.Atoi(facts["raft_current_term"]); err == nil && term > highest {
				highest, found = term, n
			}
		}
		return found != nil
	})
	return found
}

// others are the nodes but one.
func (c *cluster) others(not *node) (rest []*node) {
	for _, n := range c.nodes {
		if n != not {
			rest = append(rest, n)
		}
	}
	return rest
}

// info reads a section of INFO.
func info(port int, section string) (map[string]string, error) {
	client, err := blackbox.Connect(port)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	reply, err := client.Do("INFO", section)
	if err != nil {
		return nil, err
	}
	facts := map[string]string{}
	for line := range strings.Lines(reply.Text) {
		if name, value, found := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); found {
			facts[name] = value
		}
	}
	return facts, nil
}

// connect connects to a node for the length of the test.
func (n *node) connect(t testing.TB) *blackbox.Client {
	t.Helper()
	return blackbox.MustConnect(t, n.port)
}

// runs runs the binary to its end and returns its exit code and everything it wrote.
func runs(t testing.TB, args ...string) (exit int, output string) {
	t.Helper()
	p := blackbox.Start(t, "raftredis "+strings.Join(args, " "), exec.Command(binary, args...))
	exit = p.ExitCode(stopLimit)
	return exit, p.Out() + p.Err()
}

// expect fails the test if a reply is not the one given, in the notation of Reply.String.
func expect(t testing.TB, got blackbox.Reply, want string) {
	t.Helper()
	if got.String() != want {
		t.Fatalf("the reply is %v, want %s", got, want)
	}
}
