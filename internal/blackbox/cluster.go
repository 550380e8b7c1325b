package blackbox

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

	"github.com/raftredis/raftredis/internal/spoil"
)

// Limits on time. They are generous: they say that something happens at all, on a busy machine. Tight limits are limits
// on a median, and named so.
const (
	ReadyLimit  = 30 * time.Second
	StopLimit   = 30 * time.Second
	EffectLimit = 20 * time.Second
)

// SmallJournal makes nodes of tests start fast.
var SmallJournal = []string{"--journal-file-bytes", strconv.Itoa(16 << 20)}

// HastyElections make a cluster of tests elect fast; slower than this and a busy machine deposes leaders.
var HastyElections = []string{"--heartbeat-millis", "30", "--election-millis", "150"}

// PatientElections leave a leader without followers in office for a second: time enough to give it work that no
// follower acknowledges.
var PatientElections = []string{"--heartbeat-millis", "50", "--election-millis", "1000"}

// Cluster is a cluster of processes under test. One goroutine starts and stops them.
type Cluster struct {
	t         testing.TB
	directory string
	Port      int
	Flags     []string
	Nodes     []*Node
	// Wrap is put before the command line of each node, as in: sh -c 'ulimit -n 400; exec "$0" "$@"'.
	Wrap []string
	// Spares are nodes that are described and not started yet, for tests that change the members.
	Spares []*Node
}

// Node is a member: its process changes with every start, its number and port do not.
type Node struct {
	Number  int
	Port    int
	Process *Process
	// FirstFlags say what a node with a blank directory does. Without them it waits to be added.
	FirstFlags []string
	// Flags go to this node only.
	Flags []string
	// Newer nodes run the build of the next feature level.
	Newer bool
	// Spoilable nodes run a build in which a test can spoil their states: see Cluster.Spoil.
	Spoilable bool
}

// NewCluster describes a cluster of n nodes; nothing runs before start. The flags go to each node.
func NewCluster(t testing.TB, n int, flags ...string) *Cluster {
	t.Helper()
	return NewClusterAndSpares(t, n, 0, flags...)
}

// NewClusterAndSpares describes a cluster and some nodes that belong to none.
func NewClusterAndSpares(t testing.TB, n, spares int, flags ...string) *Cluster {
	t.Helper()
	c := &Cluster{t: t, directory: t.TempDir(), Port: Ports(t, n+spares)}
	c.Flags = append(append(c.Flags, SmallJournal...), flags...)
	for i := range n + spares {
		each := &Node{Number: i + 1, Port: c.Port + i}
		switch {
		case i == 0:
			each.FirstFlags = []string{"--bootstrap", "--expect", strconv.Itoa(n)}
		case i < n:
			each.FirstFlags = []string{"--join", Address(c.Port)}
		default:
			c.Spares = append(c.Spares, each)
			continue
		}
		c.Nodes = append(c.Nodes, each)
	}
	return c
}

// StartCluster starts a cluster and waits until all nodes serve.
func StartCluster(t testing.TB, n int, flags ...string) *Cluster {
	t.Helper()
	c := NewCluster(t, n, flags...)
	c.StartAll()
	return c
}

// Arguments are the command line of a node, the same for each start.
func (c *Cluster) Arguments(n *Node) []string {
	args := []string{"serve", "--port", strconv.Itoa(n.Port), "--dir", c.DirectoryOf(n)}
	return slices.Concat(args, n.FirstFlags, c.Flags, n.Flags)
}

func (c *Cluster) DirectoryOf(n *Node) string {
	return filepath.Join(c.directory, "node"+strconv.Itoa(n.Number))
}

func (c *Cluster) Start(n *Node) {
	c.t.Helper()
	program := Binary
	if n.Newer {
		program = Newer
	}
	if n.Spoilable {
		program = Spoilable
	}
	line := slices.Concat(c.Wrap, []string{program(c.t)}, c.Arguments(n))
	command := exec.Command(line[0], line[1:]...)
	command.Env = append(os.Environ(), spoil.Variable+"="+c.spoilFile(n)) // only a Spoilable node looks at it
	n.Process = Start(c.t, fmt.Sprintf("node %d", n.Number), command)
}

func (c *Cluster) spoilFile(n *Node) string { return c.DirectoryOf(n) + ".spoil" }

// Spoil has a Spoilable node execute a command beside the next write that another node takes. The log has no word of
// it, so the node's state is another one from then on.
func (c *Cluster) Spoil(n *Node, command string) {
	c.t.Helper()
	whole := c.spoilFile(n) + ".new"
	if err := os.WriteFile(whole, []byte(command+"\n"), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Rename(whole, c.spoilFile(n)); err != nil {
		c.t.Fatal(err)
	}
}

// SlowDisk has each sync of a Spoilable node take a time longer from now on, to the millisecond. A sync that waits
// already takes the new time into account.
func (c *Cluster) SlowDisk(n *Node, sync time.Duration) {
	c.t.Helper()
	whole := c.spoilFile(n) + spoil.DiskSuffix
	if err := os.WriteFile(whole+".new", []byte(strconv.FormatInt(sync.Milliseconds(), 10)), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Rename(whole+".new", whole); err != nil {
		c.t.Fatal(err)
	}
}

func (c *Cluster) StartAll() {
	c.t.Helper()
	for _, n := range c.Nodes {
		c.Start(n)
	}
	c.AwaitReady()
}

func (c *Cluster) AwaitReady() {
	c.t.Helper()
	for _, n := range c.Nodes {
		n.Process.AwaitReady(ReadyLimit)
	}
}

// KillAll kills all nodes before it waits for the end of any.
func (c *Cluster) KillAll() {
	c.t.Helper()
	for _, n := range c.Nodes {
		n.Process.Signal(syscall.SIGKILL)
	}
	for _, n := range c.Nodes {
		n.Process.Kill()
	}
}

// Leader returns the node that says it leads, in the highest term if several do, of those given.
func Leader(t testing.TB, nodes []*Node) *Node {
	t.Helper()
	var found *Node
	Eventually(t, EffectLimit, "a node leads", func() bool {
		highest := -1
		for _, n := range nodes {
			facts, err := Info(n.Port, "raft")
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

// Others are the nodes but one.
func (c *Cluster) Others(not *Node) (rest []*Node) {
	for _, n := range c.Nodes {
		if n != not {
			rest = append(rest, n)
		}
	}
	return rest
}

// Info reads a section of INFO.
func Info(port int, section string) (map[string]string, error) {
	client, err := Connect(port)
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

// Connect connects to a node for the length of the test.
func (n *Node) Connect(t testing.TB) *Client {
	t.Helper()
	return MustConnect(t, n.Port)
}

// Run runs the binary to its end and returns its exit code and everything it wrote.
func Run(t testing.TB, args ...string) (exit int, output string) {
	t.Helper()
	p := Start(t, "raftredis "+strings.Join(args, " "), exec.Command(Binary(t), args...))
	exit = p.ExitCode(StopLimit)
	return exit, p.Out() + p.Err()
}

// Expect fails the test if a reply is not the one given, in the notation of Reply.String.
func Expect(t testing.TB, got Reply, want string) {
	t.Helper()
	if got.String() != want {
		t.Fatalf("the reply is %v, want %s", got, want)
	}
}
